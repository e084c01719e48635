import type { Desired } from '../../config/desired.js';
import type { IamBinding, IamPolicy } from '../../google/types.js';
import type { Observed } from '../../observe/observed.js';
import { groupBy, sortBy } from '../canonical.js';
import { EGRESSOR } from '../grants.js';
import { isNobody, type GrantPruning } from '../prune-grants.js';
import { engineIdIn } from '../scope-engine.js';
import type { EndpointChange, GrantChange } from '../types.js';
import { destinationOf, ownMark, ruleConfig, ruleGrant, ruleScope } from './grants.js';
import { CARRIED, type Mark } from './marks.js';
import { allowedBy, isDeleted, rulesOf } from './rules.js';
import { parseCondition, truthOf } from './truth.js';

/** Somebody whom allow policies (V1) let in and rules (V2) will not. */
export interface NotCarried {
  readonly key: string;
  readonly service: string;
  readonly member: string;
  /**
   * `condition`: it is granted under one that no rule can have. `kind`: a rule takes no such member. `narrowed`: an engine of this
   * project and region that this run does not look at, and that may be one of the file's.
   */
  readonly why: 'condition' | 'kind' | 'narrowed';
  readonly condition?: string;
}

export interface Migration {
  /** Rules for those whom the config does not declare. */
  readonly grants: readonly GrantChange[];
  readonly left: readonly NotCarried[];
}

/** What decides about one service in V1, after this plan. */
interface Context {
  readonly key: string;
  readonly service: string;
  readonly allowed: { readonly own: ReadonlySet<string>; readonly carried: ReadonlySet<string> };
  /** Members who have a rule because the config declares them. */
  readonly declared: ReadonlySet<string>;
  /** Members that are this config's to take away. */
  readonly removable: ReadonlyMap<string, GrantChange>;
  /** Only some engines of the file are looked at. */
  readonly isNarrowed: boolean;
  readonly observed: Observed;
}

/**
 * The rules (V2) that it takes for everybody whom the allow policies of declared endpoints (V1) let in after this plan: members of
 * the endpoint's own policy or, where it has none, of the registry-wide one. They go into rules that belong to no config, but for
 * members that the next run with `prune` would take away: these stay this config's to take away.
 *
 * A member under a condition is carried over only where the condition is simply true: V1 conditions know attributes that rules do
 * not have, and without its condition the member would get more than it has.
 *
 * A narrowed run (the `engines` input) does not know which other engines of its scope are the file's: in a rule that belongs to no
 * config, nobody could take them out again. They are left to their own runs, or to one of the whole file.
 *
 * @param endpoints the planned endpoint layer
 * @param members the planned members of allow policies
 * @param rules the planned rules of this config
 * @param pruning what is this config's to take away of allow policies
 */
export function planMigration(
  desired: Desired,
  observed: Observed,
  endpoints: readonly EndpointChange[],
  { members, rules, pruning }: MigrationInput,
): Migration {
  const found = [...groupBy(endpoints, ({ service }) => service)].map(([service, changes]) => {
    const resource = changes.find(({ registryResource }) => registryResource !== undefined)?.registryResource;
    const mark = ownMark(service, ruleConfig(desired), ruleScope(observed));
    const context: Context = {
      key: changes[0]?.key ?? '',
      service,
      allowed: {
        own: allowedNow(service, resource, mark, observed),
        carried: allowedNow(service, resource, { ...mark, owner: CARRIED }, observed),
      },
      declared: new Set(rules.filter((rule) => rule.service === service).map(({ member }) => member)),
      removable: new Map(
        pruning.removals.filter((removal) => removal.service === service).map((removal) => [removal.member, removal]),
      ),
      isNarrowed: desired.only !== undefined,
      observed,
    };
    const planned = members.filter((grant) => grant.service === service && grant.action === 'create');
    return carried(bindingsAfter(observed.policies.get(resource ?? ''), planned, observed), desired.prune, context);
  });
  return {
    grants: sortBy(
      found.flatMap(({ grants }) => grants),
      ({ service }) => service,
      ({ member }) => member,
    ),
    left: found.flatMap(({ left }) => left),
  };
}

