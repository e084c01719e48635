import type { Emulator, WorldInput } from '../../emulator/index.js';
import {
  baseWorld,
  BINDING_MASK,
  binding,
  ENGINE_A,
  ENGINES,
  PLACE,
  type Answer,
  type Call,
  type Json,
} from './helpers.js';

export const ORGANIZATION = 'organizations/5550001';
export const CONSTRAINTS = `orgpolicy/v2/${ORGANIZATION}/customConstraints`;
export const EGRESS_ID = 'custom.allowlistedEgressAgentGatewaysForAgentEngine';
export const FIELD = 'resource.spec.deploymentSpec.agentGatewayConfig.agentToAnywhereConfig.agentGateway';
export const APPROVED = `${PLACE}/agentGateways/egress`;
export const OTHER = `${PLACE}/agentGateways/other`;

/** The condition of Google's page on Agent Runtime and gateways, trailing comma included. */
export const conditionFor = (...gateways: string[]): string =>
  `has(${FIELD}) && ${FIELD} != '' && (${FIELD} in [ ${gateways.map((name) => `'${name}', `).join('')}])`;

/** A CustomConstraint as a caller sends it. */
export const constraint = (more: Json = {}, id = EGRESS_ID): Json => ({
  name: `${ORGANIZATION}/customConstraints/${id}`,
  resourceTypes: ['aiplatform.googleapis.com/ReasoningEngine'],
  methodTypes: ['CREATE', 'UPDATE'],
  actionType: 'ALLOW',
  condition: conditionFor(APPROVED),
  displayName: 'Approved egress gateways',
  description: 'Reasoning Engines can only be bound to approved gateways.',
  ...more,
});

export const policyPath = (node: string, id = EGRESS_ID): string => `orgpolicy/v2/${node}/policies/${id}`;
export const enforced = (enforce = true): Json => ({ rules: [{ enforce }] });

/** Sets a policy on a node; the constraint must exist. */
export async function putPolicy(call: Call, node: string, specs: Json, id = EGRESS_ID): Promise<Answer> {
  return call('POST', `orgpolicy/v2/${node}/policies`, { name: `${node}/policies/${id}`, ...specs });
}

/** Binds an engine and lets the operation end. */
export async function bind(emulator: Emulator, call: Call, egress?: string, engine = ENGINE_A): Promise<Answer> {
  const answer = await call('PATCH', `${ENGINES}/${engine}?${BINDING_MASK}`, binding(egress));
  emulator.world.advance(600_000);
  return answer;
}

/** Two egress gateways, of which one is approved once a policy is in force. Both may be in use at the same time. */
export const guardedWorld = (more: Partial<WorldInput> = {}): WorldInput =>
  baseWorld({
    gateways: [
      { id: 'egress', path: 'egress' },
      { id: 'other', path: 'egress' },
    ],
    customConstraints: [
      {
        id: EGRESS_ID,
        condition: conditionFor(APPROVED),
        description: 'Reasoning Engines can only be bound to approved gateways.',
      },
    ],
    settings: { aiplatform: { secondGateway: 'accepted' } },
    ...more,
  });
