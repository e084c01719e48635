import { describe, expect, it } from '@jest/globals';
import type { FaultInput } from '../../emulator/index.js';
import {
  baseWorld,
  binding,
  BINDING_MASK,
  configOf,
  EGRESS,
  endpointService,
  ENGINE_A,
  ENGINE_B,
  ENGINES,
  PLACE,
  SERVICES,
  withEmulator,
  type Call,
  type Json,
} from './helpers.js';
import {
  conditionFor,
  constraint,
  CONSTRAINTS,
  EGRESS_ID,
  enforced,
  guardedWorld,
  OTHER,
  policyPath,
  putPolicy,
} from './orgpolicy-helpers.js';

const GET = `${ENGINES}/${ENGINE_A}`;
const PATCH = `${GET}?${BINDING_MASK}`;
const BOUND = { agentToAnywhereConfig: { agentGateway: EGRESS } };
const operationOf = async (call: Call): Promise<string> =>
  `aiplatform/v1/${String((await call('PATCH', PATCH, binding(EGRESS))).body.name)}`;

describe('operation-vanishes', () => {
  const nthRead: FaultInput = { kind: 'operation-vanishes', match: { path: '**/operations/*' }, when: { nth: 2 } };

  it('is there for a while, then 404 for ever and in no list; what it does goes on', async () => {
    await withEmulator(
      baseWorld(),
      async (emulator, call) => {
        const operation = await operationOf(call);
        expect((await call('GET', operation)).status).toBe(200);
        const gone = await call('GET', operation);
        expect(gone).toMatchObject({ status: 404, body: { error: { status: 'NOT_FOUND' } } });
        expect(emulator.requests.at(-1)?.faults).toEqual([{ id: 'fault-1', kind: 'operation-vanishes' }]);
        expect((await call('GET', operation)).status).toBe(404);
        expect((await call('GET', `${GET}/operations`)).body).toEqual({});
        expect((await call('PATCH', PATCH, binding(EGRESS))).body.error).toMatchObject({
          status: 'FAILED_PRECONDITION',
        });
        emulator.world.advance(10_000);
        expect(await configOf(call)).toEqual(BOUND);
        emulator.faults.clear();
        expect((await call('GET', operation)).body.done).toBe(true);
      },
      [nthRead],
    );
  });

  it('on the write: nobody ever sees it', async () => {
    await withEmulator(
      baseWorld(),
      async (_emulator, call) => {
        expect((await call('GET', await operationOf(call))).status).toBe(404);
      },
      [{ kind: 'operation-vanishes', match: { write: true } }],
    );
  });
});

describe('operation-never-ends', () => {
  it.each([
    ['the write', { method: 'PATCH' }],
    ['a read', { path: '**/operations/*' }],
  ] as const)('on %s: runs until the fault is taken away', async (_on, match) => {
    await withEmulator(
      baseWorld(),
      async (emulator, call) => {
        const operation = await operationOf(call);
        expect((await call('GET', operation)).body.done).toBeUndefined();
        emulator.world.advance(3_600_000);
        expect((await call('GET', operation)).body.done).toBeUndefined();
        expect(await configOf(call)).toBeUndefined();
        expect(emulator.faults.remove('fault-1')).toBe(true);
        expect((await call('GET', operation)).body.done).toBe(true);
        expect(await configOf(call)).toEqual(BOUND);
      },
      [{ kind: 'operation-never-ends', match: { ...match } }],
    );
  });

  it('holds operations of the registry as well', async () => {
    await withEmulator(
      baseWorld(),
      async (emulator, call) => {
        const { body } = await call('POST', `${SERVICES}?serviceId=one-a`, endpointService('https://a.example.com'));
        emulator.world.advance(3_600_000);
        expect((await call('GET', `agentregistry/v1/${String(body.name)}`)).body.done).toBe(false);
        expect((await call('GET', `${SERVICES}/one-a`)).status).toBe(404);
      },
      [{ kind: 'operation-never-ends' }],
    );
  });
});