export interface MigrationInput {
  readonly members: readonly GrantChange[];
  readonly rules: readonly GrantChange[];
  readonly pruning: Pick<GrantPruning, 'removals'>;
}

function allowedNow(service: string, resource: string | undefined, mark: Mark, observed: Observed): Set<string> {
  const destination = destinationOf(service, resource, observed);
  const rules = observed.access?.isBound ? rulesOf(observed.access.policy) : [];
  return new Set(destination ? allowedBy(rules, mark, destination) : []);
}

/** A policy on the endpoint itself takes the place of the registry-wide one ("Troubleshoot Agent Gateway" page). */
function bindingsAfter(
  policy: IamPolicy | undefined,
  planned: readonly GrantChange[],
  { registryPolicy }: Observed,
): IamBinding[] {
  const own = [
    ...(policy?.bindings ?? []),
    ...planned.map(({ role, member, condition }) => ({ role, members: [member], ...(condition ? { condition } : {}) })),
  ].filter(isEgress);
  return own.length > 0 ? own : (registryPolicy?.bindings ?? []).filter(isEgress);
}

function isEgress({ role, members }: IamBinding): boolean {
  return role === EGRESSOR && (members ?? []).length > 0;
}

function carried(bindings: readonly IamBinding[], prunes: boolean, context: Context): Migration {
  const grants = new Map<string, GrantChange>();
  const left = new Map<string, NotCarried>();
  for (const { members, condition } of bindings) {
    const holds = condition === undefined ? true : isTrue(condition.expression ?? '');
    for (const member of members ?? []) {
      if (holds === false || isSettled(member, prunes, context)) continue;
      const why = isPrincipal(member) ? (holds === true ? whyLeft(member, context) : 'condition') : 'kind';
      if (why === undefined) grants.set(member, grantOf(member, context));
      else left.set(member, notCarried(member, why, condition?.expression, context));
    }
  }
  // Somebody may be there with and without a condition.
  return { grants: [...grants.values()], left: [...left.values()].filter(({ member }) => !grants.has(member)) };
}

/** Whoever is declared has a rule, whoever is surely gone needs none, and whoever goes in this very run gets none. */
function isSettled(member: string, prunes: boolean, context: Context): boolean {
  const { declared, removable, allowed, observed } = context;
  const isSurelyGone = isDeleted(member) || (observed.gone !== undefined && isNobody(member, observed));
  const isDone = isOthers(member, context) && (allowed.own.has(member) || allowed.carried.has(member));
  return declared.has(member) || isSurelyGone || isDone || (prunes && removable.has(member));
}

function whyLeft(member: string, context: Context): 'narrowed' | undefined {
  return isOthers(member, context) ? 'narrowed' : undefined;
}

function isOthers(member: string, { isNarrowed, removable, observed }: Context): boolean {
  return isNarrowed && engineIdIn(member, observed) !== undefined && !removable.has(member);
}

function grantOf(member: string, { key, service, allowed, removable }: Context): GrantChange {
  const removal = removable.get(member);
  const { engine, displayName } = removal ?? {};
  return {
    ...ruleGrant(key, service, member),
    action: (removal ? allowed.own : allowed.carried).has(member) ? 'keep' : 'create',
    ...(engine === undefined ? {} : { engine }),
    ...(displayName === undefined ? {} : { displayName }),
  };
}

function notCarried(
  member: string,
  why: NotCarried['why'],
  condition: string | undefined,
  { key, service }: Context,
): NotCarried {
  return { key, service, member, why, ...(why === 'condition' && condition !== undefined ? { condition } : {}) };
}

/** Agents, and sets of them; the other members of allow policies have other forms in rules, and agents are none of them. */
function isPrincipal(member: string): boolean {
  return /^principal(?:Set)?:\/\//.test(member);
}

function isTrue(expression: string): boolean | 'unknown' {
  const ast = parseCondition(expression);
  return ast === undefined ? 'unknown' : truthOf(ast, { known: new Map() });
}
