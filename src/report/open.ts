import type { ApplyResult, EngineResult, RemovalResult, RemovalResults, ServiceResult } from '../apply/result.js';
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
import { plural } from '../plural.js';
import { describeBinding } from './kinds.js';
import { gatewayLabel, ROLLBACK_WORDS, serviceLabel } from './words.js';

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
    ...removalsOf(plan, result.removals).flatMap(({ name, what, ended }) =>
      ended?.status === 'done' ? [] : [`${name} not ${what}: ${howOpen(ended)}.`],
    ),
  ];
}

/**
 * What of a plan is done after an apply that failed or was stopped, in the same order.
 *
 * @returns one line of plain text each; none when nothing was done
 */
export function doneSoFar(plan: Plan, result: ApplyResult): string[] {
  return [
    ...[...result.services.values()].flatMap((service) => doneService(service, plan)),
    ...bindingChanges(plan).flatMap((change) => {
      const engine = result.engines.get(change.engine);
      return isChange(change) && engine && isDone(engine) ? [`${bindingText(change, plan)}: done.`] : [];
    }),
    ...guardrailChanges(plan).flatMap((change) =>
      result.guardrails.get(change.name)?.status === 'done' ? [`${guardrailLine(change)}: done.`] : [],
    ),
    ...removalsOf(plan, result.removals).flatMap(({ name, what, ended }) =>
      ended?.status === 'done' ? [`${name} ${what}.`] : [],
    ),
  ];
}

/** Without a registry resource nobody knows of a service whether it was written. */
function doneService({ service, registryResource, granted }: ServiceResult, plan: Plan): string[] {
  const changes = endpointChanges(plan).filter((item) => item.service === service);
  const change = changes.find(isChange);
  const name = `Endpoint ${(change ?? changes[0])?.key ?? ''} (${serviceLabel(service, plan.scope.project)})`;
  return [
    ...(change && registryResource ? [`${name}: ${change.action === 'create' ? 'registered' : 'updated'}.`] : []),
    ...(granted > 0 ? [`${name}: ${plural(granted, 'grant')} given.`] : []),
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
  if (!isChange(change) || (result && isDone(result))) return [];
  const back = result?.rollback === undefined ? '' : `, ${ROLLBACK_WORDS[result.rollback]}`;
  return [`${bindingText(change, plan)}: ${howText(result)}${back}${nowText(change, plan, result)}.`];
}

function howText(result: EngineResult | undefined): string {
  if (result?.status === 'failed') return 'failed';
  if (result?.rollback !== undefined) return 'not done';
  return result?.failure === undefined ? 'not reached' : 'stopped before the end';
}

/** Nothing to do counts, too. */
function isDone({ status }: EngineResult): boolean {
  return status !== 'failed' && status !== 'pending';
}

function bindingText(change: BindingChange, plan: Plan): string {
  const directions = DIRECTIONS.flatMap((direction) => {
    const { from, to } = directionOf(change, direction);
    const [before, after] = [from, to].map((name) => gatewayLabel(name, plan.scope.project));
    return from === to ? [] : [`${direction} ${before} → ${after}`];
  });
  const { words } = describeBinding(change);
  return `Engine ${JSON.stringify(change.displayName)} (${lastSegment(change.engine)}): ${words}, ${directions.join(', ')}`;
}

/** Where an engine stands that is neither where it was nor where it should be. */
function nowText(change: BindingChange, { scope }: Plan, result: EngineResult | undefined): string {
  if (!result) return '';
  const between = DIRECTIONS.filter((direction) => {
    const { from, to } = directionOf(change, direction);
    return result[direction] !== from && result[direction] !== to;
  });
  return between.map((direction) => `, now ${direction} ${gatewayLabel(result[direction], scope.project)}`).join('');
}

function openGuardrail(change: GuardrailChange, { guardrails }: ApplyResult): string[] {
  const result = guardrails.get(change.name);
  if (!isChange(change) || result?.status === 'done') return [];
  const how = result?.status === 'failed' ? 'failed' : 'not reached, since it waits until all before it is done';
  return [`${guardrailLine(change)}: ${how}.`];
}

function guardrailLine(change: GuardrailChange): string {
  return `Guardrail ${change.direction}, ${change.kind} ${change.name}: ${guardrailText(change)}`;
}

/** What is taken away at the end: members by service, then services. */
function removalsOf(
  plan: Plan,
  { members, services }: RemovalResults,
): { name: string; what: string; ended?: RemovalResult }[] {
  const named = (key: string, service: string): string =>
    `Endpoint ${key} (${serviceLabel(service, plan.scope.project)})`;
  const ended = (result: RemovalResult | undefined): { ended?: RemovalResult } => (result ? { ended: result } : {});
  const byService = groupBy(grantChanges(plan).filter(isRemoval), ({ service }) => service);
  return [
    ...[...byService].map(([service, removals]) => ({
      name: `${named(removals[0]?.key ?? '', service)}: ${plural(removals.length, 'member')}`,
      what: 'taken out',
      ...ended(members.get(service)),
    })),
    ...endpointChanges(plan)
      .filter(isRemoval)
      .map(({ key, service }) => ({
        name: `${named(key, service)}:`,
        what: 'removed',
        ...ended(services.get(service)),
      })),
  ];
}

function howOpen(result: RemovalResult | undefined): string {
  return result ? 'failed' : 'not reached, since it waits until all before it is done';
}

function lastSegment(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