describe('stale-reads', () => {
  const REGISTRY = `iap/v1/${PLACE}/iap_web/agentRegistry`;
  const grant = async (call: Call, etag: string, member: string): Promise<number> => {
    const policy = { etag, bindings: [{ role: 'roles/iap.egressor', members: [member] }] };
    return (await call('POST', `${REGISTRY}:setIamPolicy`, { policy })).status;
  };
  const policy = async (call: Call): Promise<Json> => (await call('POST', `${REGISTRY}:getIamPolicy`, {})).body;

  it('for some reads: get and list show the world before the last change', async () => {
    await withEmulator(
      baseWorld({ services: [{ id: 'old-one', urls: ['https://old.example.com'] }] }),
      async (emulator, call) => {
        await call('POST', `${SERVICES}?serviceId=one-a`, endpointService('https://a.example.com'));
        emulator.world.advance(1000);
        const names = async (): Promise<string[]> =>
          ((await call('GET', SERVICES)).body.services as Json[]).map(
            ({ name }) => String(name).split('/').at(-1) ?? '',
          );
        expect(await names()).toEqual(['old-one']);
        expect((await call('GET', `${SERVICES}/one-a`)).status).toBe(404);
        expect(emulator.requests.at(-1)?.faults).toEqual([{ id: 'fault-1', kind: 'stale-reads' }]);
        expect(await names()).toEqual(['old-one', 'one-a']);
        expect(emulator.requests.at(-1)?.faults).toBeUndefined();
      },
      [{ kind: 'stale-reads', for: { reads: 2 } }],
    );
  });

  it('for some time, counted from the end of the operation', async () => {
    await withEmulator(
      baseWorld(),
      async (emulator, call) => {
        await call('PATCH', PATCH, binding(EGRESS));
        emulator.world.advance(2000);
        expect(await configOf(call)).toBeUndefined();
        emulator.world.advance(58_000);
        expect(await configOf(call)).toBeUndefined();
        emulator.world.advance(2000);
        expect(await configOf(call)).toEqual(BOUND);
        // What others do lags behind as well.
        emulator.world.bind(ENGINE_A, null);
        expect(await configOf(call)).toEqual(BOUND);
        emulator.world.advance(60_000);
        expect(await configOf(call)).toBeUndefined();
      },
      [{ kind: 'stale-reads', for: { ms: 60_000 } }],
    );
  });

  it('reads by POST too, and writes meet the world as it is: an old etag is a conflict', async () => {
    await withEmulator(
      baseWorld(),
      async (_emulator, call) => {
        const member = 'serviceAccount:a@acme-agents.iam.gserviceaccount.com';
        expect(await grant(call, 'ACAB', member)).toBe(200);
        expect(await policy(call)).toEqual({ etag: 'ACAB' });
        expect(await grant(call, 'ACAB', member)).toBe(409);
        expect(await policy(call)).toMatchObject({ bindings: [{ members: [member] }] });
      },
      [{ kind: 'stale-reads', for: { reads: 1 } }],
    );
  });

  it('constraints and policies of an organization as well', async () => {
    await withEmulator(
      guardedWorld(),
      async (_emulator, call) => {
        const at = policyPath('projects/acme-agents');
        expect((await putPolicy(call, 'projects/acme-agents', { spec: enforced() })).status).toBe(200);
        expect((await call('GET', at)).status).toBe(404);
        expect((await call('GET', at)).body).toMatchObject({ spec: enforced() });
        const path = `${CONSTRAINTS}/${EGRESS_ID}`;
        const { body } = await call('GET', path);
        await call('PATCH', path, constraint({ condition: conditionFor(OTHER) }));
        expect((await call('GET', path)).body).toEqual(body);
        expect((await call('GET', path)).body.condition).toBe(conditionFor(OTHER));
      },
      [{ kind: 'stale-reads', for: { reads: 1 } }],
    );
  });

  it('only where it is meant to be', async () => {
    await withEmulator(
      baseWorld(),
      async (emulator, call) => {
        emulator.world.bind(ENGINE_A, { egress: 'egress' });
        expect(await configOf(call, ENGINE_A)).toBeUndefined();
        emulator.world.bind(ENGINE_B, { egress: 'egress' });
        expect(await configOf(call, ENGINE_B)).toEqual(BOUND);
      },
      [{ kind: 'stale-reads', for: { ms: 60_000 }, match: { path: `**/${ENGINE_A}` } }],
    );
  });
});

