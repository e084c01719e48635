import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createFetch, type FetchResponse } from '../../../src/google/transport.js';
import { thrownBy } from './fakes.js';

interface Listener {
  readonly server: Server;
  readonly port: number;
  readonly log: string[];
  readonly sockets: Set<Socket>;
}

const saved = { ...process.env };
let target: Listener;
let proxy: Listener;

async function listen(server: Server, log: string[]): Promise<Listener> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port, log, sockets };
}

function startTarget(): Promise<Listener> {
  const log: string[] = [];
  const server = createServer((request, response) => {
    log.push(
      `${request.method ?? ''} ${request.headers.host ?? ''}${request.url ?? ''} ${request.headers.authorization ?? ''}`,
    );
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      if (request.url === '/redirect')
        response.writeHead(302, { location: `http://127.0.0.1:${target.port}/elsewhere` }).end();
      else response.writeHead(200, { 'x-echo': request.headers['x-sent']?.toString() ?? '' }).end(`got ${body}`);
    });
  });
  return listen(server, log);
}

/** A proxy that tunnels every name to the target, as the proxy of a company would to the world. */
function startProxy(): Promise<Listener> {
  const log: string[] = [];
  const server = createServer((_request, response) => response.writeHead(500).end());
  server.on('connect', (request, socket) => {
    log.push(`CONNECT ${request.url ?? ''} ${request.headers['proxy-authorization'] ?? ''}`.trim());
    const upstream = connect(target.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
  });
  return listen(server, log);
}

async function stop(listener: Listener): Promise<void> {
  for (const socket of listener.sockets) socket.destroy();
  await new Promise((resolve) => listener.server.close(resolve));
}

const get = (url: string): Promise<FetchResponse> => createFetch()(url, { method: 'GET', headers: {} });

beforeEach(async () => {
  for (const name of Object.keys(process.env)) if (/proxy/i.test(name)) Reflect.deleteProperty(process.env, name);
  target = await startTarget();
  proxy = await startProxy();
});

afterEach(async () => {
  for (const name of Object.keys(process.env)) if (/proxy/i.test(name)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, saved);
  await stop(target);
  await stop(proxy);
});

describe('createFetch', () => {
  it('sends method, headers and body, and hands back status, headers and text', async () => {
    const response = await createFetch()(`http://127.0.0.1:${target.port}/x`, {
      method: 'PATCH',
      headers: { 'x-sent': 'yes', authorization: 'Bearer t' },
      body: '{"a":1}',
    });
    expect([response.status, response.headers.get('x-echo'), await response.text()]).toEqual([
      200,
      'yes',
      'got {"a":1}',
    ]);
    expect(target.log).toEqual([`PATCH 127.0.0.1:${target.port}/x Bearer t`]);
  });

  it('does not follow a redirect, so that a token stays with its host', async () => {
    const response = await get(`http://127.0.0.1:${target.port}/redirect`);
    expect(response.status).toBe(302);
    expect(target.log).toHaveLength(1);
  });

  it('keeps its connection open', async () => {
    const fetch = createFetch();
    for (let i = 0; i < 10; i += 1) {
      await (await fetch(`http://127.0.0.1:${target.port}/${i}`, { method: 'GET', headers: {} })).text();
    }
    expect(target.log).toHaveLength(10);
    // A second one may open while the first is not yet known to be free.
    expect(target.sockets.size).toBeLessThanOrEqual(2);
  });

  it('stops with the signal', async () => {
    const controller = new AbortController();
    controller.abort();
    const url = `http://127.0.0.1:${target.port}/`;
    const run = (): Promise<unknown> => createFetch()(url, { method: 'GET', headers: {}, signal: controller.signal });
    expect(await thrownBy(run)).toMatchObject({ name: 'AbortError' });
  });

  it('goes through the proxy of the environment, with its password', async () => {
    process.env.http_proxy = `http://user:p%40ss@127.0.0.1:${proxy.port}`;
    const response = await get('http://iap.googleapis.test/v1/x');
    expect(await response.text()).toBe('got ');
    expect(proxy.log).toEqual([`CONNECT iap.googleapis.test:80 Basic ${Buffer.from('user:p@ss').toString('base64')}`]);
    expect(target.log).toEqual(['GET iap.googleapis.test/v1/x ']);
  });

  it('keeps the connection through the proxy open too', async () => {
    process.env.http_proxy = `http://127.0.0.1:${proxy.port}`;
    const fetch = createFetch();
    for (let i = 0; i < 10; i += 1) {
      await (await fetch(`http://iap.googleapis.test/${i}`, { method: 'GET', headers: {} })).text();
    }
    expect(proxy.log.length).toBeLessThanOrEqual(2);
    expect(target.log).toHaveLength(10);
  });

  it('asks the proxy of the scheme', async () => {
    process.env.https_proxy = `http://127.0.0.1:${proxy.port}`;
    // The target speaks no TLS: that the tunnel was asked for is what counts.
    await thrownBy(() => get('https://iap.googleapis.test/v1/x'));
    expect(proxy.log).toEqual(['CONNECT iap.googleapis.test:443']);
  });

  it('goes past the proxy for loopback and for no_proxy', async () => {
    process.env.http_proxy = `http://127.0.0.1:${proxy.port}`;
    expect((await get(`http://127.0.0.1:${target.port}/`)).status).toBe(200);
    expect((await get(`http://localhost:${target.port}/`)).status).toBe(200);
    process.env.no_proxy = '.googleapis.test';
    await thrownBy(() => get('http://iap.googleapis.test/v1/x'));
    expect(proxy.log).toEqual([]);
  });
});
