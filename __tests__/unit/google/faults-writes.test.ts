import { describe, expect, it } from '@jest/globals';
import type { FaultInput } from '../../../emulator/index.js';
import { isConflict, isUncertain } from '../../../src/google/errors.js';
import { thrownBy } from './fakes.js';
import { asked, CONFIG, ENGINE, fired, MEMBER, onTheWire, PLACE, REGISTRY, type Wire } from './over-http.js';

/** Everything that may happen to a write, and whether it was carried out then. */
const FAULTS: [string, FaultInput, carriedOut: boolean][] = [
  ['429', { kind: 'status', status: 429 }, false],
  ['500', { kind: 'status', status: 500 }, false],
  ['503', { kind: 'status', status: 503 }, false],
  ['504', { kind: 'status', status: 504 }, false],
  ['500 after the commit', { kind: 'status', status: 500, at: 'after' }, true],
  ['503 after the commit', { kind: 'status', status: 503, at: 'after' }, true],
  ['504 after the commit', { kind: 'status', status: 504, at: 'after' }, true],
  ['reset before the commit', { kind: 'reset', at: 'before' }, false],
  ['reset after the commit', { kind: 'reset', at: 'after' }, true],
  ['reset in the answer', { kind: 'reset', at: 'midway' }, true],
  ['truncated', { kind: 'truncated' }, true],
  ['a page with 502', { kind: 'html' }, false],
  ['a page with 502 after the commit', { kind: 'html', at: 'after' }, true],
  ['a page with 200', { kind: 'html', status: 200, at: 'after' }, true],
  ['empty', { kind: 'empty' }, true],
  ['wrong type', { kind: 'content-type' }, true],
  ['first byte', { kind: 'slow', firstByteMs: 60_000 }, true],
  ['body', { kind: 'slow', bodyMs: 60_000 }, true],
];

/** What becomes of one write with one fault: the error, if there is one, and how many requests it took. */
async function outcomeOf(
  fault: FaultInput,
  write: (wire: Wire) => Promise<unknown>,
  check: (wire: Wire, error: Error | undefined) => void,
): Promise<void> {
  const once = { ...fault, match: { write: true }, when: { first: 1 } } as FaultInput;
  await onTheWire(
    [once],
    async (wire) => {
      const error = await write(wire).then(
        () => undefined,
        (thrown: unknown) => thrown as Error,
      );
      expect(fired(wire)).toBe(1);
      check(wire, error);
    },
    () => ({ attemptTimeoutMs: 1000 }),
  );
}

const writes = (wire: Wire): number => asked(wire).filter(({ write }) => write).length;

describe('an engine PATCH is sent again only when Google certainly did not take it', () => {
  const patch = ({ google }: Wire): Promise<unknown> => google.aiplatform.patchGatewayConfig(ENGINE, CONFIG, undefined);
  const operations = ({ emulator }: Wire): number => (emulator.world.dump().operations as unknown[]).length;

  it.each(FAULTS)('%s', async (name, fault, carriedOut) => {
    await outcomeOf(fault, patch, (wire, error) => {
      const request = `PATCH ${wire.emulator.url}/aiplatform/v1/${ENGINE} `;
      expect({
        uncertain: isUncertain(error),
        named: error === undefined || error.message.includes(request),
        writes: writes(wire),
        operations: operations(wire),
      }).toEqual(
        name === '429'
          ? { uncertain: false, named: true, writes: 2, operations: 1 }
          : { uncertain: true, named: true, writes: 1, operations: carriedOut ? 1 : 0 },
      );
    });
  });

  it('401: one refresh, one more try', async () => {
    await outcomeOf({ kind: 'status', status: 401 }, patch, (wire, error) => {
      expect([error, writes(wire), operations(wire), wire.tokensFetched()]).toEqual([undefined, 2, 1, 2]);
    });
  });

  it('a stale etag is a conflict, not tried again', async () => {
    const stale = async ({ google }: Wire): Promise<unknown> => {
      const { etag } = await google.aiplatform.getEngine(ENGINE);
      return google.aiplatform.patchGatewayConfig(ENGINE, CONFIG, etag);
    };
    await outcomeOf({ kind: 'foreign-write' }, stale, (wire, error) => {
      expect(isConflict(error)).toBe(true);
      expect([writes(wire), operations(wire)]).toEqual([1, 0]);
    });
  });
});

