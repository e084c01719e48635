import { describe, expect, it } from '@jest/globals';
import { conditionOf, directionOfConstraint, fits, gatewaysIn, ruleOf } from '../../../src/plan/guardrail-rule.js';
import { enforcementOf } from '../../../src/plan/guardrail-policy.js';
import type { OrganizationPolicy } from '../../../src/google/types.js';
import { EGRESS, OTHER, ownConstraint } from '../../support/guardrails.js';

const F = 'resource.spec.deploymentSpec.agentGatewayConfig.agentToAnywhereConfig.agentGateway';
const INGRESS_FIELD = F.replace('agentToAnywhere', 'clientToAgent');

describe('the condition', () => {
  it("is that of Google's page, sorted, each gateway once", () => {
    expect(conditionOf('egress', [OTHER, EGRESS, OTHER])).toBe(
      `has(${F}) && ${F} != '' && (${F} in ['${EGRESS}', '${OTHER}'])`,
    );
    expect(conditionOf('ingress', [EGRESS])).toContain(`has(${INGRESS_FIELD})`);
  });

  it('fits with nine names of 73 characters, not with ten', () => {
    const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index}`.padEnd(73, 'x'));
    expect(fits('egress', names(9))).toBe(true);
    expect(fits('egress', names(10))).toBe(false);
  });
});

describe('a condition of the known form', () => {
  const list = `['${OTHER}', '${EGRESS}']`;

  it.each([
    conditionOf('egress', [EGRESS, OTHER]),
    `has(${F}) && ${F} in ${list}`,
    `has(${F})&&${F} in${list}`,
    `\n has( ${F} ) &&\n  ${F} != "" &&\n ( ${F} in [\n '${OTHER}',\n "${EGRESS}",\n ] )\n`,
  ])('is read whatever it looks like: %s', (condition) => {
    expect(gatewaysIn(condition, 'egress')?.sort()).toEqual([EGRESS, OTHER].sort());
  });

  it.each([
    ['nothing', ''],
    ['another field', conditionOf('ingress', [EGRESS])],
    ['no has', `${F} in ${list}`],
    ['another comparison', `has(${F}) && ${F} == '${EGRESS}'`],
    ['a negation', `!has(${F}) && ${F} in ${list}`],
    ['something more', `${conditionOf('egress', [EGRESS])} || true`],
    ['an alternative', `has(${F}) || ${F} in ${list}`],
    ['an unequal bracket', `has(${F}) && (${F} in ${list}`],
    ['an escape', `has(${F}) && ${F} in ['a\\'b']`],
    ['a raw string', `has(${F}) && ${F} in [r'a']`],
    ['a variable', `has(${F}) && ${F} in [${F}]`],
    ['joined strings', `has(${F}) && ${F} in ['a' + 'b']`],
    ['two commas', `has(${F}) && ${F} in ['a',,'b']`],
    ['a field that only looks like it', conditionOf('egress', [EGRESS]).replaceAll('agentGateway)', 'agentGatewayX)')],
  ])('is none with %s', (_what, condition) => {
    expect(gatewaysIn(condition, 'egress')).toBeUndefined();
  });

  it('may approve nothing', () => {
    expect(gatewaysIn(`has(${F}) && ${F} in []`, 'egress')).toEqual([]);
  });

  it('is no list in a constraint that asks something else', () => {
    const rule = (more: object) => ruleOf(ownConstraint([EGRESS], more), 'egress');
    expect(rule({})).toEqual({ kind: 'list', gateways: [EGRESS] });
    expect(rule({ methodTypes: ['UPDATE', 'CREATE'] }).kind).toBe('list');
    expect(rule({ methodTypes: ['CREATE'] })).toMatchObject({ kind: 'other' });
    expect(rule({ actionType: 'DENY' })).toMatchObject({ text: expect.stringMatching(/^DENY CREATE, UPDATE if has/) });
    expect(rule({ resourceTypes: ['x.googleapis.com/Y'] })).toMatchObject({
      text: expect.stringContaining('of x.googleapis.com/Y if'),
    });
  });
});

describe('a constraint', () => {
  it('is one of ours by its name alone', () => {
    expect(directionOfConstraint('custom.allowlistedEgressAgentGatewaysForAgentEngine')).toBe('egress');
    expect(directionOfConstraint('customConstraints/custom.allowlistedIngressAgentGatewaysForAgentEngine')).toBe(
      'ingress',
    );
    expect(directionOfConstraint('custom.allowlistedEgressAgentGateways')).toBeUndefined();
  });
});

describe('a policy', () => {
  const on = { rules: [{ enforce: true }] };
  const off = { rules: [{ enforce: false }] };

  it.each<[string, Omit<OrganizationPolicy, 'name'> | null]>([
    ['off', null],
    ['off', {}],
    ['enforced', { spec: { ...on, etag: 'x', updateTime: 'y' } }],
    ['enforced', { spec: on, dryRunSpec: on }],
    ['dry-run', { dryRunSpec: on }],
    ['dry-run', { spec: off, dryRunSpec: on }],
    ['off', { spec: off }],
    ['off', { dryRunSpec: off }],
    ['off', { spec: { reset: true } }],
    ['other-rules', { spec: on, dryRunSpec: off }],
    ['other-rules', { spec: { reset: true, ...on } }],
    ['other-rules', { spec: { rules: [{}] } }],
    ['other-rules', { spec: { rules: [{ enforce: true, parameters: {} }] } }],
    ['other-rules', { spec: { ...on, inheritFromParent: true } }],
    ['other-rules', { dryRunSpec: { rules: [{ enforce: true, condition: { expression: 'x' } }] } }],
    ['other-rules', { spec: {} }],
    ['other-rules', { spec: { rules: [{ enforce: true, condition: { expression: 'x' } }] } }],
    ['other-rules', { spec: { rules: [{ enforce: true }, { enforce: false, condition: { expression: 'x' } }] } }],
  ])('is %s: %j', (expected, policy) => {
    expect(enforcementOf(policy && { name: 'p', ...policy })).toBe(expected);
  });
});
