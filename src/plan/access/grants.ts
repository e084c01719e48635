import type { Desired } from '../../config/desired.js';
import { formatServiceName, parseRegistryResource } from '../../google/names.js';
import type { AccessRule } from '../../google/types.js';
import type { Observed } from '../../observe/observed.js';
import { groupBy, sortBy } from '../canonical.js';
import type { EndpointChange, GrantChange, Scope } from '../types.js';
import { ownerHash, serviceHash, serviceIn, markOf, type Mark } from './marks.js';
import { EGRESS_PERMISSION, type Destination } from './matches.js';
import { allowedBy, rulesOf } from './rules.js';

/**
 * Plans the grants of a gateway that decides by access policies (V2): for each service that serves a declared key one rule of this
 * config with the engines that may reach it. An engine counts as granted only while that rule is bound and says what this action
 * writes; what somebody else's rule allows may go with them at any time.
 *
 * Members are taken out of this config's own rules alone, with `prune`, and never by a run that has not seen everything: one that is
 * narrowed to some engines, or one with inputs alone, which shares its rules with all others of that kind.
 *
 * @param endpoints the planned endpoint layer
 * @returns changes sorted by service, then member
 */
export function planAccessGrants(
  desired: Desired,
  observed: Observed,
  endpoints: readonly EndpointChange[],
): GrantChange[] {
  const granted = [...groupBy(endpoints, ({ service }) => service)].flatMap(([service, changes]) =>
    serviceGrants(service, changes, desired, observed),
  );
  return sortBy(
    [...granted, ...removals(desired, observed, endpoints, granted)],
    ({ service }) => service,
    ({ member }) => member,
  );
}

/** @returns the mark of this config's rules about a service */
export function ownMark(service: string, { config }: Pick<Desired, 'config'>, scope: RuleScope): Mark {
  return { owner: ownerHash({ config, scope }), service: serviceHash(service) };
}

type RuleScope = Pick<Scope, 'project' | 'region'>;

/** @returns the scope that marks name */
export function ruleScope({ project, region }: Pick<Observed, 'project' | 'region'>): RuleScope {
  return { project: project.id, region };
}

/** @returns where a service is registered, as rules name it; undefined until it is */
export function destinationOf(
  service: string,
  registryResource: string | undefined,
  { registryProject }: Pick<Observed, 'registryProject'>,
): Destination | undefined {
  const resource = parseRegistryResource(registryResource ?? '');
  const serviceId = service.slice(service.lastIndexOf('/') + 1);
  return resource && { resource, project: registryProject, serviceId };
}

function serviceGrants(
  service: string,
  changes: readonly EndpointChange[],
  desired: Desired,
  observed: Observed,
): GrantChange[] {
  const registryResource = changes.find((change) => change.registryResource !== undefined)?.registryResource;
  const destination = destinationOf(service, registryResource, observed);
  const mark = ownMark(service, desired, ruleScope(observed));
  const rules = observed.access?.isBound ? rulesOf(observed.access.policy) : [];
  const allowed = new Set(destination ? allowedBy(rules, mark, destination) : []);
  return observed.engines.flatMap((engine) => {
    const member = engine.principal;
    const allows = observed.selection.allow.get(engine.name) ?? [];
    const change = changes.find(({ key }) => allows.includes(key));
    if (!member || !change) return [];
    const { name, displayName } = engine;
    return [
      {
        ...base(change.key, service, member),
        action: allowed.has(member) ? 'keep' : 'create',
        engine: name,
        displayName,
      },
    ];
  });
}

function removals(
  desired: Desired,
  observed: Observed,
  endpoints: readonly EndpointChange[],
  granted: readonly GrantChange[],
): GrantChange[] {
  if (!desired.prune || desired.partial || desired.config === undefined) return [];
  const owner = ownerHash({ config: desired.config, scope: ruleScope(observed) });
  const own = rulesOf(observed.access?.policy).filter((rule) => markOf(rule)?.owner === owner);
  const wanted = new Set(granted.map(({ service, member }) => JSON.stringify([service, member])));
  const found = own.flatMap((rule) => {
    const service = serviceOf(rule, observed);
    if (service === undefined) return [];
    const key =
      endpoints.find((change) => change.service === service)?.key ?? service.slice(service.lastIndexOf('/') + 1);
    return (rule.principals ?? [])
      .filter((member) => !wanted.has(JSON.stringify([service, member])))
      .map((member) => ({ ...base(key, service, member), action: 'remove' as const, ...nameOf(member, observed) }));
  });
  // A rule may be there twice: split for its length, or copied by somebody.
  return [...new Map(found.map((change) => [JSON.stringify([change.service, change.member]), change])).values()];
}

/** A rule whose text does not say which service its mark is about was changed by somebody: it is left to them. */
function serviceOf(rule: AccessRule, { registryProject, region }: Observed): string | undefined {
  const nameOf = (id: string): string => formatServiceName({ project: registryProject.id, location: region, id });
  const id = serviceIn(rule, nameOf);
  return id === undefined ? undefined : nameOf(id);
}

function base(key: string, service: string, member: string): Omit<GrantChange, 'action'> {
  return { layer: 'grant', model: 'V2', key, service, role: EGRESS_PERMISSION, member };
}

function nameOf(member: string, { engines, siblings }: Observed): Pick<GrantChange, 'engine' | 'displayName'> {
  const engine = [...engines, ...siblings].find(({ principal }) => principal === member);
  return engine ? { engine: engine.name, displayName: engine.displayName } : {};
}
