import { describe, expect, it } from '@jest/globals';
import type { FaultInput } from '../../../emulator/index.js';
import { createCredentials } from '../../../src/google/auth.js';
import { isNotFound, TimeoutError } from '../../../src/google/errors.js';
import type { Google } from '../../../src/google/index.js';
import { isDone, waitForOperation } from '../../../src/google/operations.js';
import type { Operation } from '../../../src/google/types.js';
import { thrownBy } from './fakes.js';
import { asked, CONFIG, ENGINE, fired, onTheWire, PLACE, REGISTRY, type Wire } from './over-http.js';

const READS: [string, (google: Google) => Promise<unknown>, object][] = [
  ['get', (google) => google.aiplatform.getEngine(ENGINE), { displayName: 'Support agent' }],
  ['list', (google) => google.aiplatform.listEngines('acme-agents', 'us-central1'), [{ displayName: 'Support agent' }]],
  ['read by POST', (google) => google.iap.getPolicy(REGISTRY), { etag: 'ACAB' }],
];

/** What may happen to a read, and what an error says of it that is not healed. */
const DAMAGES: [FaultInput, string][] = [
  [{ kind: 'status', status: 429 }, 'answered 429 RESOURCE_EXHAUSTED: Quota exceeded'],
  [{ kind: 'status', status: 500 }, 'answered 500 INTERNAL: Internal error encountered.'],
  [{ kind: 'status', status: 503 }, 'answered 503 UNAVAILABLE: The service is currently unavailable.'],
  [{ kind: 'status', status: 504 }, 'answered 504 DEADLINE_EXCEEDED: '],
  [{ kind: 'reset', at: 'before' }, 'got no answer: '],
  [{ kind: 'reset', at: 'after' }, 'got no answer: '],
  [{ kind: 'reset', at: 'midway' }, 'answered 200 and broke off: '],
  [{ kind: 'truncated' }, 'answered 200 with something that is no complete JSON ('],
  [{ kind: 'html' }, 'answered 502: the answer is a web page instead of JSON: Error 502 (Server Error)!!1'],
  [{ kind: 'html', status: 200 }, 'answered 200 with a web page instead of JSON: Sign in to the network.'],
  [{ kind: 'empty' }, 'answered 200 with an empty body.'],
  [{ kind: 'content-type' }, 'answered 200 with content of type text/plain; charset=UTF-8, not JSON.'],
];

describe.each(READS)('a %s', (_what, read, expected) => {
  const match: FaultInput['match'] = { api: ['aiplatform', 'iap'] };

  it.each(DAMAGES)('%j twice: read again until it is there', async (fault) => {
    await onTheWire([{ ...fault, match, when: { first: 2 } } as FaultInput], async (wire) => {
      expect(await read(wire.google)).toMatchObject(expected);
      expect(asked(wire)).toHaveLength(3);
      expect(fired(wire)).toBe(2);
      expect(wire.slept).toEqual([1000, 2000]);
    });
  });

  it.each(DAMAGES)('%j for ever: 8 tries, then what failed on which resource and how', async (fault, said) => {
    await onTheWire([{ ...fault, match }], async (wire) => {
      const message = String(await thrownBy(() => read(wire.google)));
      expect(asked(wire)).toHaveLength(8);
      const [{ api, method, path } = { api: '', method: '', path: '' }] = asked(wire);
      expect(message).toContain(`${method} ${wire.emulator.url}/${api}${path} ${said}`);
      expect(message).not.toMatch(/ya29|\n/);
    });
  });
});

describe('a question for permissions', () => {
  const PERMISSIONS = ['aiplatform.reasoningEngines.update'];
  const ABOUT: [string, (google: Google) => Promise<unknown>][] = [
    ['an engine', (google) => google.aiplatform.testPermissions(ENGINE, PERMISSIONS)],
    ['a policy', (google) => google.iap.testPermissions(REGISTRY, PERMISSIONS)],
  ];

  it.each(ABOUT)(
    'about %s is asked again like a read: without an answer the run would be refused',
    async (_what, ask) => {
      const match: FaultInput['match'] = { api: ['aiplatform', 'iap'] };
      await onTheWire([{ kind: 'status', status: 503, match, when: { first: 2 } }], async (wire) => {
        expect(await ask(wire.google)).toEqual(PERMISSIONS);
        expect(asked(wire)).toHaveLength(3);
      });
    },
  );
});

