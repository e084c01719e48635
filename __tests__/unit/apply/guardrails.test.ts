import { describe, expect, it } from '@jest/globals';
import { applyPlan } from '../../../src/apply/apply.js';
import type { Desired } from '../../../src/config/desired.js';
import { CancelledError, OperationError } from '../../../src/google/errors.js';
import { stillOpen } from '../../../src/report/open.js';
import { clientsOf, look, run, stage, type Stage } from '../../support/apply.js';
import {
  agent,
  desired,
  egressConfig,
  egressGateway,
  engineNamed,
  gateway,
  gatewayNamed,
} from '../../support/builders.js';
import { aborted, apiError, reset, tooLate } from '../../support/errors.js';
import {
  CONSTRAINT,
  DRY_RUN,
  EGRESS,
  ENFORCED,
  guardrails,
  OTHER,
  ownConstraint,
  POLICY,
  WITH_EXCEPTION,
} from '../../support/guardrails.js';

const THIRD = gatewayNamed('third');
const alone = (names = [EGRESS], more: Parameters<typeof guardrails>[1] = {}): Desired =>
  desired({ guardrails: guardrails(names, more) });
const binding = (names: readonly string[]): Desired =>
  desired({ gateways: { egress: gateway('egress') }, agents: [agent('1', [])], guardrails: guardrails(names) });

interface There {
  readonly approved?: readonly string[];
  readonly policy?: typeof ENFORCED;
}

/** An organization as it is before the run. */
function organization({ approved, policy }: There = {}): Stage {
  const on = stage();
  if (approved) on.google.organization.constraints.set(CONSTRAINT, ownConstraint(approved));
  if (policy) on.google.organization.putPolicy({ ...policy, name: POLICY });
  return on;
}

const writes = (on: Stage): string[] => on.google.writes().map(({ method }) => method.replace('orgpolicy.', ''));
const approvedNow = (on: Stage): string | undefined => on.google.organization.constraints.get(CONSTRAINT)?.condition;

