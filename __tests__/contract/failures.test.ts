import { beforeAll, describe, expect, it } from '@jest/globals';
import type { StepResult } from './support/runner.js';
import {
  annotations,
  BILLING,
  EGRESS,
  enginesOf,
  SCOPE,
  SUPPORT,
  useStages,
  world,
  type Stage,
} from './support/stage.js';

const set = useStages();
const BIND = { ...SCOPE, engines: 'all', egress_gateway: 'egress' };

// Begun first and looked at last: the binding may show late, so this run waits a while before it gives up.
let leftNull: Promise<StepResult>;
beforeAll(async () => {
  const stage = await set({
    world: world(),
    settings: { engineUpdate: { engines: { 'Support agent': 'null-binding' } } },
  });
  leftNull = stage.run('apply', BIND);
});

describe('an update that ends in an error', () => {
  const message = 'Please refer to our troubleshooting pages (request 4711).';
  let stage: Stage;
  let result: StepResult;
  beforeAll(async () => {
    stage = await set({
      world: world({
        engines: [
          { id: SUPPORT, displayName: 'Support agent' },
          { id: BILLING, displayName: 'Billing agent' },
          { id: '99', displayName: 'Sales agent' },
        ],
      }),
      settings: {
        engineUpdate: {
          engines: { 'Support agent': { code: 13, message }, 'Sales agent': { code: 9, message: 'Not entitled.' } },
        },
      },
    });
    result = await stage.run('apply', BIND);
  });

  it('fails the step with bind-failed', () => {
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'bind-failed' } });
  });

  it('says which engine, what Google answered, and what the cause may be', () => {
    const error = annotations(result.log, 'error').find((text) => text.includes(SUPPORT));
    expect(error).toContain('"Support agent"');
    expect(error).toContain(message);
    expect(error).toContain('INTERNAL (13)');
    expect(result.log).toContain('Likely causes');
    expect(result.log).toContain('bound to a different gateway');
    expect(result.summary).toContain('Likely causes');
  });

  it('says so of every engine that failed', () => {
    for (const text of ['Sales agent', 'Not entitled.']) {
      expect(annotations(result.log, 'error').join('\n')).toContain(text);
      expect(result.summary).toContain(text);
    }
    expect(result.summary).toContain('request 4711');
  });

  it('goes on with the other engines', () => {
    expect(enginesOf(result)).toMatchObject({
      'Support agent': { status: 'failed', egress: null, governance: 'not-bound' },
      'Billing agent': { status: 'changed', egress: EGRESS },
    });
    expect(stage.emulator.world.engine('Billing agent').binding).toEqual({ egress: EGRESS });
  });

  it('leaves nothing to clean up: the next run does the rest', async () => {
    stage.emulator.world.set({ engineUpdate: { engines: { 'Support agent': 'ok', 'Sales agent': 'ok' } } });
    const next = await stage.run('apply', BIND);
    expect(next).toMatchObject({ exitCode: 0, outputs: { to_bind: '2', failure_reason: '' } });
    expect(enginesOf(next)).toMatchObject({
      'Support agent': { status: 'changed' },
      'Billing agent': { status: 'bound' },
    });
  });
});

describe('an update that is slower than the timeout', () => {
  const LONG = 600_000;

  it('fails the step with timeout, and the next run picks the operation up instead of starting another', async () => {
    const stage = await set({ world: world(), settings: { operations: { engineUpdateMs: LONG } } });
    const inputs = { ...BIND, engines: 'Support agent' };
    const first = await stage.run('apply', { ...inputs, timeout: '0.04' });
    expect(first).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'timeout' } });
    expect(enginesOf(first)['Support agent']).toMatchObject({ status: 'pending', egress: null });
    expect(annotations(first.log, 'error')[0]).toContain('input timeout');
    expect(stage.requests('PATCH', SUPPORT)).toHaveLength(1);

    // Five minutes pass while the second run looks at the operation for the first time.
    const seen = stage.emulator.requests.length;
    stage.emulator.interceptors.push({
      after: (entry, response) => {
        if (entry.n > seen && /\/operations\/\d+$/.test(entry.path)) stage.emulator.world.advance(LONG);
        return response;
      },
    });
    const second = await stage.run('apply', inputs);
    expect(second).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
    expect(second.log).toContain('an update is already running');
    expect(enginesOf(second)['Support agent']).toMatchObject({ status: 'changed', egress: EGRESS });
    expect(stage.requests('PATCH', SUPPORT)).toHaveLength(1);
  });
});