describe('waiting as the server says', () => {
  const limited = { kind: 'status', status: 429, when: { first: 1 }, match: { api: 'aiplatform' } } as const;
  const read = ({ google }: Wire): Promise<unknown> => google.aiplatform.getEngine(ENGINE);

  it('Retry-After in seconds, RetryInfo', async () => {
    await onTheWire([{ ...limited, retryAfter: 7 }], async (wire) => {
      await read(wire);
      expect(wire.slept).toEqual([7000]);
    });
    await onTheWire([{ ...limited, retryInfo: 5.5 }], async (wire) => {
      await read(wire);
      expect(wire.slept).toEqual([5500]);
    });
  });

  it('Retry-After as a date', async () => {
    await onTheWire([{ ...limited, retryAfter: 20, retryAfterForm: 'date' }], async (wire) => {
      await read(wire);
      expect(wire.slept).toHaveLength(1);
      expect(wire.slept[0]).toBeGreaterThan(15_000);
      expect(wire.slept[0]).toBeLessThanOrEqual(21_000);
    });
  });

  it('not beyond the deadline: the refusal is passed on at once', async () => {
    const late = (clock: { now: () => number }): { deadline: number } => ({ deadline: clock.now() + 60_000 });
    await onTheWire(
      [{ ...limited, retryAfter: 120 }],
      async (wire) => {
        expect(await thrownBy(() => read(wire))).toMatchObject({ status: 429, retryDelayMs: 120_000 });
        expect(wire.slept).toEqual([]);
      },
      late,
    );
  });
});

describe('a server that does not answer', () => {
  const read = ({ google }: Wire): Promise<unknown> => google.aiplatform.getEngine(ENGINE);
  const stall = (change: object): FaultInput => ({ kind: 'slow', match: { api: 'aiplatform' }, ...change });

  it.each([[{ firstByteMs: 600_000 }], [{ bodyMs: 600_000 }]])('%j: given up and asked again', async (ms) => {
    await onTheWire(
      [stall({ ...ms, when: { first: 1 } })],
      async (wire) => {
        expect(await read(wire)).toMatchObject({ displayName: 'Support agent' });
        expect(asked(wire)).toHaveLength(2);
      },
      () => ({ attemptTimeoutMs: 1000 }),
    );
  });

  it.each([
    [{ firstByteMs: 60_000 }, 'got no answer: it took longer than 0.2 s (ETIMEDOUT)'],
    [{ bodyMs: 60_000 }, 'answered 200 and broke off: it took longer than 0.2 s (ETIMEDOUT)'],
  ])('%j for ever: says so', async (ms, said) => {
    await onTheWire(
      [stall(ms)],
      async (wire) => {
        expect(String(await thrownBy(() => read(wire)))).toContain(`reasoningEngines/4405152104998502400 ${said}`);
      },
      () => ({ attemptTimeoutMs: 200 }),
    );
  });

  it.each([[{ firstByteMs: 60_000 }], [{ bodyMs: 60_000 }]])('%j: the end of the run ends it', async (ms) => {
    const run = new AbortController();
    const reason = new TimeoutError('the time limit of this run is over');
    await onTheWire(
      [stall(ms)],
      async (wire) => {
        setTimeout(() => run.abort(reason), 200);
        expect(await thrownBy(() => read(wire))).toMatchObject({
          name: 'TimeoutError',
          message: reason.message,
          cause: { name: 'NetworkError', method: 'GET', url: expect.stringContaining('/reasoningEngines/') as unknown },
        });
      },
      () => ({ signal: run.signal }),
    );
  });
});

describe('tokens', () => {
  const read = ({ google }: Wire): Promise<unknown> => google.aiplatform.getEngine(ENGINE);
  const some = (wire: Wire, count: number): Promise<unknown> =>
    Promise.all(Array.from({ length: count }, () => read(wire)));

  it('an unexpected 401 costs one refresh, and no wait', async () => {
    const once: FaultInput = { kind: 'status', status: 401, when: { nth: 2 }, match: { api: 'aiplatform' } };
    await onTheWire([once], async (wire) => {
      await read(wire);
      await read(wire);
      expect(asked(wire).map(({ status }) => status)).toEqual([200, 401, 200]);
      expect([wire.tokensFetched(), wire.slept]).toEqual([2, []]);
    });
  });

  it('many requests with a token that expired fetch one new token', async () => {
    await onTheWire([{ kind: 'token-expires', afterRequests: 10, match: { api: 'aiplatform' } }], async (wire) => {
      await some(wire, 10);
      await some(wire, 10);
      expect(wire.tokensFetched()).toBe(2);
      expect(asked(wire).filter(({ status }) => status === 401).length).toBeGreaterThan(0);
    });
  });

  it('tokens that live shorter and shorter', async () => {
    await onTheWire([{ kind: 'token-expires', afterRequests: 1, match: { api: 'aiplatform' } }], async (wire) => {
      for (let n = 0; n < 5; n += 1) await read(wire);
      expect(wire.tokensFetched()).toBe(5);
    });
  });

  it('a token that is never taken: two requests, two tokens, 401', async () => {
    await onTheWire([{ kind: 'status', status: 401, match: { api: 'aiplatform' } }], async (wire) => {
      expect(await thrownBy(() => read(wire))).toMatchObject({ name: 'ApiError', status: 401 });
      expect([asked(wire).length, wire.tokensFetched()]).toEqual([2, 2]);
    });
  });

  it('a fixed token is not sent twice', async () => {
    const credentials = createCredentials({
      universe: 'googleapis.com',
      accessToken: 'fixed',
      onToken: () => undefined,
    });
    await onTheWire(
      [{ kind: 'token-expires', afterRequests: 1 }],
      async (wire) => {
        await read(wire);
        expect(await thrownBy(() => read(wire))).toMatchObject({ status: 401, reason: 'ACCESS_TOKEN_EXPIRED' });
        expect([asked(wire).length, wire.tokensFetched()]).toEqual([2, 0]);
      },
      () => ({ credentials }),
    );
  });

  it.each<FaultInput>([
    { kind: 'status', status: 503, when: { first: 1 } },
    { kind: 'reset', at: 'before', when: { first: 1 } },
    { kind: 'truncated', when: { first: 1 } },
    { kind: 'html', status: 200, when: { first: 1 } },
    { kind: 'empty', when: { first: 1 } },
  ])('the token endpoint stumbles once (%j)', async (fault) => {
    await onTheWire([{ ...fault, match: { api: 'sts' } }], async (wire) => {
      expect(await read(wire)).toMatchObject({ displayName: 'Support agent' });
      expect(wire.tokensFetched()).toBe(2);
    });
  });

  it('an answer of the token endpoint that is no JSON is not quoted: it may hold the token', async () => {
    await onTheWire([{ kind: 'truncated', match: { api: 'sts' } }], async (wire) => {
      const error = await thrownBy(() => read(wire));
      expect(error).toMatchObject({ name: 'AuthError', problem: 'malformed' });
      expect(String(error)).not.toContain('ya29');
    });
  });
});

