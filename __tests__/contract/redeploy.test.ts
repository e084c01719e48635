import { describe, expect, it } from '@jest/globals';
import { configOf, groupOf, MAIL, plainText, PRUNE, runWith, TICKETS } from './support/day-two.js';
import { declaredWorld } from './support/declared.js';
import { annotations, BILLING, EGRESS, enginesOf, SUPPORT, useStages, type Stage } from './support/stage.js';

const set = useStages();
const CONFIG = configOf({ 'ticket-system': TICKETS, mail: MAIL }, { 'Support agent': ['ticket-system', 'mail'] });

const members = (stage: Stage, service = 'ticket-system'): readonly string[] =>
  stage.emulator.world.policy(`service:${service}`).bindings.flatMap((binding) => binding.members);
const idOf = (principal: string): string => principal.slice(principal.lastIndexOf('/') + 1);

/** The first deploy is done, and the agent has just been deleted and created anew. */
async function redeployed(config = CONFIG): Promise<{ stage: Stage; old: string; fresh: string }> {
  const stage = await set({ world: declaredWorld(config), config });
  const old = stage.emulator.world.engine('Support agent').principal;
  const fresh = stage.emulator.world.recreateEngine('Support agent').principal;
  expect(stage.decide(fresh, TICKETS)).toMatchObject({ enforced: false, reason: 'not-bound' });
  return { stage, old, fresh };
}

describe('an agent that was deleted and created anew', () => {
  it('is called recreated by plan and verify, which write nothing', async () => {
    const { stage, old, fresh } = await redeployed();
    const before = stage.writes().length;
    const plan = await stage.run('plan');
    expect(plan).toMatchObject({
      exitCode: 0,
      outputs: { to_register: '0', to_grant: '2', to_bind: '1', to_remove: '0' },
    });
    expect(groupOf(plan.log, 'Bindings')[0]).toMatch(new RegExp(`: create, recreated, was ${SUPPORT}$`));
    expect(groupOf(plan.log, 'Grants').slice(1)).toEqual([
      `+ mail: "Support agent", recreated, was ${SUPPORT}, ${fresh}`,
      `+ ticket-system: "Support agent", recreated, was ${SUPPORT}, ${fresh}`,
    ]);
    const summary = plainText(plan.summary);
    expect(summary).toContain(
      `| + bind | Support agent ${idOf(fresh)}<br>recreated, was ${SUPPORT} | none → **egress** |`,
    );
    expect(summary).toContain(`| + grant again | ticket-system | 1 | Support agent (recreated, was ${SUPPORT}) |`);
    expect(summary).toContain(`still grants an engine that is gone: ${old} (recreated as "Support agent").`);
    expect(summary).toContain('Set `prune: true`');

    const verify = await stage.run('verify');
    expect(verify).toMatchObject({
      exitCode: 1,
      outputs: { failure_reason: 'changes-found', to_grant: '2', to_bind: '1' },
    });
    const again = `"Support agent" (${idOf(fresh)}, recreated, was ${SUPPORT})`;
    for (const text of [annotations(verify.log, 'error')[0], plainText(verify.summary)]) {
      expect(text).toContain(`Endpoint mail has no grant for ${again}`);
      expect(text).toContain(`${again} is not bound to egress gateway egress`);
    }
    expect(plainText(verify.summary)).toContain(`${old} (recreated as "Support agent")`);
    expect(stage.writes()).toHaveLength(before);
  });

  it('is granted and bound by apply, and its former grants stay until somebody prunes', async () => {
    const { stage, old, fresh } = await redeployed();
    const applied = await stage.run('apply');
    expect(applied).toMatchObject({ exitCode: 0, outputs: { to_grant: '2', to_bind: '1', to_remove: '0' } });
    expect(enginesOf(applied)['Support agent']).toMatchObject({
      principal: fresh,
      egress: EGRESS,
      governance: 'governed',
    });
    expect(plainText(applied.summary)).toContain(`recreated, was ${SUPPORT}`);
    expect(members(stage)).toEqual([old, fresh]);

    const later = await stage.run('plan');
    expect(later).toMatchObject({ outputs: { changes: 'false' } });
    expect(later.log).not.toContain('recreated');
    expect(annotations(later.log, 'warning').join()).toContain(`still grants an engine that is gone: ${old}.`);

    const pruned = await stage.run('apply', PRUNE);
    expect(pruned).toMatchObject({ exitCode: 0, outputs: { to_grant: '0', to_bind: '0', to_remove: '2' } });
    expect(pruned.log).toContain('mail: took 1 member out');
    expect(plainText(pruned.summary)).toContain(`| − clean up | mail | 1 | agent ${SUPPORT} is gone |`);
    expect([...members(stage), ...members(stage, 'mail')]).toEqual([fresh, fresh]);
    expect(annotations((await stage.run('plan')).log, 'warning').join()).not.toContain('stale-members');
  });

  it('has its former grants replaced in one run with prune', async () => {
    const { stage, old, fresh } = await redeployed();
    const plan = await stage.run('plan', PRUNE);
    expect(plan).toMatchObject({ outputs: { to_grant: '2', to_bind: '1', to_remove: '2' } });
    expect(groupOf(plan.log, 'Grants')).toEqual(
      expect.arrayContaining([`- mail: engine is gone, recreated as "Support agent", ${old}`]),
    );
    const applied = await stage.run('apply', { ...PRUNE, plan_digest: plan.outputs.plan_digest ?? '' });
    expect(applied).toMatchObject({ exitCode: 0, outputs: { to_remove: '2', failure_reason: '' } });
    expect(plainText(applied.summary)).toContain(
      `| − clean up | mail | 1 | agent ${SUPPORT} is gone, recreated as Support agent |`,
    );
    expect([...members(stage), ...members(stage, 'mail')]).toEqual([fresh, fresh]);
    expect(stage.decide(fresh, MAIL)).toMatchObject({ allowed: true, enforced: true });
    expect(await stage.run('verify', PRUNE)).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
  });

  it('several times before anybody looked was one of those that are gone', async () => {
    const { stage, old, fresh } = await redeployed();
    const { world } = stage.emulator;
    for (const service of ['ticket-system', 'mail']) world.addMember(`service:${service}`, fresh);
    world.recreateEngine('Support agent');
    const plan = await stage.run('plan');
    const [one = '', other = ''] = [idOf(old), idOf(fresh)].sort();
    expect(groupOf(plan.log, 'Bindings')[0]).toContain(`: create, recreated, was one of ${one}, ${other}`);
  });
});

