import type { Direction } from '../config/desired.js';
import type { CustomConstraint } from '../google/types.js';
import { compareText } from './canonical.js';

/** `CustomConstraint.condition` (orgpolicy v2 discovery document). */
export const MAX_CONDITION = 1_000;
export const ENGINE_TYPE = 'aiplatform.googleapis.com/ReasoningEngine';
export const METHODS: readonly string[] = ['CREATE', 'UPDATE'];

/** Names of Google's "Route Agent Runtime traffic through Agent Gateway" page. */
export const CONSTRAINT_IDS: Readonly<Record<Direction, string>> = {
  egress: 'custom.allowlistedEgressAgentGatewaysForAgentEngine',
  ingress: 'custom.allowlistedIngressAgentGatewaysForAgentEngine',
};

const CONFIG = 'resource.spec.deploymentSpec.agentGatewayConfig';
const FIELDS: Readonly<Record<Direction, string>> = {
  egress: `${CONFIG}.agentToAnywhereConfig.agentGateway`,
  ingress: `${CONFIG}.clientToAgentConfig.agentGateway`,
};

/** What a constraint permits: only engines on one of these gateways, or something that is not known here. */
export type Rule =
  { readonly kind: 'list'; readonly gateways: readonly string[] } | { readonly kind: 'other'; readonly text: string };

/** @returns the direction of one of the two constraints, by its ID or its name; undefined for any other */
export function directionOfConstraint(name: string): Direction | undefined {
  const id = name.slice(name.lastIndexOf('/') + 1);
  return (['egress', 'ingress'] as const).find((direction) => CONSTRAINT_IDS[direction] === id);
}

/** @returns each gateway once, in one order: how the list is written and compared */
export function gatewaySet(gateways: readonly string[]): string[] {
  return [...new Set(gateways)].sort(compareText);
}

/**
 * The condition of Google's page in one line: a gateway is named, and it is an approved one. So it also refuses any change of
 * an engine without a gateway.
 */
export function conditionOf(direction: Direction, gateways: readonly string[]): string {
  const field = FIELDS[direction];
  const list = gatewaySet(gateways).map((name) => `'${name}'`);
  return `has(${field}) && ${field} != '' && (${field} in [${list.join(', ')}])`;
}

/** @returns false when the platform would refuse the condition for its length */
export function fits(direction: Direction, gateways: readonly string[]): boolean {
  return conditionOf(direction, gateways).length <= MAX_CONDITION;
}

/** What an existing constraint says. White space, quotes, order, and the clause that the list implies do not matter. */
export function ruleOf(constraint: CustomConstraint, direction: Direction): Rule {
  const { actionType, ...said } = constraint as Partial<CustomConstraint>;
  const [resourceTypes, methodTypes, condition] = [
    said.resourceTypes ?? [],
    said.methodTypes ?? [],
    said.condition ?? '',
  ];
  const gateways = gatewaysIn(condition, direction);
  const isList = actionType === 'ALLOW' && isSame(resourceTypes, [ENGINE_TYPE]) && isSame(methodTypes, METHODS);
  if (isList && gateways) return { kind: 'list', gateways: gatewaySet(gateways) };
  const on = isSame(resourceTypes, [ENGINE_TYPE]) ? '' : ` of ${resourceTypes.join(', ')}`;
  return { kind: 'other', text: `${actionType ?? 'no action'} ${methodTypes.join(', ')}${on} if ${condition}` };
}

const STRING = `(?:'[^'"\\\\]*'|"[^'"\\\\]*")`;

/** @returns the gateways of a condition of the known form; undefined for any other */
export function gatewaysIn(condition: string, direction: Direction): string[] | undefined {
  const field = FIELDS[direction].replaceAll('.', '\\.');
  const known = new RegExp(
    `^\\s*has\\s*\\(\\s*${field}\\s*\\)\\s*&&\\s*(?:${field}\\s*!=\\s*(?:''|"")\\s*&&\\s*)?` +
      `(?:\\(\\s*${field}\\s+in\\s*\\[([^\\]]*)\\]\\s*\\)|${field}\\s+in\\s*\\[([^\\]]*)\\])\\s*$`,
  );
  const found = known.exec(condition);
  if (!found) return undefined;
  const list = (found[1] ?? found[2] ?? '').trim().replace(/,$/, '');
  if (list.trim() === '') return [];
  const items = list.split(',').map((item) => item.trim());
  if (!items.every((item) => new RegExp(`^${STRING}$`).test(item))) return undefined;
  return items.map((item) => item.slice(1, -1));
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return JSON.stringify(gatewaySet(a)) === JSON.stringify(gatewaySet(b));
}