describe('a world that answers too slowly', () => {
  it.each(['apply', 'verify'])('fails %s with timeout before anything is written', async (folder) => {
    const stage = await set({ world: world(), settings: { latencyMs: 2000 } });
    const result = await stage.run(folder, { ...BIND, timeout: '0.01' });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'timeout' } });
    expect(stage.writes()).toEqual([]);
  });
});

describe('trouble on the way', () => {
  const respond = (status: number, headers: Record<string, string> = {}): Response =>
    Response.json({ error: { code: status, message: 'Try again.', status: 'UNAVAILABLE' } }, { status, headers });

  it('waits out 429 and 503', async () => {
    const stage = await set({ world: world() });
    const answers = [respond(503), respond(429, { 'retry-after': '0' })];
    stage.emulator.interceptors.push({ before: ({ method }) => (method === 'GET' ? answers.pop() : undefined) });
    expect(await stage.run('plan', BIND)).toMatchObject({ exitCode: 0, outputs: { to_bind: '2' } });
    expect(answers).toEqual([]);
  });

  it('does not double an update whose answer was lost', async () => {
    const stage = await set({ world: world() });
    let lost = 0;
    stage.emulator.interceptors.push({
      after: ({ method }, response) => {
        if (method !== 'PATCH' || lost > 0) return response;
        lost += 1;
        return respond(500);
      },
    });
    const result = await stage.run('apply', { ...BIND, engines: 'Support agent' });
    expect(result).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
    expect(enginesOf(result)['Support agent']).toMatchObject({ status: 'changed', egress: EGRESS });
    expect(stage.requests('PATCH', SUPPORT)).toHaveLength(1);
  });

  it('does not start the binding of an engine whose grant failed', async () => {
    const stage = await set({ world: world() });
    const broken = new Response('<!DOCTYPE html><title>Error 400 (Bad Request)!!1</title>', { status: 400 });
    stage.emulator.interceptors.push({
      before: ({ path }) => (path.endsWith(':setIamPolicy') ? broken.clone() : undefined),
    });
    const result = await stage.run('apply', { ...BIND, allow: 'https://tickets.example.com' });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'grant-failed' } });
    expect(enginesOf(result)['Support agent']).toMatchObject({ status: 'pending', egress: null });
    expect(stage.requests('PATCH', SUPPORT)).toEqual([]);
    expect(JSON.parse(result.outputs.endpoints ?? '')).toMatchObject({
      'tickets-example-com': { endpointId: stage.emulator.world.service('tickets-example-com').resourceId },
    });
  });

  it('says which registration failed', async () => {
    const stage = await set({ world: world() });
    stage.emulator.interceptors.push({
      before: ({ method, api }) =>
        method === 'POST' && api === 'agentregistry'
          ? Response.json({ error: { code: 400, message: 'No more.', status: 'FAILED_PRECONDITION' } }, { status: 400 })
          : undefined,
    });
    const result = await stage.run('apply', { ...BIND, allow: 'https://tickets.example.com' });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'register-failed' } });
    expect(annotations(result.log, 'error')[0]).toContain('tickets-example-com');
    expect(annotations(result.log, 'error')[0]).toContain('No more.');
    expect(enginesOf(result)['Support agent']).toMatchObject({ status: 'pending' });
  });
});

describe('an update that ends well and leaves agentGatewayConfig null', () => {
  it('fails the step with not-bound: no green pipeline over an unbound agent', async () => {
    const result = await leftNull;
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'not-bound' } });
    const [error] = annotations(result.log, 'error');
    expect(error).toContain(SUPPORT);
    expect(error).toContain('is null');
    expect(result.log).toContain('the Runtime has failed to bind');
    expect(enginesOf(result)).toMatchObject({
      'Support agent': { status: 'failed', egress: null },
      'Billing agent': { status: 'changed', egress: EGRESS },
    });
  });
});
