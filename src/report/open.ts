import type { ApplyResult, RemovalResult, RemovalResults, ServiceResult } from '../apply/result.js';
import { DIRECTIONS } from '../config/desired.js';
import {
  bindingChanges,
  directionOf,
  endpointChanges,
  grantChanges,
  guardrailChanges,
  isChange,
  isRemoval,
  type BindingChange,
  type EndpointChange,
  type GrantChange,
  type GuardrailChange,
  type Plan,
} from '../plan/types.js';
import { groupBy } from '../plan/canonical.js';
import { guardrailText } from '../plan/guardrail-text.js';
import { describeBinding } from './kinds.js';
import { gatewayLabel, plural, serviceLabel } from './words.js';

/** Names that are listed before the rest is only counted. */
const SHOWN = 5;

/**
 * What of a plan is not done after an apply that failed or was stopped: endpoints, grants, bindings, guardrails, then what
 * was to be taken away.
 *
 * @returns one line of plain text each; none when all is done
 */
export function stillOpen(plan: Plan, result: ApplyResult): string[] {
  const { changes } = plan;
  const services = [...new Set(changes.flatMap((change) => ('service' in change ? change.service : [])))];
  return [
    ...services.flatMap((service) => openService(service, plan, result.services.get(service))),
    ...bindingChanges(plan).flatMap((change) => openBinding(change, plan, result)),
    ...guardrailChanges(plan).flatMap((change) => openGuardrail(change, result)),
    ...openMembers(plan, result.removals),
    ...openRemovals(plan, result.removals),
  ];
}

function openService(service: string, plan: Plan, result: ServiceResult | undefined): string[] {
  if (result && result.status !== 'failed' && !result.unprepared) return [];
  const isOpen = (item: EndpointChange | GrantChange): boolean =>
    item.service === service && isChange(item) && !isRemoval(item);
  const change = endpointChanges(plan).find(isOpen);
  const grants = grantChanges(plan).filter(isOpen);
  const [rules, members] = [grants.filter(({ model }) => model === 'V2'), grants.filter(({ model }) => !model)];
  if (result?.unprepared) return openGrants(rules, plan, 0);
  return [
    ...openEndpoint(change, plan, result),
    ...openGrants(members, plan, result?.granted ?? 0),
    ...openGrants(rules, plan, result?.ruled ?? 0),
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

function openMembers(plan: Plan, { members }: RemovalResults): string[] {
  const byService = groupBy(grantChanges(plan).filter(isRemoval), ({ service }) => service);
  return [...byService].flatMap(([service, removals]) => {
    const result = members.get(service);
    if (result?.status === 'done') return [];
    const label = `${removals[0]?.key ?? ''} (${serviceLabel(service, plan.scope.project)})`;
    return [`Endpoint ${label}: ${plural(removals.length, 'member')} not taken out: ${howOpen(result)}.`];
  });
}

function openRemovals(plan: Plan, { services }: RemovalResults): string[] {
  return endpointChanges(plan)
    .filter(isRemoval)
    .flatMap(({ key, service }) => {
      const result = services.get(service);
      if (result?.status === 'done') return [];
      return [`Endpoint ${key} (${serviceLabel(service, plan.scope.project)}): not removed: ${howOpen(result)}.`];
    });
}

function howOpen(result: RemovalResult | undefined): string {
  return result ? 'failed' : 'not reached, since it waits until all before it is done';
}

function lastSegment(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
