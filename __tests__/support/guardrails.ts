import type { DesiredGuardrails } from '../../src/config/desired.js';
import type { CustomConstraint, OrganizationPolicy } from '../../src/google/types.js';
import type { ObservedGuardrail } from '../../src/observe/observed.js';
import { ownedConstraintText } from '../../src/plan/guardrail-ownership.js';
import { conditionOf, CONSTRAINT_IDS } from '../../src/plan/guardrail-rule.js';
import { FILE, fromFile, gatewayNamed } from './builders.js';

export const EGRESS = gatewayNamed('egress');
export const OTHER = gatewayNamed('other');
export const CONSTRAINT = `organizations/5550001/customConstraints/${CONSTRAINT_IDS.egress}`;
export const POLICY = `projects/acme-agents/policies/${CONSTRAINT_IDS.egress}`;

/** Guardrails that approve these egress gateways, enforced on the project. */
export function guardrails(
  names: readonly string[] = [EGRESS],
  more: Partial<DesiredGuardrails> = {},
): DesiredGuardrails {
  return {
    organization: '5550001',
    approved: { egress: names.map((name, index) => ({ name, origin: fromFile(20 + index) })) },
    enforceOn: { kind: 'projects', id: 'acme-agents' },
    dryRun: false,
    origin: fromFile(18),
    ...more,
  };
}

/** The constraint as this config makes it. */
export function ownConstraint(names: readonly string[], more: Partial<CustomConstraint> = {}): CustomConstraint {
  return {
    name: CONSTRAINT,
    resourceTypes: ['aiplatform.googleapis.com/ReasoningEngine'],
    methodTypes: ['CREATE', 'UPDATE'],
    actionType: 'ALLOW',
    condition: conditionOf('egress', names),
    displayName: 'Restrict Reasoning Engine Egress to Approved Agent Gateways',
    description: ownedConstraintText(FILE, 'egress'),
    ...more,
  };
}

const ON = { rules: [{ enforce: true }] };
const NAME = { name: POLICY.replace('acme-agents', '101010'), etag: 'p1' };
export const ENFORCED: OrganizationPolicy = { ...NAME, spec: ON };
/** An exception for resources with a tag, as this config never writes one. */
export const WITH_EXCEPTION: OrganizationPolicy = {
  ...NAME,
  spec: {
    rules: [{ enforce: true }, { enforce: false, condition: { expression: "resource.matchTag('1/exempt', 'yes')" } }],
  },
};
export const DRY_RUN: OrganizationPolicy = { ...NAME, dryRunSpec: ON };

/** What was read of the egress direction. */
export const seen = (
  constraint: CustomConstraint | null = null,
  policy: OrganizationPolicy | null = null,
): { guardrails: { egress: ObservedGuardrail } } => ({ guardrails: { egress: { constraint, policy } } });