describe('writing guardrails', () => {
  it('creates the constraint before its policy, and nothing the second time', async () => {
    const on = organization();
    const { result } = await run(on, alone());
    expect(result.failures).toEqual([]);
    expect(writes(on)).toEqual(['createConstraint', 'createPolicy']);
    expect([...result.guardrails.values()]).toEqual([
      { name: CONSTRAINT, status: 'done' },
      { name: POLICY, status: 'done' },
    ]);
    await run(on, alone());
    expect(writes(on)).toEqual([]);
  });

  it('loosens from the outside in', async () => {
    const on = organization({ approved: [EGRESS], policy: ENFORCED });
    await run(on, alone([EGRESS, OTHER], { dryRun: true }));
    expect(writes(on)).toEqual(['patchPolicy', 'patchConstraint']);
  });

  it.each<[string, Error]>([
    ['an etag conflict', aborted()],
    ['an answer that was lost', reset()],
    ['a server error', apiError(503, 'UNAVAILABLE')],
  ])('goes round again after %s', async (_what, error) => {
    const on = organization({ approved: [EGRESS], policy: DRY_RUN });
    on.google.script('orgpolicy.patchPolicy', error, { after: reset() });
    const { result } = await run(on, alone());
    expect(result.failures).toEqual([]);
    // The second write was carried out, so a fresh read is enough.
    expect(writes(on)).toEqual(['patchPolicy', 'patchPolicy']);
    expect(on.google.organization.policies.get(POLICY)?.spec).toEqual({ rules: [{ enforce: true }] });
  });

  it('gives up after some rounds', async () => {
    const on = organization({ approved: [EGRESS], policy: DRY_RUN });
    on.google.script('orgpolicy.patchPolicy', ...Array.from({ length: 9 }, aborted));
    const { result } = await run(on, alone());
    expect(result.failures).toEqual([expect.objectContaining({ reason: 'api-error' })]);
    expect(writes(on)).toHaveLength(5);
  });

  it('finds what it creates already there, and a policy that somebody has just removed', async () => {
    const on = organization();
    on.google.script('orgpolicy.createConstraint', { after: reset() });
    await run(on, alone());
    expect(writes(on)).toEqual(['createConstraint', 'createPolicy']);

    const pruned = organization({ approved: [EGRESS], policy: ENFORCED });
    const { policies } = pruned.google.organization;
    pruned.google.script('orgpolicy.deletePolicy', () => void policies.delete(POLICY));
    const want = { ...alone([], { approved: { ingress: [] } }), prune: true };
    const { result } = await run(pruned, want);
    expect(result.guardrails.get(POLICY)).toEqual({ name: POLICY, status: 'done' });
  });

  it.each<[string, (on: Stage) => void, string]>([
    ['the list', (on) => on.google.organization.constraints.set(CONSTRAINT, ownConstraint([EGRESS, THIRD])), 'third'],
    [
      'the policy',
      (on) => void on.google.organization.putPolicy({ ...WITH_EXCEPTION, name: POLICY }),
      'resource.matchTag',
    ],
  ])('leaves it alone where somebody has changed %s since the plan', async (_what, change, now) => {
    const on = organization({ approved: [EGRESS], policy: DRY_RUN });
    const { plan, observed } = await look(on, alone([EGRESS, OTHER]));
    change(on);
    on.google.calls.length = 0;
    const { failures } = await applyPlan(plan, observed, { propagationWaitMs: 0 }, on.deps);
    expect(failures[0]?.message).toMatch(/somebody else has changed .* since it was read/);
    expect(failures[0]?.message).toContain(now);
  });

  it('leaves other rules alone than those the plan has shown', async () => {
    const on = organization({ approved: [EGRESS], policy: WITH_EXCEPTION });
    const { plan, observed } = await look(on, alone());
    const rules = [
      { enforce: true },
      { enforce: false, condition: { expression: "resource.matchTag('1/new', 'yes')" } },
    ];
    on.google.organization.putPolicy({ name: POLICY, spec: { rules } });
    const { failures } = await applyPlan(plan, observed, { propagationWaitMs: 0 }, on.deps);
    expect(failures[0]?.message).toMatch(/somebody else has changed .*'1\/new'/);
    expect(on.google.organization.policies.get(POLICY)).toMatchObject({ spec: { rules } });
  });

  it('says so when an accepted write is not there', async () => {
    const on = organization({ approved: [EGRESS], policy: DRY_RUN });
    const { orgpolicy } = on.google;
    const google = clientsOf(on, { orgpolicy: { ...orgpolicy, patchPolicy: () => orgpolicy.getPolicy(POLICY) } });
    const { plan, observed } = await look(on, alone());
    const deps = { ...on.deps, google };
    const { failures } = await applyPlan(plan, observed, { propagationWaitMs: 0 }, deps);
    expect(failures[0]?.message).toContain('does not say what was written');
  });

  it('stops when the run is cancelled', async () => {
    const on = organization();
    const { plan, observed } = await look(on, alone());
    on.stop(new CancelledError());
    on.google.calls.length = 0;
    const { failures } = await applyPlan(plan, observed, { propagationWaitMs: 0 }, on.deps);
    expect(failures[0]).toMatchObject({ reason: 'cancelled' });
    expect(writes(on)).toEqual([]);
  });
});

