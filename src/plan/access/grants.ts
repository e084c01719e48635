import type { Desired } from '../../config/desired.js';
import { parseRegistryResource } from '../../google/names.js';
import type { Observed } from '../../observe/observed.js';
import { groupBy, sortBy } from '../canonical.js';
import type { EndpointChange, GrantChange, Scope } from '../types.js';
import { ownerHash, serviceHash, type Mark } from './marks.js';
import { EGRESS_PERMISSION, type Destination } from './matches.js';
import { allowedBy, rulesOf } from './rules.js';

/**
 * Plans the grants of a gateway that decides by access policies (V2): for each service that serves a declared key one rule of this
 * config with the engines that may reach it. An engine counts as granted only while that rule is bound and says what this action
 * writes; what somebody else's rule allows may go with them at any time.
 *
 * @param endpoints the planned endpoint layer
 * @returns changes sorted by service, then member
 */
export function planAccessGrants(
  desired: Desired,
  observed: Observed,
  endpoints: readonly EndpointChange[],
): GrantChange[] {
  const byService = groupBy(endpoints, ({ service }) => service);
  const granted = [...byService].flatMap(([service, changes]) => serviceGrants(service, changes, desired, observed));
  return sortBy(
    granted,
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

/** What the registry calls an endpoint that it has yet to make: as long as the real ID, and nobody's rule names it. */
const TO_BE_MADE = 'agentregistry-00000000-0000-0000-0000-000000000000';

/** @returns by service, where the endpoints of a plan are registered, or will be */
export function destinationsOf(
  endpoints: readonly EndpointChange[],
  observed: Pick<Observed, 'registryProject' | 'region'>,
): Map<string, Destination> {
  const { registryProject, region } = observed;
  const made = `projects/${registryProject.number}/locations/${region}/endpoints/${TO_BE_MADE}`;
  return new Map(
    [...groupBy(endpoints, ({ service }) => service)].flatMap(([service, changes]) => {
      const destination = destinationOf(service, registryResourceOf(changes) ?? made, observed);
      return destination ? [[service, destination] as const] : [];
    }),
  );
}

function registryResourceOf(changes: readonly EndpointChange[]): string | undefined {
  return changes.find((change) => change.registryResource !== undefined)?.registryResource;
}

function serviceGrants(
  service: string,
  changes: readonly EndpointChange[],
  desired: Desired,
  observed: Observed,
): GrantChange[] {
  const destination = destinationOf(service, registryResourceOf(changes), observed);
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
        ...ruleGrant(change.key, service, member),
        action: allowed.has(member) ? 'keep' : 'create',
        engine: name,
        displayName,
      },
    ];
  });
}

/** @returns what all changes of rules have in common */
export function ruleGrant(key: string, service: string, member: string): Omit<GrantChange, 'action'> {
  return { layer: 'grant', model: 'V2', key, service, role: EGRESS_PERMISSION, member };
}
