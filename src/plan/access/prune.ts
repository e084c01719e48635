import type { Desired } from '../../config/desired.js';
import { formatServiceName } from '../../google/names.js';
import type { AccessRule } from '../../google/types.js';
import type { Observed, ObservedEngine } from '../../observe/observed.js';
import { isGone, isStale } from '../checks/members.js';
import { knowsHostsOf, reachOf } from '../reach.js';
import { engineIdIn, engineNameOf } from '../scope-engine.js';
import type { EndpointChange, GrantChange, RemovalReason } from '../types.js';
import { ruleConfig, ruleGrant, ruleScope, type RuleSource } from './grants.js';
import { markOf, ownerHash, serviceIn } from './marks.js';
import { isDeleted, rulesOf } from './rules.js';

/**
 * Which members of this config's own rules are declared no longer. Nobody else writes these rules, so whoever is in one and not in the
 * config goes; but an engine that was not listed goes only when Google says that it is gone, and a run that does not speak for the
 * whole file takes nobody away whom it does not know.
 *
 * @param endpoints the planned endpoint layer
 * @param grants the planned grants
 */
export function pruneRules(
  desired: Desired,
  observed: Observed,
  endpoints: readonly EndpointChange[],
  grants: readonly GrantChange[],
): GrantChange[] {
  const wanted = new Set(grants.filter(({ model }) => model === 'V2').map(identity));
  const found = ownRules(desired, observed).flatMap(({ rule, service }) => {
    const key = endpoints.find((change) => change.service === service)?.key ?? shortName(service);
    return (rule.principals ?? []).flatMap((member): GrantChange[] => {
      const why = wanted.has(identity({ service, member })) ? undefined : reasonFor(member, desired, observed);
      return why ? [{ ...ruleGrant(key, service, member), action: 'remove', ...engineOf(member, observed), why }] : [];
    });
  });
  // A rule may be there twice: split for its length, or copied by somebody.
  return [...new Map(found.map((change) => [identity(change), change])).values()];
}

/** @returns this config's rules with the service that each is about */
export function ownRules(
  desired: RuleSource,
  observed: Pick<Observed, 'project' | 'region' | 'registryProject' | 'access'>,
): { readonly rule: AccessRule; readonly service: string }[] {
  const owner = ownerHash({ config: ruleConfig(desired), scope: ruleScope(observed) });
  return rulesOf(observed.access?.policy).flatMap((rule) => {
    if (markOf(rule)?.owner !== owner) return [];
    const service = serviceOf(rule, observed);
    return service === undefined ? [] : [{ rule, service }];
  });
}

function reasonFor(member: string, desired: Desired, observed: Observed): RemovalReason | undefined {
  const reach = reachOf(desired);
  if (isDeleted(member) || isGone(member, observed)) return 'engine-gone';
  // Nobody could say whether its engine is gone.
  if (isStale(member, observed)) return undefined;
  const engine = engineWith(member, observed.engines);
  if (engine) return reach !== 'nothing' && knowsHostsOf(engine, desired, observed) ? 'not-allowed' : undefined;
  return reach === 'file' ? 'not-declared' : undefined;
}

/** A rule whose text does not say which service its mark is about was changed by somebody: it is left to them. */
function serviceOf(
  rule: AccessRule,
  { registryProject, region }: Pick<Observed, 'registryProject' | 'region'>,
): string | undefined {
  const nameOf = (id: string): string => formatServiceName({ project: registryProject.id, location: region, id });
  const id = serviceIn(rule, nameOf);
  return id === undefined ? undefined : nameOf(id);
}

function engineOf(member: string, observed: Observed): Pick<GrantChange, 'engine' | 'displayName'> {
  const engine = engineWith(member, [...observed.engines, ...observed.siblings]);
  if (engine) return { engine: engine.name, displayName: engine.displayName };
  return engineIdIn(member, observed) === undefined ? {} : { engine: engineNameOf(member, observed) };
}

function engineWith(member: string, engines: readonly ObservedEngine[]): ObservedEngine | undefined {
  return engines.find(({ principal }) => principal === member);
}

function identity({ service, member }: Pick<GrantChange, 'service' | 'member'>): string {
  return JSON.stringify([service, member]);
}

function shortName(service: string): string {
  return service.slice(service.lastIndexOf('/') + 1);
}
