import { describe, expect, it } from '@jest/globals';
import type { Desired } from '../../../src/config/desired.js';
import type { Observed } from '../../../src/observe/observed.js';
import { planDifference } from '../../../src/plan/difference.js';
import { guardrailChanges } from '../../../src/plan/types.js';
import {
  desired,
  egressConfig,
  egressGateway,
  gateway,
  gatewayNamed,
  observed,
  observedEngine,
  type ObservedParts,
} from '../../support/builders.js';
import {
  CONSTRAINT,
  DRY_RUN,
  EGRESS,
  ENFORCED,
  guardrails,
  OTHER,
  ownConstraint,
  POLICY,
  seen,
  WITH_EXCEPTION,
} from '../../support/guardrails.js';
import { planned } from '../../support/plan.js';

const THIRD = gatewayNamed('third');
const alone = (names = [EGRESS], more: Parameters<typeof guardrails>[1] = {}): Desired =>
  desired({ guardrails: guardrails(names, more) });
/** One of two engines has to move. */
const binding = (names: readonly string[], to = 'egress'): Desired =>
  desired({ gateways: { egress: gateway(to) }, guardrails: guardrails(names) });
const bound = {
  engines: [observedEngine('1', { config: egressConfig('old') })],
  gateways: { egress: egressGateway() },
};

/** `kind action: writes`, one line per change. */
const outline = (want: Desired, world: Observed): string[] =>
  guardrailChanges(planned(want, world)).map(({ kind, action, writes }) => {
    const steps = writes.map((write) => {
      const list = 'gateways' in write ? ` ${write.gateways.map((name) => name.split('/').at(-1)).join('+')}` : '';
      return `${write.when.replace('-bindings', '')}${list}`;
    });
    return `${kind} ${action}: ${steps.join(', ')}`;
  });

