import { describe, expect, it } from '@jest/globals';
import { planDifference } from '../../../src/plan/difference.js';
import type { Plan } from '../../../src/plan/types.js';
import {
  desired,
  endpoint,
  gateway,
  memberOf,
  observed,
  observedEngine,
  ownedService,
  policyOf,
  engineNamed,
  gatewayNamed,
  serviceNamed,
} from '../../support/builders.js';
import { planned } from '../../support/plan.js';

const want = desired({
  gateways: { egress: gateway('egress') },
  endpoints: [endpoint('stripe', ['api.stripe.com', 'files.stripe.com'])],
});
const engines = [observedEngine('1', { allow: ['stripe'] })];
const services = [ownedService('stripe', ['api.stripe.com'])];
const plan = planned(want, observed({ engines, services }));

describe('planDifference', () => {
  it('of a plan and itself is nothing, whatever the order of keys', () => {
    const turned = JSON.parse(JSON.stringify(plan), (_key, value: unknown) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).reverse())
        : value,
    ) as Plan;
    expect(planDifference(plan, turned)).toEqual([]);
  });

  it('says in words what only one of them does', () => {
    const live = planned(want, observed({ engines, services, policies: { stripe: policyOf([memberOf('1')]) } }));
    expect(planDifference(plan, live)).toEqual([
      `reviewed: grant stripe: create ${memberOf('1')}`,
      `now:      grant stripe: keep ${memberOf('1')}`,
    ]);
  });

  it('describes each layer', () => {
    const lines = planDifference({ ...plan, changes: [] }, plan);
    expect(lines).toEqual([
      `now:      binding "agent 1" (${engineNamed('1')}): create, egress null -> ${gatewayNamed('egress')}, ingress null -> null`,
      `now:      endpoint stripe: update ${serviceNamed('stripe')} (add https://files.stripe.com)`,
      `now:      grant stripe: create ${memberOf('1')}`,
    ]);
  });

  it('shows a difference of scope first', () => {
    const elsewhere = { ...plan, scope: { ...plan.scope, region: 'europe-west1' } };
    const [first, second, ...rest] = planDifference(plan, elsewhere);
    expect(first).toMatch(/^reviewed: scope .*us-central1/);
    expect(second).toMatch(/^now: {6}scope .*europe-west1/);
    expect(rest).toEqual([]);
  });
});