describe('guardrails around bindings', () => {
  const moving = (policy = ENFORCED): Stage => {
    const on = organization({ approved: [OTHER], policy });
    on.google.gateways.set(EGRESS, egressGateway());
    on.google.engines.add('1', { config: egressConfig('other') });
    return on;
  };

  it('are loosened before the first and tightened after the last', async () => {
    const on = moving();
    const { result } = await run(on, binding([EGRESS]));
    expect(result.failures).toEqual([]);
    expect(on.google.writes().map(({ method }) => method)).toEqual([
      'orgpolicy.patchConstraint',
      'aiplatform.patchGatewayConfig',
      'orgpolicy.patchConstraint',
    ]);
    expect(
      on.google.bodiesOf('orgpolicy.patchConstraint').map((body) => (body as { condition: string }).condition),
    ).toEqual([expect.stringContaining(`'${EGRESS}', '${OTHER}'`), expect.not.stringContaining(OTHER)]);
  });

  it('stay loosened when the first write may still be carried out, and come after the next one', async () => {
    const on = moving(DRY_RUN);
    on.google.script('orgpolicy.patchConstraint', tooLate());
    const { plan, result } = await run(on, binding([EGRESS]));
    expect(result.failures).toEqual([
      expect.objectContaining({
        reason: 'api-error',
        message: expect.stringMatching(/^Writing the custom constraint .* may still be carried out/) as unknown,
      }),
    ]);
    expect(result.engines.get(engineNamed('1'))).toMatchObject({ status: 'changed' });
    expect(approvedNow(on)).toContain(OTHER);
    expect(on.google.called('orgpolicy.patchPolicy')).toEqual([]);
    expect(stillOpen(plan, result)).toHaveLength(2);
    const again = await run(on, binding([EGRESS]));
    expect(again.result.failures).toEqual([]);
    expect(approvedNow(on)).not.toContain(OTHER);
  });

  it('stay loosened, and are told of, when an engine could not be bound', async () => {
    const on = moving();
    on.google.script('aiplatform.patchGatewayConfig', new OperationError('op', { code: 13 }));
    const { plan, result } = await run(on, binding([EGRESS]));
    expect(approvedNow(on)).toContain(OTHER);
    expect(result.guardrails.has(CONSTRAINT)).toBe(false);
    expect(stillOpen(plan, result).at(-1)).toMatch(/^Guardrail egress, constraint .*: \+ .*, - .*: not reached, since/);
  });

  it('leave the rest of their direction alone once a write failed', async () => {
    const on = moving(DRY_RUN);
    on.google.script('orgpolicy.patchConstraint', apiError(403, 'PERMISSION_DENIED', { api: 'orgpolicy' }));
    const { plan, result } = await run(on, binding([EGRESS]));
    expect(result.failures).toEqual([expect.objectContaining({ reason: 'permission-denied' })]);
    expect(result.failures[0]?.next[0]).toContain('orgpolicy.customConstraints.create and .update');
    expect(result.engines.get(engineNamed('1'))).toMatchObject({ status: 'changed' });
    expect(on.google.called('orgpolicy.patchPolicy')).toEqual([]);
    expect(stillOpen(plan, result).map((line) => line.replace(/.*: /, ''))).toEqual([
      'failed.',
      'not reached, since it waits until all before it is done.',
    ]);
  });

  const refusal = apiError(400, 'FAILED_PRECONDITION', {
    reason: 'CUSTOM_ORG_POLICY_VIOLATION',
    metadata: { customConstraints: `customConstraints/${CONSTRAINT.split('/').at(-1) ?? ''}` },
  });

  it('are waited for where this run has loosened them', async () => {
    const on = moving();
    on.google.script('aiplatform.patchGatewayConfig', ...Array.from({ length: 12 }, () => refusal));
    const start = on.clock.now();
    const { result } = await run(on, binding([EGRESS]));
    expect(result.failures).toEqual([]);
    expect(on.google.called('aiplatform.patchGatewayConfig')).toHaveLength(13);
    expect(on.clock.now() - start).toBeLessThan(15 * 60_000);
  });

  it('are waited for no longer than they may take', async () => {
    const on = moving();
    on.google.script('aiplatform.patchGatewayConfig', ...Array.from({ length: 99 }, () => refusal));
    const { result } = await run(on, binding([EGRESS]));
    expect(result.failures).toEqual([expect.objectContaining({ reason: 'bind-failed' })]);
    expect(result.failures[0]?.message).toContain(`Approved: ${EGRESS}, ${OTHER}.`);
    expect(on.google.called('aiplatform.patchGatewayConfig').length).toBeLessThan(30);
  });

  it('are not waited for where this run has not', async () => {
    const on = organization({ approved: [EGRESS], policy: ENFORCED });
    on.google.gateways.set(EGRESS, egressGateway());
    on.google.engines.add('1');
    on.google.script('aiplatform.patchGatewayConfig', refusal);
    const { result } = await run(on, binding([EGRESS]));
    expect(result.failures[0]?.next.join(' ')).toContain('up to 15 minutes');
    expect(on.google.called('aiplatform.patchGatewayConfig')).toHaveLength(1);
  });
});
