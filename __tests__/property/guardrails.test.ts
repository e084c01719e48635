import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Desired } from '../../src/config/desired.js';
import type { CustomConstraint, OrganizationPolicy } from '../../src/google/types.js';
import { gatewayIn } from '../../src/plan/bindings.js';
import { enforcementOf } from '../../src/plan/guardrail-policy.js';
import { fits, ruleOf } from '../../src/plan/guardrail-rule.js';
import { hasChanges } from '../../src/plan/plan.js';
import { anotherRun, look, run, stage, type Stage } from '../support/apply.js';
import { agent, desired, egressConfig, egressGateway, gateway, gatewayNamed } from '../support/builders.js';
import { apiError } from '../support/errors.js';
import {
  CONSTRAINT,
  DRY_RUN,
  EGRESS,
  ENFORCED,
  guardrails,
  ownConstraint,
  POLICY,
  WITH_EXCEPTION,
} from '../support/guardrails.js';
import { RUNS } from './stories/runs.js';

/** Long names, so that two lists of them do not fit into one condition. */
const NAMES = ['egress', ...['a', 'b', 'c', 'd'].map((name) => name.repeat(40))];
const OFF: OrganizationPolicy = { ...ENFORCED, spec: { rules: [{ enforce: false }] } };
const FOREIGN = [CONSTRAINT, POLICY].map((name) => name.replace(/custom\.\w+$/, 'custom.somebodyElses'));

const namesArb = fc.subarray(NAMES).map((names) => names.map((name) => gatewayNamed(name)));
const thereArb = fc.record({
  constraint: fc.option(
    fc.oneof(
      namesArb.map((names) => ownConstraint(names)),
      namesArb.map((names) => ownConstraint(names, { description: 'by hand' })),
      // This config's own, with another condition in the place of the list.
      fc.constant(ownConstraint([], { condition: 'false' })),
    ),
    { nil: null },
  ),
  policy: fc.constantFrom(null, ENFORCED, DRY_RUN, OFF, WITH_EXCEPTION),
  /** What the engine is bound to. */
  bound: fc.option(fc.constantFrom(...NAMES), { nil: null }),
});
type There = typeof thereArb extends fc.Arbitrary<infer T> ? T : never;

const wantArb: fc.Arbitrary<Desired> = fc
  .record({ names: namesArb, dryRun: fc.boolean(), binds: fc.boolean() })
  .map(({ names, dryRun, binds }) =>
    desired({
      ...(binds ? { gateways: { egress: gateway('egress') }, agents: [agent('1', [])] } : {}),
      // What is only tried out may forbid the bindings.
      guardrails: guardrails(dryRun && names.length > 0 ? names : [...new Set([EGRESS, ...names])], { dryRun }),
      // Rules of others are replaced where the config says so.
      checkLevels: { 'guardrail-made-elsewhere': { level: 'warning', origin: { kind: 'input', input: 'config' } } },
    }),
  );

/**
 * A world in which a binding is refused by what is enforced at that moment, and in which it must not be refused yet to deploy an
 * engine that is still where it was.
 */
function staged({ constraint, policy, bound }: There, want: Desired): Stage {
  const on = stage();
  const { organization, engines } = on.google;
  // There is no policy without its constraint.
  if (constraint) organization.constraints.set(CONSTRAINT, constraint);
  if (constraint && policy) organization.putPolicy({ ...policy, name: POLICY });
  organization.constraints.set(FOREIGN[0] ?? '', { ...ownConstraint([]), description: 'theirs' });
  organization.putPolicy({ ...ENFORCED, name: FOREIGN[1] ?? '' });
  for (const name of NAMES) on.google.gateways.set(gatewayNamed(name), egressGateway(name));
  engines.add('1', bound === null ? {} : { config: egressConfig(bound) });
  const before = bound === null ? null : gatewayNamed(bound);
  const staysAllowed = isAllowed(organization, before) && fits('egress', [...listOf(constraint), ...approvedBy(want)]);
  on.google.weather = ({ method, body }) => {
    if (method !== 'aiplatform.patchGatewayConfig') return 'pass';
    const target = gatewayIn(body ?? {}, 'egress');
    const isRefused = !isAllowed(organization, target) || (staysAllowed && !isAllowed(organization, before));
    return isRefused
      ? apiError(400, 'FAILED_PRECONDITION', { reason: 'CUSTOM_ORG_POLICY_VIOLATION', metadata: {} })
      : 'pass';
  };
  return on;
}

function isAllowed({ constraints, policies }: Stage['google']['organization'], target: string | null): boolean {
  const constraint = constraints.get(CONSTRAINT);
  if (constraint === undefined || enforcementOf(policies.get(POLICY)) !== 'enforced') return true;
  return target !== null && listOf(constraint).includes(target);
}

function listOf(constraint: CustomConstraint | null): readonly string[] {
  const rule = constraint && ruleOf(constraint, 'egress');
  return rule?.kind === 'list' ? rule.gateways : [];
}

const approvedBy = ({ guardrails: declared }: Desired): string[] =>
  (declared?.approved.egress ?? []).map(({ name }) => name).sort();

const foreign = ({ google: { organization } }: Stage): (CustomConstraint | OrganizationPolicy | undefined)[] => [
  organization.constraints.get(FOREIGN[0] ?? ''),
  organization.policies.get(FOREIGN[1] ?? ''),
];

async function expectAsDeclared(on: Stage, want: Desired): Promise<void> {
  const { plan } = await look(on, want);
  expect(plan.changes.filter(({ action }) => action !== 'keep')).toEqual([]);
  expect(hasChanges(plan)).toBe(false);
  const { constraints, policies } = on.google.organization;
  expect(listOf(constraints.get(CONSTRAINT) ?? null)).toEqual(approvedBy(want));
  expect(enforcementOf(policies.get(POLICY))).toBe(want.guardrails?.dryRun ? 'dry-run' : 'enforced');
}

describe('guardrails, for any list and policy before and after', () => {
  it('are brought to what is declared, and never refuse the bindings of their own plan', async () => {
    await fc.assert(
      fc.asyncProperty(thereArb, wantArb, async (there, want) => {
        const on = staged(there, want);
        const before = foreign(on);
        const { plan, result } = await run(on, want);
        expect(plan.checks.filter(({ level }) => level === 'error')).toEqual([]);
        expect(result.failures).toEqual([]);
        await expectAsDeclared(on, want);
        expect(foreign(on)).toEqual(before);
      }),
      RUNS,
    );
  });

  it('are carried on with by the next run, wherever a run was cut off', async () => {
    await fc.assert(
      fc.asyncProperty(thereArb, wantArb, fc.nat(25), async (there, want, calls) => {
        const on = staged(there, want);
        const before = foreign(on);
        on.google.cutAfter(calls);
        await run(on, want).catch(() => undefined);
        on.google.cutAfter(Infinity);
        const next = anotherRun(on);
        const { result } = await run(next, want);
        expect(result.failures).toEqual([]);
        await expectAsDeclared(next, want);
        expect(foreign(on)).toEqual(before);
      }),
      RUNS,
    );
  });
});