describe('an agent is new', () => {
  const withBoth = (other: string): string =>
    configOf(
      { 'ticket-system': TICKETS, mail: MAIL },
      { 'Support agent': ['ticket-system', 'mail'], [other]: ['ticket-system', 'mail'] },
    );

  it('next to one that was deployed anew, when nobody can say which of them it is', async () => {
    const { stage } = await redeployed();
    stage.emulator.world.addEngine({ id: '3483603031247814656', displayName: 'Refund agent' });
    const plan = await runWith(stage, 'plan', withBoth('Refund agent'));
    expect(plan).toMatchObject({ outputs: { to_grant: '4', to_bind: '2' } });
    expect(groupOf(plan.log, 'Bindings').join()).not.toContain('recreated');
  });

  it('next to one that was deployed anew, when it has been there since before the endpoints', async () => {
    const { stage } = await redeployed();
    const plan = await runWith(stage, 'plan', withBoth('Billing agent'));
    expect(plan).toMatchObject({ outputs: { to_grant: '4', to_bind: '2' } });
    const bindings = groupOf(plan.log, 'Bindings').filter((line) => line.startsWith('+'));
    expect(bindings.map((line) => [line.split('"')[1], line.includes('recreated')]).sort()).toEqual([
      ['Billing agent', false],
      ['Support agent', true],
    ]);
  });

  it('when the one that is gone was granted something else', async () => {
    const { stage } = await redeployed();
    const plan = await runWith(
      stage,
      'plan',
      configOf({ 'ticket-system': TICKETS, mail: MAIL }, { 'Support agent': ['mail'] }),
    );
    expect(plan.log).not.toContain('recreated');
  });

  it('when it has been there since before the endpoint', async () => {
    const { stage } = await redeployed(configOf({ 'ticket-system': TICKETS }, { 'Support agent': ['ticket-system'] }));
    stage.emulator.world.removeEngine('Support agent');
    const plan = await runWith(
      stage,
      'plan',
      configOf({ 'ticket-system': TICKETS }, { 'Billing agent': ['ticket-system'] }),
    );
    expect(plan).toMatchObject({ exitCode: 0, outputs: { to_grant: '1' } });
    expect(plan.log).not.toContain('recreated');
    expect(stage.emulator.world.engine(BILLING).displayName).toBe('Billing agent');
  });
});
