import type { ApplyResult, ServiceResult } from '../apply/result.js';
import { DIRECTIONS } from '../config/desired.js';
import {
  bindingChanges,
  directionOf,
  endpointChanges,
  grantChanges,
  guardrailChanges,
  isChange,
  type BindingChange,
  type EndpointChange,
  type GrantChange,
  type GuardrailChange,
  type Plan,
} from '../plan/types.js';
import { guardrailText } from '../plan/guardrail-text.js';
import { describeBinding } from './kinds.js';
import { gatewayLabel, plural, serviceLabel } from './words.js';

/** Names that are listed before the rest is only counted. */
const SHOWN = 5;

/**
 * What of a plan is not done after an apply that failed or was stopped: endpoints, grants, bindings, then guardrails.
 *
 * @returns one line of plain text each; none when all is done
 */
export function stillOpen(plan: Plan, result: ApplyResult): string[] {
  const services = [...new Set(plan.changes.flatMap((change) => ('service' in change ? change.service : [])))];
  return [
    ...services.flatMap((service) => openService(service, plan, result.services.get(service))),
    ...bindingChanges(plan).flatMap((change) => openBinding(change, plan, result)),
    ...guardrailChanges(plan).flatMap((change) => openGuardrail(change, result)),
  ];
}

function openService(service: string, plan: Plan, result: ServiceResult | undefined): string[] {
  if (result && result.status !== 'failed') return [];
  const change = endpointChanges(plan).find((item) => item.service === service && isChange(item));
  const grants = grantChanges(plan).filter((grant) => grant.service === service && isChange(grant));
  const [rules, members] = [grants.filter(({ model }) => model === 'V2'), grants.filter(({ model }) => !model)];
  return [
    ...openEndpoint(change, plan, result),
    ...openGrants(members, plan, result?.granted ?? 0),
    ...openGrants(rules.filter(isNew), plan, result?.ruled ?? 0),
    ...openRemovals(rules.filter((grant) => !isNew(grant))),
  ];
}

/** A result with a registry resource was registered; hosts are taken out last, and only where nothing failed before. */
function openEndpoint(change: EndpointChange | undefined, plan: Plan, result: ServiceResult | undefined): string[] {
  if (!change) return [];
  const name = `Endpoint ${change.key} (${serviceLabel(change.service, plan.scope.project)})`;
  if (result?.registryResource === undefined) {
    return [`${name}: not ${change.action === 'create' ? 'registered' : 'updated'}.`];
  }
  const removes = change.interfaces.some(({ action }) => action === 'remove');
  return removes ? [`${name}: hosts that are no longer declared may still be there.`] : [];
}

function openGrants(grants: readonly GrantChange[], plan: Plan, done: number): string[] {
  const [first] = grants;
  // The grants of a service are written at once: where some count, what failed is something after them.
  if (!first || done > 0) return [];
  const names = grants.map(({ displayName, member }) =>
    displayName === undefined ? member : JSON.stringify(displayName),
  );
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
  const service = serviceLabel(first.service, plan.scope.project);
  return [
    `Endpoint ${first.key} (${service}): ${plural(grants.length, 'grant')} not given, ${names.slice(0, SHOWN).join(', ')}${more}.`,
  ];
}

/** They come last, so where the service failed they are open whatever else was done. */
function openRemovals(grants: readonly GrantChange[]): string[] {
  const [first] = grants;
  return first ? [`Endpoint ${first.key}: ${plural(grants.length, 'member')} not taken out of its rule.`] : [];
}

function isNew({ action }: GrantChange): boolean {
  return action === 'create';
}

function openBinding(change: BindingChange, plan: Plan, { engines }: ApplyResult): string[] {
  const result = engines.get(change.engine);
  if (!isChange(change) || (result && result.status !== 'failed' && result.status !== 'pending')) return [];
  const directions = DIRECTIONS.flatMap((direction) => {
    const { from, to } = directionOf(change, direction);
    const [before, after] = [from, to].map((name) => gatewayLabel(name, plan.scope.project));
    return from === to ? [] : [`${direction} ${before} → ${after}`];
  });
  const how = result?.status === 'failed' ? 'failed' : 'not reached';
  const { words } = describeBinding(change);
  return [
    `Engine ${JSON.stringify(change.displayName)} (${lastSegment(change.engine)}): ${words}, ${directions.join(', ')}: ${how}.`,
  ];
}

function openGuardrail(change: GuardrailChange, { guardrails }: ApplyResult): string[] {
  const result = guardrails.get(change.name);
  if (!isChange(change) || result?.status === 'done') return [];
  const how = result?.status === 'failed' ? 'failed' : 'not reached, since it waits until all before it is done';
  return [`Guardrail ${change.direction}, ${change.kind} ${change.name}: ${guardrailText(change)}: ${how}.`];
}

function lastSegment(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
