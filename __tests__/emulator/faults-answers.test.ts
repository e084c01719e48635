import { describe, expect, it } from '@jest/globals';
import type { FaultInput } from '../../emulator/index.js';
import { baseWorld, binding, EGRESS, ENGINE_A, ENGINES, BINDING_MASK, raw, withEmulator } from './helpers.js';

const GET = `${ENGINES}/${ENGINE_A}`;
const PATCH = `${GET}?${BINDING_MASK}`;

describe('status', () => {
  it.each([
    [429, 'RESOURCE_EXHAUSTED'],
    [500, 'INTERNAL'],
    [503, 'UNAVAILABLE'],
    [504, 'DEADLINE_EXCEEDED'],
    [409, 'ABORTED'],
  ] as const)('%i is %s in the envelope of the API, and nothing has changed', async (status, rpc) => {
    const fault: FaultInput = { id: 'x', kind: 'status', status, match: { method: 'PATCH' } };
    await withEmulator(
      baseWorld(),
      async (emulator) => {
        const answer = await raw(emulator, 'PATCH', PATCH, binding(EGRESS));
        expect(answer).toMatchObject({ status, type: 'application/json; charset=UTF-8' });
        expect(JSON.parse(answer.text)).toMatchObject({ error: { code: status, status: rpc } });
        expect(answer.headers.get('retry-after')).toBeNull();
        expect(emulator.world.dump().operations).toEqual([]);
        expect(emulator.requests.at(-1)).toMatchObject({
          status,
          carriedOut: false,
          faults: [{ id: 'x', kind: 'status' }],
        });
        expect((await raw(emulator, 'GET', GET)).status).toBe(200);
        expect(emulator.requests.at(-1)).toMatchObject({ carriedOut: true });
        expect(emulator.requests.at(-1)?.faults).toBeUndefined();
      },
      [fault],
    );
  });

  it('can come after the change is made', async () => {
    await withEmulator(
      baseWorld(),
      async (emulator) => {
        expect(await raw(emulator, 'PATCH', PATCH, binding(EGRESS))).toMatchObject({ status: 503 });
        expect(emulator.world.dump().operations).toHaveLength(1);
        expect(emulator.requests.at(-1)).toMatchObject({ status: 503, carriedOut: true });
      },
      [{ kind: 'status', status: 503, at: 'after', match: { write: true } }],
    );
  });

  it('says how long to wait, in seconds, as a date or as RetryInfo', async () => {
    const limited = { kind: 'status', status: 429 } as const;
    await withEmulator(
      baseWorld(),
      async (emulator) => {
        expect((await raw(emulator, 'GET', GET)).headers.get('retry-after')).toBe('7');
        const date = (await raw(emulator, 'GET', GET)).headers.get('retry-after') ?? '';
        expect(date).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
        const wait = Date.parse(date) - Date.parse(emulator.requests[1]?.time ?? '');
        expect(wait).toBeGreaterThanOrEqual(20_000);
        expect(wait).toBeLessThan(21_000);
        const third = await raw(emulator, 'GET', GET);
        expect(JSON.parse(third.text)).toMatchObject({
          error: { details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1.5s' }] },
        });
      },
      [
        { ...limited, retryAfter: 7, when: { nth: 1 } },
        { ...limited, retryAfter: 20, retryAfterForm: 'date', when: { nth: 2 } },
        { ...limited, retryInfo: 1.5, when: { nth: 3 } },
      ],
    );
  });

  it('401 says that the token expired', async () => {
    await withEmulator(
      baseWorld(),
      async (emulator) => {
        const { status, text } = await raw(emulator, 'GET', GET);
        expect(status).toBe(401);
        expect(JSON.parse(text)).toMatchObject({
          error: { status: 'UNAUTHENTICATED', details: [{ reason: 'ACCESS_TOKEN_EXPIRED' }] },
        });
        expect((await raw(emulator, 'GET', GET)).status).toBe(200);
      },
      [{ kind: 'status', status: 401, when: { first: 1 } }],
    );
  });

  it('another code of the same status, another message', async () => {
    await withEmulator(
      baseWorld(),
      async (emulator) => {
        expect(JSON.parse((await raw(emulator, 'GET', GET)).text)).toEqual({
          error: { code: 409, status: 'ALREADY_EXISTS', message: 'Taken.' },
        });
      },
      [{ kind: 'status', status: 409, rpc: 'ALREADY_EXISTS', message: 'Taken.' }],
    );
  });
});

describe('html', () => {
  it.each([
    [502, 'Error 502 (Server Error)!!1'],
    [404, 'Error 404 (Not Found)!!1'],
    [200, 'Sign in to the network'],
  ])('%i is a page titled %s', async (status, title) => {
    await withEmulator(
      baseWorld(),
      async (emulator) => {
        const answer = await raw(emulator, 'GET', GET);
        expect(answer).toMatchObject({ status, type: 'text/html; charset=UTF-8' });
        expect(answer.text).toContain(`<title>${title}</title>`);
      },
      [{ kind: 'html', status }],
    );
  });
});

describe('answers that are not what they should be', () => {
  it('empty: the status of the API and nothing else', async () => {
    await withEmulator(
      baseWorld(),
      async (emulator) => {
        expect(await raw(emulator, 'PATCH', PATCH, binding(EGRESS))).toMatchObject({ status: 200, text: '' });
        expect(emulator.world.dump().operations).toHaveLength(1);
        expect(await raw(emulator, 'GET', `${ENGINES}/404`)).toMatchObject({ status: 404, text: '' });
      },
      [{ kind: 'empty' }],
    );
  });

  it('truncated: half of the JSON under a length that says it is whole', async () => {
    await withEmulator(
      baseWorld(),
      async (emulator) => {
        const { status, type, headers, text } = await raw(emulator, 'PATCH', PATCH, binding(EGRESS));
        expect([status, type]).toEqual([200, 'application/json; charset=UTF-8']);
        expect(headers.get('content-length')).toBe(String(text.length));
        expect(text).toMatch(/^\{\n {2}"name"/);
        expect(() => JSON.parse(text) as unknown).toThrow();
        expect(emulator.world.dump().operations).toHaveLength(1);
      },
      [{ kind: 'truncated' }],
    );
  });

  it('content-type: the right JSON under a wrong name', async () => {
    await withEmulator(
      baseWorld(),
      async (emulator) => {
        const { type, text } = await raw(emulator, 'GET', GET);
        expect(type).toBe('text/plain; charset=UTF-8');
        expect(JSON.parse(text)).toMatchObject({ displayName: 'Support agent' });
      },
      [{ kind: 'content-type' }],
    );
  });

  it('body: any text, before or after the change', async () => {
    await withEmulator(
      baseWorld(),
      async (emulator) => {
        const first = await raw(emulator, 'PATCH', PATCH, binding(EGRESS));
        expect(first).toMatchObject({ status: 200, type: 'application/json; charset=UTF-8', text: '[]' });
        expect(emulator.world.dump().operations).toEqual([]);
        expect(await raw(emulator, 'PATCH', PATCH, binding(EGRESS))).toMatchObject({ status: 201, text: 'null' });
        expect(emulator.world.dump().operations).toHaveLength(1);
      },
      [
        { kind: 'body', body: '[]', at: 'before', when: { nth: 1 } },
        { kind: 'body', body: 'null', status: 201, when: { nth: 2 } },
      ],
    );
  });
});

describe('token endpoints', () => {
  it('fail in their own form', async () => {
    await withEmulator(
      baseWorld(),
      async (emulator) => {
        const exchange = await raw(emulator, 'POST', 'sts/v1/token', {});
        expect([exchange.status, JSON.parse(exchange.text)]).toEqual([
          503,
          { error: 'server_error', error_description: 'The service is currently unavailable.' },
        ]);
        const response = await fetch(`${emulator.url}/oidc`, {
          headers: { authorization: 'bearer emulator-request-token' },
        });
        expect([response.status, await response.json()]).toEqual([
          503,
          { message: 'The service is currently unavailable.' },
        ]);
        expect(emulator.requests.map(({ api, status, faults }) => [api, status, faults?.length])).toEqual([
          ['sts', 503, 1],
          ['oidc', 503, 1],
        ]);
      },
      [{ kind: 'status', status: 503, match: { api: ['sts', 'oidc'] } }],
    );
  });
});