describe('foreign-write', () => {
  const RESOURCE = `iap/v1/${PLACE}/iap_web/agentRegistry`;
  const set = async (call: Call, etag?: string): Promise<number> => {
    const policy = { ...(etag === undefined ? {} : { etag }), bindings: [] };
    return (await call('POST', `${RESOURCE}:setIamPolicy`, { policy })).status;
  };

  it('a setIamPolicy meets a policy that somebody has just changed', async () => {
    const member = 'serviceAccount:other@acme-agents.iam.gserviceaccount.com';
    await withEmulator(
      baseWorld(),
      async (emulator, call) => {
        expect(await set(call, 'ACAB')).toBe(409);
        const { etag, bindings } = emulator.world.policy('registry');
        expect(bindings).toMatchObject([{ members: [member] }]);
        expect(emulator.requests.at(-1)).toMatchObject({ faults: [{ kind: 'foreign-write' }], carriedOut: true });
        // Without an etag the write is blind, and what somebody else wrote is lost: as IAM warns.
        expect(await set(call)).toBe(200);
        expect(emulator.world.policy('registry').bindings).toEqual([]);
        expect(await set(call, etag)).toBe(409);
      },
      [{ kind: 'foreign-write', member, match: { path: '**:setIamPolicy' } }],
    );
  });

  it('an organization policy, too, when it is updated or deleted', async () => {
    await withEmulator(
      guardedWorld(),
      async (_emulator, call) => {
        const at = policyPath('projects/acme-agents');
        const { etag } = (await putPolicy(call, 'projects/acme-agents', { spec: enforced() })).body;
        const update = await call('PATCH', at, { spec: enforced(false), etag });
        expect(update.body.error).toMatchObject({ status: 'ABORTED' });
        const { body } = await call('GET', at);
        expect(body).toMatchObject({ spec: enforced() });
        const removal = await call('DELETE', `${at}?etag=${String(body.etag)}`);
        expect(removal.body.error).toMatchObject({ status: 'ABORTED' });
        expect((await call('GET', at)).body).toMatchObject({ spec: enforced() });
      },
      [{ kind: 'foreign-write' }],
    );
  });

  it('an engine PATCH with an etag, too; anything else is left alone', async () => {
    await withEmulator(
      baseWorld(),
      async (emulator, call) => {
        const { etag } = (await call('GET', GET)).body;
        expect((await call('PATCH', PATCH, { ...binding(EGRESS), etag })).body.error).toMatchObject({
          status: 'ABORTED',
        });
        expect((await call('GET', GET)).body.labels).toEqual({ 'changed-by': 'somebody-else' });
        expect((await call('POST', 'iap/v1/projects/x:setIamPolicy', { policy: {} })).status).toBe(404);
        expect(emulator.faults.list()).toMatchObject([{ matched: 4, fired: 1 }]);
      },
      [{ kind: 'foreign-write' }],
    );
  });
});

describe('token-expires', () => {
  const status = async (call: Call, token: string): Promise<unknown> => {
    const { status, body } = await call('GET', GET, undefined, { authorization: `Bearer ${token}` });
    return status === 200 ? 200 : [status, (body.error as { details: Json[] }).details[0]?.reason];
  };

  it('each token is good for so many requests', async () => {
    await withEmulator(
      baseWorld(),
      async (emulator, call) => {
        const expired = [401, 'ACCESS_TOKEN_EXPIRED'];
        expect([await status(call, 'a'), await status(call, 'a'), await status(call, 'a')]).toEqual([
          200,
          200,
          expired,
        ]);
        expect([await status(call, 'b'), await status(call, 'a')]).toEqual([200, expired]);
        expect(emulator.faults.list()).toMatchObject([{ fired: 2 }]);
      },
      [{ kind: 'token-expires', afterRequests: 2 }],
    );
  });

  it('or one of them only', async () => {
    await withEmulator(
      baseWorld(),
      async (_emulator, call) => {
        expect([await status(call, 'a'), await status(call, 'b')]).toEqual([[401, 'ACCESS_TOKEN_EXPIRED'], 200]);
      },
      [{ kind: 'token-expires', afterRequests: 0, token: 'a' }],
    );
  });
});