describe('a policy is sent again only when it was rejected, and its etag keeps a second write from doing harm', () => {
  const set = async ({ google }: Wire): Promise<unknown> => {
    const { etag } = await google.iap.getPolicy(REGISTRY);
    const bindings = [{ role: 'roles/iap.egressor', members: [MEMBER] }];
    return google.iap.setPolicy(REGISTRY, { ...(etag === undefined ? {} : { etag }), bindings });
  };
  const members = ({ emulator }: Wire): unknown[] =>
    emulator.world.policy('registry').bindings.flatMap((b) => b.members);

  it.each(FAULTS)('%s', async (name, fault, carriedOut) => {
    await outcomeOf(fault, set, (wire, error) => {
      const how =
        error === undefined ? 'done' : isConflict(error) ? 'conflict' : isUncertain(error) ? 'uncertain' : 'no';
      const again: Record<string, string> = {
        '429': 'done',
        '503': 'done',
        // The second write meets the etag of the first, and the caller reads again.
        '503 after the commit': 'conflict',
      };
      expect([how, writes(wire)]).toEqual(again[name] === undefined ? ['uncertain', 1] : [again[name], 2]);
      expect(members(wire)).toEqual(carriedOut || how === 'done' ? [MEMBER] : []);
    });
  });

  it("somebody else's write in between is a conflict, and nothing of it is lost", async () => {
    await outcomeOf({ kind: 'foreign-write', member: 'user:b@example.com' }, set, (wire, error) => {
      expect(isConflict(error)).toBe(true);
      expect([writes(wire), members(wire)]).toEqual([1, ['user:b@example.com']]);
    });
  });

  it('409 ABORTED without a reason is a conflict too', async () => {
    await outcomeOf({ kind: 'status', status: 409 }, set, (wire, error) => {
      expect([isConflict(error), writes(wire)]).toEqual([true, 1]);
    });
  });
});

describe('a registry write goes out again under the same request ID, and is done once', () => {
  const body = {
    displayName: 'A',
    endpointSpec: { type: 'NO_SPEC' },
    interfaces: [{ url: 'https://a.example.com', protocolBinding: 'JSONRPC' }],
  };
  const id = '6f0f3a52-6f55-4c0e-9a6e-0a7f3f6f7a11';
  const create = ({ google }: Wire): Promise<unknown> => google.agentregistry.createService(PLACE, 'one-a', body, id);

  it.each(FAULTS)('%s', async (_name, fault) => {
    await outcomeOf(fault, create, (wire, error) => {
      expect(error).toBeUndefined();
      expect(writes(wire)).toBe(2);
      expect(new Set(asked(wire).map(({ query }) => query.requestId))).toEqual(new Set([id]));
      expect(wire.emulator.world.dump().operations).toHaveLength(1);
      wire.emulator.world.advance(10_000);
      expect(wire.emulator.world.services()).toEqual(['one-a']);
    });
  });
});

it('an answer that was lost for ever is an error that names the request', async () => {
  await onTheWire([{ kind: 'reset', at: 'after', match: { write: true } }], async (wire) => {
    const error = await thrownBy(() => wire.google.iap.setPolicy(REGISTRY, { etag: 'ACAB', bindings: [] }));
    expect(error).toMatchObject({ name: 'NetworkError', sent: true, api: 'iap', method: 'POST' });
    expect(String(error)).toContain(`POST ${wire.emulator.url}/iap/v1/${REGISTRY}:setIamPolicy got no answer: `);
  });
});
