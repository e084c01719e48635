import type { Desired } from '../config/desired.js';
import type { IamPolicy } from '../google/types.js';
import type { Observed, ObservedEngine } from '../observe/observed.js';
import { compareText, groupBy } from './canonical.js';
import { egressors, isGone, isStale } from './checks/members.js';
import { EGRESSOR } from './grants.js';
import { makerOf, type Owner } from './ownership.js';
import { knowsHostsOf, reachOf, type Reach } from './reach.js';
import { engineIdIn, engineNameOf } from './scope-engine.js';
import { canonicalServiceName } from './serving.js';
import type { EndpointChange, GrantChange } from './types.js';

/** Members that are not taken away although they look like it. */
export interface KeptMembers {
  readonly service: string;
  /** Of the endpoints that the service serves, sorted. */
  readonly keys: readonly string[];
  /** Sorted. */
  readonly members: readonly string[];
  /**
   * `last`: without them the registry-wide policy would hold there. `undeclared`: engines of the project and region that are
   * there, and that the config says nothing about. `other-config`: the service, and maybe the grant, is another config's.
   * `unconfirmed`: nobody could say whether their engine is gone.
   */
  readonly why: 'last' | 'undeclared' | 'other-config' | 'unconfirmed';
}

export interface GrantPruning {
  readonly removals: readonly GrantChange[];
  readonly kept: readonly KeptMembers[];
}

/** What the members of one service's policy are judged by. */
interface Context {
  readonly desired: Desired;
  readonly observed: Observed;
  readonly reach: Reach;
  /** Of the service. */
  readonly maker: ReturnType<typeof makerOf>;
  /** Members that the plan grants or keeps there. */
  readonly wanted: ReadonlySet<string>;
  /** Somebody is carried over into the policy of this service. */
  readonly carriesOver: boolean;
}

type Verdict = NonNullable<GrantChange['why']> | Exclude<KeptMembers['why'], 'last'> | 'not-ours';

/**
 * Which members of the policies of declared endpoints are this config's to take away: engines of its project and region that are
 * gone, and engines that it declares and does not allow the endpoint. Nobody else: no user, group or set, no engine of another
 * project or region, no member with a condition or of another role, and no engine that is there and not declared, since a run
 * with inputs alone, or a config that only uses this service, may have granted it without leaving a mark.
 *
 * @param endpoints the planned endpoint layer
 * @param grants the planned grant layer, without removals
 */
export function pruneGrants(
  desired: Desired,
  observed: Observed,
  endpoints: readonly EndpointChange[],
  grants: readonly GrantChange[],
): GrantPruning {
  const reach = reachOf(desired);
  const carrying = new Set(desired.endpoints.filter(({ carryOver }) => carryOver).map(({ key }) => key));
  const found = [...groupBy(endpoints, ({ service }) => service)].map(([service, changes]) => {
    const resource = changes.find(({ registryResource }) => registryResource !== undefined)?.registryResource ?? '';
    const policy = observed.policies.get(resource);
    const planned = grants.filter((grant) => grant.service === service);
    const keys = [...new Set(changes.map(({ key }) => key))].sort(compareText);
    const context: Context = {
      desired,
      observed,
      reach,
      maker: makerOfService(service, desired, observed),
      wanted: new Set(planned.filter(({ condition }) => !condition).map(({ member }) => member)),
      carriesOver: keys.some((key) => carrying.has(key)),
    };
    return pruneService({ service, keys, policy, planned }, context);
  });
  return { removals: found.flatMap(({ removals }) => removals), kept: found.flatMap(({ kept }) => kept) };
}

interface ServicePolicy {
  readonly service: string;
  readonly keys: readonly string[];
  readonly policy: IamPolicy | undefined;
  readonly planned: readonly GrantChange[];
}