describe('operations', () => {
  const start = ({ google }: Wire): Promise<Operation> =>
    google.aiplatform.patchGatewayConfig(ENGINE, CONFIG, undefined);
  const wait = (wire: Wire, { name }: Operation, signal = new AbortController().signal): Promise<unknown> =>
    waitForOperation({ name, get: () => wire.google.aiplatform.getOperation(name), clock: wire.clock, signal });
  const POLL = { path: '**/operations/*' };

  it('one that vanishes is taken as ended; the resource tells what came of it', async () => {
    await onTheWire([{ kind: 'operation-vanishes', match: POLL, when: { nth: 3 } }], async (wire) => {
      wire.emulator.world.set({ operations: { engineUpdateMs: 60_000 } });
      expect(await wait(wire, await start(wire))).toBeUndefined();
      expect(asked(wire)).toHaveLength(4);
    });
  });

  it('a web page with 404 is no such end', async () => {
    await onTheWire([{ kind: 'html', status: 404, match: POLL }], async (wire) => {
      const error = await thrownBy(async () => wait(wire, await start(wire)));
      expect(error).toMatchObject({ name: 'ApiError', status: 404, isFromApi: false });
      expect(isNotFound(error)).toBe(false);
    });
  });

  it('one that never ends is waited for until the run ends', async () => {
    const run = new AbortController();
    const reason = new TimeoutError('the time limit of this run is over');
    await onTheWire([{ kind: 'operation-never-ends' }], async (wire) => {
      const operation = await start(wire);
      const end = wire.clock.now() + 1_800_000;
      const clock = {
        now: () => wire.clock.now(),
        sleep: (ms: number, signal?: AbortSignal): Promise<void> => {
          if (wire.clock.now() + ms > end) run.abort(reason);
          return wire.clock.sleep(ms, signal);
        },
      };
      expect(await thrownBy(() => wait({ ...wire, clock }, operation, run.signal))).toBe(reason);
      expect(isDone(await wire.google.aiplatform.getOperation(operation.name))).toBe(false);
      wire.emulator.faults.clear();
      expect(isDone(await wire.google.aiplatform.getOperation(operation.name))).toBe(true);
    });
  });

  it('polls that fail now and then do not end the waiting', async () => {
    const often = { probability: 0.1, seed: 5 };
    await onTheWire(
      [
        { kind: 'status', status: 503, match: POLL, when: often },
        { kind: 'reset', at: 'before', match: POLL, when: { ...often, seed: 6 } },
        { kind: 'truncated', match: POLL, when: { ...often, seed: 7 } },
      ],
      async (wire) => {
        wire.emulator.world.set({ operations: { engineUpdateMs: 300_000 } });
        expect(await wait(wire, await start(wire))).toMatchObject({ done: true });
        expect(fired(wire)).toBeGreaterThan(5);
      },
    );
  });
});

it('a place nobody has read is still found: lists go on after a page that failed', async () => {
  const third: FaultInput = { kind: 'truncated', match: { path: '**/services' }, when: { nth: 3 } };
  await onTheWire([third], async (wire) => {
    wire.emulator.world.set({ pageSize: { max: 2 } });
    for (const id of ['one-a', 'two-b', 'three-c', 'four-d', 'five-e'])
      wire.emulator.world.addService({ id, urls: [`https://${id}.example.com`] });
    const services = await wire.google.agentregistry.listServices('acme-agents', 'us-central1');
    expect(services.map(({ name }) => name.replace(`${PLACE}/services/`, ''))).toEqual([
      'one-a',
      'two-b',
      'three-c',
      'four-d',
      'five-e',
    ]);
    expect(asked(wire)).toHaveLength(4);
  });
});
