import { describe, expect, it } from '@jest/globals';
import type { WorldInput } from '../../emulator/index.js';
import { ACCESS_CONFIG, accessWorld } from './support/access.js';
import { configOf, FILES, MAIL, TICKETS } from './support/day-two.js';
import { declaredWorld, FILE, FILE_IN_REPOSITORY } from './support/declared.js';
import { CONFIG, SUPPORT, useStages, world, type Stage } from './support/stage.js';

/* Tests of what comes after an apply begin with a declared world instead of it: here it is shown that there is no difference. */

const set = useStages();

/** What the server makes up or counts. */
const MADE_UP = new Set(['etag', 'uid', 'policyUid', 'agentId', 'createTime', 'updateTime']);

/** All that a run can read and change, by name, with the IDs of services in place of those that the server gave their entries. */
function stateOf({ emulator }: Stage): Record<string, unknown> {
  const ids = emulator.world.services().map((id) => [emulator.world.service(id).resourceId, id] as const);
  const text = JSON.stringify(emulator.world.dump(), (key, value: unknown) => (MADE_UP.has(key) ? undefined : value));
  const dump = JSON.parse(ids.reduce((all, [entry, id]) => all.replaceAll(entry, id), text)) as Record<string, unknown>;
  const byName = (list: unknown): unknown =>
    (list as { name: string }[]).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  // The display name of a binding is nothing that a world can say.
  const bindings = (dump.policyBindings as Record<string, unknown>[]).map((item) => ({ ...item, displayName: '' }));
  const { engines, services, policies, accessPolicies } = dump;
  return { engines, services: byName(services), policies, accessPolicies, bindings };
}

const BOTH_WAYS = configOf(
  { 'ticket-system': TICKETS, files: FILES, mail: MAIL },
  { 'Support agent': ['ticket-system', 'files'], 'Billing agent': ['files'] },
).replace('egress: egress', 'egress: egress\n  ingress: ingress');

describe('a declared world', () => {
  it.each<[what: string, start: WorldInput, config: string, owner: string, env: Record<string, string>]>([
    ['allow policies, every engine', world(), CONFIG, FILE, {}],
    ['allow policies, both gateways', world(), BOTH_WAYS, FILE_IN_REPOSITORY, { GITHUB_REPOSITORY: 'acme/agents' }],
    ['access policies', accessWorld(), ACCESS_CONFIG, FILE, {}],
  ])('is what an apply leaves, and a plan has nothing to do there: %s', async (_what, start, config, owner, env) => {
    const applied = await set({ world: start, config, settings: { iam: { operations: 'done' } } });
    expect(applied.emulator.world.engine(SUPPORT).binding).toEqual({});
    expect(await applied.run('apply', {}, { env })).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
    const declared = await set({ world: declaredWorld(config, start, owner), config });
    expect(stateOf(declared)).toEqual(stateOf(applied));
    const plan = await declared.run('plan', { prune: 'true' }, { env });
    expect(plan).toMatchObject({ exitCode: 0, outputs: { changes: 'false', to_remove: '0' } });
  });
});