function pruneService({ service, keys, policy, planned }: ServicePolicy, context: Context): GrantPruning {
  const judged = groupBy(plainMembers(policy), (member) => judge(member, context));
  const of = (verdict: Verdict): string[] => judged.get(verdict) ?? [];
  const doomed = [...of('engine-gone'), ...of('not-allowed')];
  const remaining = [
    ...egressorEntries(policy).filter(({ isPlain, member }) => !isPlain || !doomed.includes(member)),
    ...planned.filter(({ action }) => action === 'create'),
  ];
  const opens = remaining.length === 0 && opensToOthers(context.observed);
  // One will do; best one that nobody can be any more.
  const last = !opens ? [] : of('engine-gone').length > 0 ? of('engine-gone').slice(0, 1) : doomed;
  const removalsFor = (why: NonNullable<GrantChange['why']>): GrantChange[] =>
    of(why)
      .filter((member) => !last.includes(member))
      .map((member) => ({
        layer: 'grant',
        action: 'remove',
        key: keys[0] ?? '',
        service,
        role: EGRESSOR,
        member,
        ...engineParts(member, context.observed),
        why,
      }));
  const kept = (why: KeptMembers['why'], members: readonly string[]): KeptMembers[] =>
    members.length === 0 ? [] : [{ service, keys, members, why }];
  return {
    removals: [...removalsFor('engine-gone'), ...removalsFor('not-allowed')],
    kept: [
      ...kept('last', last),
      ...kept('other-config', of('other-config')),
      ...kept('unconfirmed', of('unconfirmed')),
      ...kept('undeclared', of('undeclared')),
    ],
  };
}

function judge(member: string, { desired, observed, reach, maker, wanted, carriesOver }: Context): Verdict {
  const id = engineIdIn(member, observed);
  if (id === undefined || wanted.has(member)) return 'not-ours';
  if (isGone(member, observed)) return 'engine-gone';
  if (isStale(member, observed)) return 'unconfirmed';
  const engine = observed.engines.find(({ principal }) => principal === member);
  if (engine === undefined)
    return reach === 'file' && maker === 'this' && isUndeclared(id, observed) ? 'undeclared' : 'not-ours';
  // The config says of the endpoint that whoever reached it through the registry-wide policy keeps doing so.
  if (reach === 'nothing' || (carriesOver && isRegistryWide(member, observed))) return 'not-ours';
  if (!knowsHostsOf(engine, desired, observed)) return 'not-ours';
  return maker === 'other' ? 'other-config' : 'not-allowed';
}

/** An engine of the config may have had another identity, which says nothing about what the config declares. */
function isUndeclared(id: string, { engines }: Observed): boolean {
  return !engines.some((engine) => engine.id === id);
}

function isRegistryWide(member: string, { registryPolicy }: Observed): boolean {
  return plainMembers(registryPolicy).includes(member);
}

interface Entry {
  readonly member: string;
  /** Without a condition. */
  readonly isPlain: boolean;
}

function egressorEntries(policy: IamPolicy | undefined): Entry[] {
  return (policy?.bindings ?? [])
    .filter(({ role }) => role === EGRESSOR)
    .flatMap(({ members, condition }) => (members ?? []).map((member) => ({ member, isPlain: !condition })));
}

/** Sorted, each once. */
function plainMembers(policy: IamPolicy | undefined): string[] {
  const plain = egressorEntries(policy).filter(({ isPlain }) => isPlain);
  return [...new Set(plain.map(({ member }) => member))].sort(compareText);
}

/**
 * Where an endpoint's policy is empty the registry-wide one holds ("Troubleshoot Agent Gateway" page), so taking the last member
 * away lets others in. One that could not be read may let in anybody.
 *
 * @returns true when the registry-wide policy lets somebody in
 */
export function opensToOthers(observed: Observed): boolean {
  if (observed.registryPolicy === undefined) return true;
  return egressors(observed.registryPolicy).some((member) => !isNobody(member, observed));
}

/** @returns true for a member that nobody can be any more */
export function isNobody(member: string, observed: Observed): boolean {
  return member.startsWith('deleted:') || isGone(member, observed);
}

function makerOfService(name: string, { config }: Desired, observed: Observed): ReturnType<typeof makerOf> {
  const service = observed.services.find((item) => canonicalServiceName(item.name, observed.registryProject) === name);
  return makerOf(service ?? {}, ownerIn(config, observed));
}

/** @returns who a config is in this scope */
export function ownerIn(
  config: string | undefined,
  { project, region }: Pick<Observed, 'project' | 'region'>,
): Omit<Owner, 'key'> {
  return { config, scope: { project: project.id, region } };
}

/** The engine's name in the form that all others have, and its display name as long as it is there. */
function engineParts(member: string, observed: Observed): Pick<GrantChange, 'engine' | 'displayName'> {
  const engine: ObservedEngine | undefined = observed.engines.find(({ principal }) => principal === member);
  if (engine) return { engine: engine.name, displayName: engine.displayName };
  return { engine: engineNameOf(member, observed) };
}
