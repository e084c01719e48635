import { describe, expect, it } from '@jest/globals';
import {
  ALL_ACCEPTED,
  asDeclared,
  byAction,
  configOf,
  constraintOf,
  decisions,
  EGRESS_ID,
  guardedWorld,
  guardrailWrites,
  INGRESS_ID,
  ORGANIZATION,
  OTHER,
  OWN_ACCEPTED,
  PROJECT,
  policyOf,
  runWith,
  THIRD,
  type GuardrailLines,
} from './support/guardrails.js';
import { BILLING, EGRESS, INGRESS, SUPPORT, useStages, type Stage } from './support/stage.js';

const set = useStages();
const ON = { rules: [{ enforce: true }] };

const declared = (lines: GuardrailLines): Promise<Stage> => set({ world: guardedWorld(asDeclared(lines)) });

/** Both constraints and policies, but for the etags and times of their writes. */
async function guardrailsOf(stage: Stage): Promise<unknown> {
  const ids = [EGRESS_ID, INGRESS_ID];
  const all = await Promise.all(ids.flatMap((id) => [constraintOf(stage, id), policyOf(stage, PROJECT, id)]));
  const ofTheWrite = (key: string): boolean => key === 'etag' || key === 'updateTime';
  return JSON.parse(JSON.stringify(all, (key, value: unknown) => (ofTheWrite(key) ? undefined : value)));
}

