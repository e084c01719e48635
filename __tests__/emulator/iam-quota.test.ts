import { describe, expect, it } from '@jest/globals';
import type { SettingsInput } from '../../emulator/index.js';
import { withEmulator, type Call } from './helpers.js';
import { AGENT_A, BINDINGS, errorOf, PARENT, POLICIES, policy, TARGET, v2World } from './iam-helpers.js';

type Quota = NonNullable<NonNullable<SettingsInput['iam']>['quota']>;

const ITEM = `${POLICIES}/agent-egress`;
const EXHAUSTED = errorOf(429, 'RESOURCE_EXHAUSTED');
const PROJECTS = [
  { id: 'acme-agents', number: '101010', organization: '5550001', folders: ['77'] },
  { id: 'acme-gw', number: '202020', organization: '5550001' },
];

const world = (quota: Quota = {}, iam: SettingsInput['iam'] = {}) =>
  v2World({
    projects: PROJECTS,
    accessPolicies: [{ id: 'agent-egress', rules: [{ principals: [AGENT_A] }] }],
    settings: { iam: { ...iam, quota: { enabled: true, ...quota } } },
  });
const times = async (count: number, request: () => ReturnType<Call>): Promise<number[]> => {
  const statuses: number[] = [];
  for (let n = 0; n < count; n += 1) statuses.push((await request()).status);
  return statuses;
};
const ok = (count: number): number[] => Array.from({ length: count }, () => 200);

describe('the quota of IAM v3', () => {
  it('is five reads and five writes a minute', async () => {
    await withEmulator(world(), async (emulator, call) => {
      expect(await times(6, () => call('GET', ITEM))).toEqual([...ok(5), 429]);
      const answer = await call('GET', ITEM);
      expect(answer).toMatchObject(EXHAUSTED);
      expect(answer.body.error).toMatchObject({
        message: expect.stringContaining("for consumer 'projects/101010'"),
        details: [
          { reason: 'RATE_LIMIT_EXCEEDED', metadata: { service: 'iam.googleapis.com' } },
          { violations: [{ subject: 'projects/101010' }] },
        ],
      });
      const write = (): ReturnType<Call> => call('PATCH', `${ITEM}?validateOnly=true`, policy());
      expect(await times(6, write)).toEqual([...ok(5), 429]);
      emulator.world.advance(59_000);
      expect((await call('GET', ITEM)).status).toBe(429);
      emulator.world.advance(2_000);
      expect([(await call('GET', ITEM)).status, (await write()).status]).toEqual([200, 200]);
    });
  });

  it('is off unless it is switched on', async () => {
    await withEmulator(world({ enabled: false }), async (_, call) => {
      expect(await times(8, () => call('GET', ITEM))).toEqual(ok(8));
    });
  });

  it('counts requests that are refused, by whatever name the project goes', async () => {
    await withEmulator(world({ readsPerMinute: 2 }), async (_, call) => {
      expect((await call('GET', `${POLICIES}/nobody`)).status).toBe(404);
      expect((await call('GET', ITEM.replace('acme-agents', '101010'))).status).toBe(200);
      expect(await call('GET', ITEM)).toMatchObject(EXHAUSTED);
    });
  });

  it.each<[string, Quota, string]>([
    ['lists', { listsCount: false }, POLICIES],
    ['lists of bindings', { listsCount: false }, BINDINGS],
    ['searches by policy', { searchesCount: false }, `${ITEM}:searchPolicyBindings`],
    ['searches by target', { searchesCount: false }, `${BINDINGS}:searchTargetPolicyBindings?target=${TARGET}`],
  ])('counts %s or not', async (_what, quota, path) => {
    await withEmulator(world({ readsPerMinute: 1 }), async (_, call) => {
      expect(await times(2, () => call('GET', path))).toEqual([200, 429]);
    });
    await withEmulator(world({ readsPerMinute: 1, ...quota }), async (_, call) => {
      expect(await times(3, () => call('GET', path))).toEqual(ok(3));
      expect(await times(2, () => call('GET', ITEM))).toEqual([200, 429]);
    });
  });

  it('counts reads of operations or not', async () => {
    for (const operationGetsCount of [true, false]) {
      await withEmulator(world({ readsPerMinute: 1, operationGetsCount }), async (_, call) => {
        const { body } = await call('PATCH', ITEM, policy());
        const statuses = await times(3, () => call('GET', `iam/v3/${String(body.name)}`));
        expect(statuses).toEqual(operationGetsCount ? [200, 429, 429] : ok(3));
      });
    }
  });

  it('counts writes that only validate or not', async () => {
    const validateOnly = { countsAsWrite: false };
    await withEmulator(world({ writesPerMinute: 1 }, { validateOnly }), async (_, call) => {
      expect(await times(3, () => call('PATCH', `${ITEM}?validateOnly=true`, policy()))).toEqual(ok(3));
      expect(await times(2, () => call('PATCH', ITEM, policy()))).toEqual([200, 429]);
    });
  });

  it('belongs to the project of the path, or to the one that is charged', async () => {
    const other = ITEM.replace(PARENT, 'projects/acme-gw/locations/global').replace('/agent-egress', '');
    const ask = async (call: Call, path: string, charged?: string): Promise<number> =>
      (await call('GET', path, undefined, charged === undefined ? {} : { 'x-goog-user-project': charged })).status;
    await withEmulator(world({ readsPerMinute: 1 }), async (_, call) => {
      expect([await ask(call, ITEM, 'acme-gw'), await ask(call, other), await ask(call, ITEM)]).toEqual([
        200, 200, 429,
      ]);
    });
    await withEmulator(world({ readsPerMinute: 1, per: 'caller-project' }), async (_, call) => {
      expect([await ask(call, ITEM), await ask(call, other)]).toEqual([200, 429]);
      expect([await ask(call, ITEM, 'acme-gw'), await ask(call, other, '202020')]).toEqual([200, 429]);
    });
  });
});