describe('the guardrail layer', () => {
  it('is nothing without guardrails', () => {
    expect(guardrailChanges(planned(desired(), observed(seen(ownConstraint([OTHER]), ENFORCED))))).toEqual([]);
  });

  it('creates the constraint and its policy, after the bindings', () => {
    const plan = planned(alone(), observed());
    expect(plan.changes).toEqual([
      {
        layer: 'guardrail',
        kind: 'constraint',
        action: 'create',
        direction: 'egress',
        name: CONSTRAINT,
        from: null,
        to: [EGRESS],
        displayName: 'Restrict Reasoning Engine Egress to Approved Agent Gateways',
        description: expect.stringMatching(/Managed by .*\[config=agent-gateway\.yaml guardrail=egress\]$/),
        fields: [],
        writes: [expect.objectContaining({ when: 'after-bindings', gateways: [EGRESS] })],
      },
      {
        layer: 'guardrail',
        kind: 'policy',
        action: 'create',
        direction: 'egress',
        name: POLICY,
        from: 'off',
        to: 'enforced',
        writes: [expect.objectContaining({ when: 'after-bindings' })],
      },
    ]);
    expect(plan.summary).toEqual({ register: 0, grant: 0, bind: 0, remove: 0 });
  });

  it('keeps what is as declared, whatever it looks like', () => {
    const { condition } = ownConstraint([EGRESS, OTHER]);
    const turned = condition.replace(/'([^']*)', '([^']*)'/, `"$2",\n  "$1",`);
    expect(turned).not.toBe(condition);
    const world = observed(seen(ownConstraint([], { condition: turned }), ENFORCED));
    expect(outline(alone([OTHER, EGRESS]), world)).toEqual(['constraint keep: ', 'policy keep: ']);
  });

  it.each<[string, Desired, ObservedParts, string[]]>([
    ['a gateway more', alone([EGRESS, OTHER]), seen(ownConstraint([EGRESS]), ENFORCED), ['before egress+other']],
    ['a gateway less', alone([EGRESS]), seen(ownConstraint([EGRESS, OTHER]), ENFORCED), ['after egress']],
    ['another, and nothing to bind', alone([OTHER]), seen(ownConstraint([EGRESS]), ENFORCED), ['after other']],
    [
      'another, and engines to bind',
      binding([EGRESS]),
      { ...bound, ...seen(ownConstraint([OTHER]), ENFORCED) },
      ['before egress+other, after egress'],
    ],
    [
      'no list, which may forbid anything',
      binding([EGRESS]),
      { ...bound, ...seen(ownConstraint([EGRESS], { condition: 'false' }), ENFORCED) },
      ['before egress'],
    ],
  ])('plans the list for %s', (_what, want, world, [steps = '']) => {
    expect(outline(want, observed(world))).toEqual([`constraint update: ${steps}`, 'policy keep: ']);
  });

  it('leaves out the step in between where both lists together are too long', () => {
    const many = (prefix: string): string[] =>
      Array.from({ length: 8 }, (_, index) => gatewayNamed(`${prefix}-${index}`));
    const world = observed({ ...bound, ...seen(ownConstraint(many('old')), ENFORCED) });
    const [constraint] = outline(binding(many('new')), world);
    expect(constraint).toMatch(/^constraint update: before new-0[^,]*$/);
  });

  it.each<[string, boolean, Parameters<typeof seen>[1], string]>([
    ['off to dry run', true, null, 'policy create: after'],
    ['off to enforced', false, null, 'policy create: after'],
    ['dry run to enforced', false, DRY_RUN, 'policy update: after'],
    ['enforced to dry run', true, ENFORCED, 'policy update: before'],
    ['switched off to enforced', false, { ...ENFORCED, spec: { rules: [{ enforce: false }] } }, 'policy update: after'],
    ['switched off to dry run', true, { ...ENFORCED, spec: { reset: true } }, 'policy update: after'],
    ['other rules to enforced', false, WITH_EXCEPTION, 'policy update: after'],
    ['other rules to dry run', true, WITH_EXCEPTION, 'policy update: before'],
  ])('plans the policy from %s', (_what, dryRun, policy, expected) => {
    const [, line] = outline(alone([EGRESS], { dryRun }), observed(seen(ownConstraint([EGRESS]), policy)));
    expect(line).toBe(expected);
  });

  it('makes its own texts right, and leaves those of others', () => {
    const own = ownConstraint([EGRESS], { displayName: 'Renamed' });
    const [change] = guardrailChanges(planned(alone(), observed(seen(own, ENFORCED))));
    expect(change).toMatchObject({ action: 'update', fields: [{ field: 'displayName', from: 'Renamed' }] });
    const hand = ownConstraint([EGRESS], { displayName: 'By hand', description: 'Ask us.' });
    const [kept] = guardrailChanges(planned(alone(), observed(seen(hand, ENFORCED))));
    expect(kept).toMatchObject({ action: 'keep', displayName: 'By hand', description: 'Ask us.' });
    const more = guardrailChanges(planned(alone([EGRESS, OTHER]), observed(seen(hand, ENFORCED))));
    expect(more[0]).toMatchObject({ action: 'update', displayName: 'By hand', description: 'Ask us.' });
  });

  it('puts its mark on a list that nobody has described', () => {
    const bare = ownConstraint([OTHER], { displayName: 'By hand', description: '' });
    const [change] = guardrailChanges(planned(alone(), observed(seen(bare, ENFORCED))));
    const { description } = ownConstraint([EGRESS]);
    expect(change).toMatchObject({ displayName: 'By hand', description, fields: [{ field: 'description', from: '' }] });
    const same = ownConstraint([EGRESS], { description: '' });
    expect(guardrailChanges(planned(alone(), observed(seen(same, ENFORCED))))[0]).toMatchObject({ action: 'keep' });
  });

  it('gives its own texts to what was no list', () => {
    const hand = ownConstraint([EGRESS], { condition: 'false', description: 'Nothing at all.' });
    const [change] = guardrailChanges(planned(alone(), observed(seen(hand, ENFORCED))));
    expect(change).toMatchObject({
      action: 'update',
      description: ownConstraint([EGRESS]).description,
      fields: [{ field: 'description', from: 'Nothing at all.' }],
    });
  });

  it('is not planned where it may not be read', () => {
    const plan = planned(binding([EGRESS]), observed({ ...bound, unreadGuardrails: ['Permission denied.'] }));
    expect(guardrailChanges(plan)).toEqual([]);
    expect(plan.summary.bind).toBe(1);
  });

  it('is covered by the digest, and told apart in words', () => {
    const one = planned(alone([EGRESS]), observed(seen(ownConstraint([OTHER]), DRY_RUN)));
    const two = planned(alone([EGRESS, THIRD]), observed(seen(ownConstraint([OTHER]), ENFORCED)));
    expect(one.digest).not.toBe(two.digest);
    expect(planDifference(one, two)).toEqual([
      `now:      guardrail egress constraint (${CONSTRAINT}): update, + ${EGRESS}, + ${THIRD}, - ${OTHER}`,
      `reviewed: guardrail egress constraint (${CONSTRAINT}): update, + ${EGRESS}, - ${OTHER}`,
      `now:      guardrail egress policy (${POLICY}): keep, enforced`,
      `reviewed: guardrail egress policy (${POLICY}): update, dry run -> enforced`,
    ]);
  });
});

describe('prune', () => {
  const without = { approved: { ingress: [] } };
  const outlineOf = (world: ObservedParts, prune = true): string[] =>
    outline({ ...alone([], without), prune }, observed(world)).filter(
      (line) => !line.startsWith('constraint create') && line !== 'policy create: after',
    );

  it.each([ENFORCED, DRY_RUN])('removes the policy of an own constraint: %j', (policy) => {
    expect(outlineOf(seen(ownConstraint([EGRESS]), policy))).toEqual(['policy remove: before']);
    const plan = planned({ ...alone([], without), prune: true }, observed(seen(ownConstraint([EGRESS]), policy)));
    expect(plan.summary.remove).toBe(1);
  });

  it.each<[string, ObservedParts, boolean]>([
    ['without prune', seen(ownConstraint([EGRESS]), ENFORCED), false],
    ["of a constraint that is not this config's", seen(ownConstraint([EGRESS], { description: 'x' }), ENFORCED), true],
    ['with rules of somebody else', seen(ownConstraint([EGRESS]), WITH_EXCEPTION), true],
    ['that is not there', seen(ownConstraint([EGRESS]), null), true],
    ['without its constraint', seen(null, ENFORCED), true],
  ])('leaves a policy %s', (_what, world, prune) => {
    expect(outlineOf(world, prune)).toEqual([]);
  });
});