describe('guardrails, from nothing to nothing', () => {
  it('are planned without a write, applied, and then as declared', async () => {
    const stage = await set({ world: guardedWorld() });
    const planned = await runWith(stage, 'plan', { egress: [EGRESS] });
    expect(planned).toMatchObject({
      exitCode: 0,
      outputs: { changes: 'true', to_register: '0', to_grant: '0', to_bind: '0', to_remove: '0' },
    });
    expect(planned.log).toContain('2 guardrails to change');
    expect(stage.writes()).toEqual([]);
    expect(await decisions(stage)).toEqual(ALL_ACCEPTED);

    const applied = await runWith(stage, 'apply', { egress: [EGRESS] });
    expect(applied).toMatchObject({ exitCode: 0, outputs: { changes: 'true', failure_reason: '' } });
    expect(applied.outputs.plan_digest).toBe(planned.outputs.plan_digest);
    expect(guardrailWrites(stage)).toEqual([`POST ${ORGANIZATION}/customConstraints`, `POST ${PROJECT}/policies`]);
    expect(await decisions(stage)).toEqual(OWN_ACCEPTED);

    const again = await runWith(stage, 'apply', { egress: [EGRESS] });
    expect(again).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
    expect(guardrailWrites(stage)).toHaveLength(2);
    expect(await runWith(stage, 'verify', { egress: [EGRESS] })).toMatchObject({ exitCode: 0 });
  });

  it('hold for the action as for anybody, in both directions', async () => {
    const stage = await set({ world: guardedWorld() });
    const lines = { egress: [THIRD, EGRESS], ingress: [INGRESS] };
    expect(await runWith(stage, 'apply', lines)).toMatchObject({ exitCode: 0 });
    expect(await guardrailsOf(stage)).toEqual(await guardrailsOf(await declared(lines)));
    expect(await decisions(stage, 'egress', byAction)).toEqual(OWN_ACCEPTED);
    expect(await decisions(stage, 'ingress', byAction)).toEqual(OWN_ACCEPTED);
  });

  it('follow the list when it changes, and when a gateway goes', async () => {
    const stage = await declared({ egress: [EGRESS] });
    const added = await runWith(stage, 'apply', { egress: [OTHER, EGRESS] });
    expect(added.log).toContain('2 gateways: it only adds, so it loosens');
    expect(await decisions(stage)).toEqual({ own: true, other: true, none: false });
    const removed = await runWith(stage, 'apply', { egress: [OTHER] });
    expect(removed.log).toContain('1 gateway: it takes gateways away, so it tightens');
    expect(removed.summary).toContain('with 1 gateway no longer approved');
    expect(await decisions(stage)).toEqual({ own: false, other: true, none: false });
    const path = `${ORGANIZATION}/customConstraints/EgressAgentGatewaysForAgentEngine`;
    expect(guardrailWrites(stage)).toEqual([`PATCH ${path}`, `PATCH ${path}`]);
  });

  it('go from dry run to enforced and back', async () => {
    const stage = await set({ world: guardedWorld() });
    await runWith(stage, 'apply', { egress: [EGRESS], dryRun: true });
    expect(await policyOf(stage)).toMatchObject({ dryRunSpec: ON });
    expect(await policyOf(stage)).not.toHaveProperty('spec');
    const asItIs = await declared({ egress: [EGRESS], dryRun: true });
    expect(await guardrailsOf(stage)).toEqual(await guardrailsOf(asItIs));
    expect(await decisions(stage)).toEqual(ALL_ACCEPTED);
    const enforced = await runWith(stage, 'apply', { egress: [EGRESS] });
    expect(enforced.log).toContain('dry run -> enforced');
    expect(await policyOf(stage)).toMatchObject({ spec: ON });
    expect(await policyOf(stage)).not.toHaveProperty('dryRunSpec');
    expect(await decisions(stage)).toEqual(OWN_ACCEPTED);
    const back = await runWith(stage, 'apply', { egress: [EGRESS], dryRun: true });
    expect(back.summary).toContain('with 1 guardrail no longer enforced');
    expect(await decisions(stage)).toEqual(ALL_ACCEPTED);
    expect(await runWith(stage, 'plan', { egress: [EGRESS], dryRun: true })).toMatchObject({
      outputs: { changes: 'false' },
    });
  });

  it('of a direction that is no longer listed stay without prune, and go with it', async () => {
    const stage = await declared({ egress: [EGRESS], ingress: [INGRESS] });
    expect(await decisions(stage, 'egress')).toEqual(OWN_ACCEPTED);
    expect(await decisions(stage, 'ingress')).toEqual(OWN_ACCEPTED);
    const reads = stage.requests('GET', EGRESS_ID).length;
    const kept = await runWith(stage, 'apply', { ingress: [INGRESS] });
    expect(kept).toMatchObject({ exitCode: 0, outputs: { changes: 'false', to_remove: '0' } });
    expect(stage.requests('GET', EGRESS_ID)).toHaveLength(reads);

    const writes = guardrailWrites(stage).length;
    const planned = await runWith(stage, 'plan', { ingress: [INGRESS] }, { prune: 'true' });
    expect(planned).toMatchObject({ outputs: { changes: 'true', to_remove: '1' } });
    const pruned = await runWith(stage, 'apply', { ingress: [INGRESS] }, { prune: 'true' });
    expect(pruned).toMatchObject({ exitCode: 0, outputs: { to_remove: '1' } });
    expect(guardrailWrites(stage).slice(writes)).toEqual([
      `DELETE ${PROJECT}/policies/EgressAgentGatewaysForAgentEngine`,
    ]);
    expect(await policyOf(stage)).toMatchObject({ error: { code: 404 } });
    expect(await decisions(stage, 'egress')).toEqual(ALL_ACCEPTED);
    expect(await decisions(stage, 'ingress')).toEqual(OWN_ACCEPTED);
    expect(await constraintOf(stage)).toMatchObject({ condition: expect.stringContaining(EGRESS) });
    const after = await runWith(stage, 'plan', { ingress: [INGRESS] }, { prune: 'true' });
    expect(after).toMatchObject({ outputs: { changes: 'false', to_remove: '0' } });
    // The constraint that stayed behind is used again.
    expect(await runWith(stage, 'apply', { egress: [EGRESS], ingress: [INGRESS] })).toMatchObject({ exitCode: 0 });
    expect(await policyOf(stage)).toMatchObject({ spec: ON });
    expect(await decisions(stage, 'egress')).toEqual(OWN_ACCEPTED);
  });

  it('are refused unless they are the reviewed ones', async () => {
    const stage = await set({ world: guardedWorld() });
    const reviewed = await runWith(stage, 'plan', { egress: [EGRESS] });
    const { plan_file = '' } = reviewed.outputs;
    const other = await runWith(stage, 'apply', { egress: [EGRESS, OTHER] }, { plan_file });
    expect(other).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'plan-changed' } });
    expect(other.log).toContain(`now:      guardrail egress constraint`);
    expect(stage.writes()).toEqual([]);
    expect(await runWith(stage, 'apply', { egress: [EGRESS] }, { plan_file })).toMatchObject({ exitCode: 0 });
  });

  it.each([ORGANIZATION, 'folders/4440001'])('are enforced on %s', async (enforceOn) => {
    const projects = [{ id: 'acme-agents', number: '101010', organization: '5550001', folders: ['4440001'] }];
    const stage = await set({ world: guardedWorld({ projects }) });
    expect(await runWith(stage, 'apply', { egress: [EGRESS], enforceOn })).toMatchObject({ exitCode: 0 });
    expect(await policyOf(stage, enforceOn)).toMatchObject({ spec: ON });
    expect(await decisions(stage)).toEqual(OWN_ACCEPTED);
  });
});

