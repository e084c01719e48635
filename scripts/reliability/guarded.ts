import type { WorldInput } from '../../emulator/index.js';
import { caseOf, configOf, type Case } from './world.js';

const PLACE = 'projects/acme-agents/locations/us-central1/agentGateways';
const ON = 'projects/acme-agents';
/** Names of Google's "Route Agent Runtime traffic through Agent Gateway" page. */
const IDS = {
  egress: 'custom.allowlistedEgressAgentGatewaysForAgentEngine',
  ingress: 'custom.allowlistedIngressAgentGatewaysForAgentEngine',
};
const FIELDS = { egress: 'agentToAnywhereConfig', ingress: 'clientToAgentConfig' };
const ENGINES = [1, 2];

type Direction = keyof typeof IDS;
type Constraint = NonNullable<WorldInput['customConstraints']>[number];

const conditionOf = (direction: Direction, gateway: string): string => {
  const field = `resource.spec.deploymentSpec.agentGatewayConfig.${FIELDS[direction]}.agentGateway`;
  return `has(${field}) && ${field} != '' && (${field} in ['${PLACE}/${gateway}'])`;
};

/** What an earlier version of this action has made for this config, with other words than it uses now. */
const ownConstraint = (direction: Direction, gateway: string): Constraint => ({
  id: IDS[direction],
  condition: conditionOf(direction, gateway),
  displayName: `Approved ${direction} gateways`,
  description: `Managed by bind-agent-gateway. [config=agent-gateway.yaml guardrail=${direction}]`,
});

const factOf = (direction: Direction, field: 'condition' | 'displayName' | 'description', gateway: string): string =>
  `constraint ${IDS[direction]}: ${field} ${JSON.stringify(ownConstraint(direction, gateway)[field])}`;

/** What another team has in the same organization and on the same project. */
const FOREIGN: Pick<WorldInput, 'customConstraints' | 'orgPolicies'> = {
  customConstraints: [{ id: 'custom.namesOfEngines', condition: "resource.displayName != ''", displayName: 'Theirs' }],
  orgPolicies: [
    { on: ON, constraint: 'custom.namesOfEngines', dryRun: true },
    { on: ON, constraint: 'compute.requireOsLogin', enforce: true },
  ],
};

const guardrails = (directions: readonly Direction[]): string =>
  [
    'guardrails:',
    '  organization: "5550001"',
    ...directions.map((direction) => `  ${direction}: [${PLACE}/${direction}]`),
    `  enforce_on: ${ON}`,
    '',
  ].join('\n');

function guarded(own: Pick<WorldInput, 'customConstraints' | 'orgPolicies'>, directions: readonly Direction[]): Case {
  const { world } = caseOf(ENGINES.length, 1);
  const config = configOf({ egress: 'egress', ingress: 'ingress' }, ['tickets'], ENGINES);
  return {
    world: {
      ...world,
      customConstraints: [...(FOREIGN.customConstraints ?? []), ...(own.customConstraints ?? [])],
      orgPolicies: [...(FOREIGN.orgPolicies ?? []), ...(own.orgPolicies ?? [])],
    },
    config: `${config}${guardrails(directions)}`,
    goes: [],
  };
}

const onTrial = (direction: Direction): string =>
  `organization policy ${IDS[direction]}: on trial {"rules":[{"enforce":true}]}`;

/** A list to change, whose policy goes from trial to force, and one that is new with its policy. */
export function guardedCase(): Case {
  const own = {
    customConstraints: [ownConstraint('egress', 'former')],
    orgPolicies: [{ on: ON, constraint: IDS.egress, dryRun: true }],
  };
  const fields = ['condition', 'displayName', 'description'] as const;
  return {
    ...guarded(own, ['egress', 'ingress']),
    goes: [...fields.map((field) => factOf('egress', field, 'former')), onTrial('egress')],
  };
}

/** One direction is no longer listed: its policy is taken away. */
export function releasedCase(): Case {
  const own = {
    customConstraints: [ownConstraint('egress', 'egress'), ownConstraint('ingress', 'ingress')],
    orgPolicies: [
      { on: ON, constraint: IDS.egress, enforce: true },
      { on: ON, constraint: IDS.ingress, dryRun: true },
    ],
  };
  const texts = (['displayName', 'description'] as const).map((field) => factOf('egress', field, 'egress'));
  return { ...guarded(own, ['egress']), inputs: { prune: 'true' }, goes: [...texts, onTrial('ingress')] };
}