describe('guardrails together with bindings', () => {
  const rest = (gateway: string): string => `gateways:\n  egress: ${gateway}\nagents:\n  - engine: all\n`;
  const bound = (gateway: string) => [
    { id: SUPPORT, displayName: 'Support agent', egress: gateway },
    { id: BILLING, displayName: 'Billing agent', egress: gateway },
  ];
  const order = (stage: Stage): string[] =>
    stage.writes().map(({ method, path }) => `${method} ${path.replace(/.*\/([^/]+)$/, '$1')}`);

  it.each(['apply', ''])('are enforced after the engines are bound, by action %j', async (action) => {
    const stage = await set({ world: guardedWorld() });
    const lines = { egress: [EGRESS], rest: rest('egress') };
    const result = await runWith(stage, action, lines);
    expect(result.log).toContain('after the bindings, because it is enforced from then on, so it tightens');
    expect(result).toMatchObject({ exitCode: 0, outputs: { to_bind: '2' } });
    expect(order(stage).slice(0, 2).sort()).toEqual([`PATCH ${SUPPORT}`, `PATCH ${BILLING}`].sort());
    expect(order(stage).slice(2)).toEqual(['POST customConstraints', 'POST policies']);
    expect(await runWith(stage, 'verify', lines)).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
  });

  it('approve a new gateway before an engine moves to it, and forbid the old one after', async () => {
    const engines = bound('egress').slice(1);
    const stage = await set({ world: guardedWorld({ engines, ...asDeclared({ egress: [EGRESS] }) }) });
    const moved = await runWith(stage, 'apply', { egress: [OTHER], rest: rest('other') });
    expect(moved).toMatchObject({ exitCode: 0 });
    expect(order(stage)).toEqual([`PATCH ${EGRESS_ID}`, `PATCH ${BILLING}`, `PATCH ${EGRESS_ID}`]);
    expect(moved.log).toContain('2 gateways, because new gateways are approved first, beside the old ones');
    expect(await decisions(stage)).toEqual({ own: false, other: true, none: false });
  });

  it('are left open when an engine could not be bound, and done by the next run', async () => {
    const stage = await set({
      world: guardedWorld(),
      settings: { engineUpdate: { engines: { 'Support agent': { code: 13, message: 'no' } } } },
    });
    const lines = { egress: [EGRESS], rest: rest('egress') };
    const failed = await runWith(stage, 'apply', lines);
    expect(failed).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'bind-failed' } });
    expect(guardrailWrites(stage)).toEqual([]);
    expect(failed.log).not.toContain('gateway(s) approved');
    stage.emulator.world.set({ engineUpdate: { engines: { 'Support agent': 'ok' } } });
    expect(await runWith(stage, 'apply', lines)).toMatchObject({ exitCode: 0 });
    expect(guardrailWrites(stage)).toHaveLength(2);
  });

  it('must allow what the same config binds', async () => {
    const stage = await set({ world: guardedWorld() });
    const result = await runWith(stage, 'apply', { egress: [OTHER, THIRD], rest: rest('egress') });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'check-failed' } });
    expect(result.log).toContain('[guardrail-forbids-plan]');
    expect(stage.writes()).toEqual([]);
  });

  it('must fit into a constraint, and name gateways as bindings do', async () => {
    const stage = await set({ world: guardedWorld() });
    const many = Array.from({ length: 10 }, (_, index) =>
      EGRESS.replace(/egress$/, `gateway-${index}`.padEnd(17, 'x')),
    );
    const long = await runWith(stage, 'apply', { egress: many });
    expect(long).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'check-failed' } });
    expect(long.log).toMatch(/guardrail-too-long.* more than the 1000 that .*: at most 9 of these gateways fit/);
    expect(stage.writes()).toEqual([]);
    expect(await runWith(stage, 'apply', { egress: many.slice(1) })).toMatchObject({ exitCode: 0 });
    const number = await runWith(stage, 'plan', { egress: [EGRESS.replace('acme-agents', '101010')] });
    expect(number).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'invalid-input' } });
    expect(number.log).toContain("Write the project's ID instead of 101010.");
  });

  it('must allow that engines are unbound', async () => {
    const stage = await set({ world: guardedWorld({ engines: bound('egress') }) });
    const result = await runWith(stage, 'apply', { egress: [EGRESS], rest: rest('none') });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'check-failed' } });
    expect(result.log).toMatch(/guardrail-forbids-plan.*leaves engines without an egress gateway/);
    expect(stage.writes()).toEqual([]);
  });

  it('name the engines that could no longer be deployed', async () => {
    const engines = [{ id: SUPPORT, displayName: 'Support agent' }, ...bound('egress').slice(1)];
    const stage = await set({ world: guardedWorld({ engines }) });
    const { log } = await runWith(stage, 'plan', configOf({ egress: [EGRESS] }));
    expect(log).toMatch(/::warning [^\n]*guardrail-blocks-deploys[^\n]*"Support agent"/);
    expect(log).not.toMatch(/"Billing agent"/);
  });
});
