import type { AccessRule } from '../../google/types.js';
import type { Observed } from '../../observe/observed.js';
import { groupBy } from '../canonical.js';
import type { EndpointChange, GrantChange } from '../types.js';
import { destinationOf, destinationsOf, ruleConfig, ruleScope, type RuleSource } from './grants.js';
import { markOf, ownerHash } from './marks.js';
import { isAboutAgent, isAboutDestination } from './matches.js';
import { rulesOf } from './rules.js';
import { and } from './truth.js';

/** A rule that this config does not write: somebody else's, or its own in a policy that it does not write to any more. */
export interface OtherRule {
  /** Full name of its policy. */
  readonly policy: string;
  /** Its place in the policy, from 1. */
  readonly index: number;
  readonly rule: AccessRule;
}

/**
 * @returns the rules that this config does not write, of every policy that is bound to the gateway's project and could be read.
 * Nothing takes its own ones out of a policy that another has taken the place of.
 */
export function otherRules(desired: RuleSource, observed: OwnWorld): OtherRule[] {
  const { access } = observed;
  if (access === undefined) return [];
  const owner = ownerHash({ config: ruleConfig(desired), scope: ruleScope(observed) });
  const policies = [
    { name: access.name, policy: access.policy },
    ...access.others.flatMap((other) => (other.kind === 'read' ? [{ name: other.name, policy: other.policy }] : [])),
  ];
  return policies.flatMap(({ name, policy }) =>
    rulesOf(policy).flatMap((rule, index) =>
      name === access.name && markOf(rule)?.owner === owner ? [] : [{ policy: name, index: index + 1, rule }],
    ),
  );
}

/** Grants (V2), or removals, that a rule of somebody else is about. */
export interface Touched extends OtherRule {
  readonly grants: readonly GrantChange[];
  /** Whether the rule is about them can only be guessed. */
  readonly isUnclear: boolean;
}

/**
 * Which grants or removals of a plan the rules of others are about, those of one effect.
 *
 * @returns sure ones and unclear ones apart, in the order of the rules
 */
export function touchedBy(effect: 'ALLOW' | 'DENY', { desired, observed, endpoints, grants }: TouchWorld): Touched[] {
  const destinations = [...destinationsOf(endpoints, observed)];
  const byService = groupBy(
    grants.filter(({ model }) => model === 'V2'),
    ({ service }) => service,
  );
  return otherRules(desired, observed).flatMap((other): Touched[] => {
    if (other.rule.effect !== effect) return [];
    const found = destinations.flatMap(([service, destination]) => {
      const where = isAboutDestination(other.rule, destination);
      if (where === false) return [];
      return (byService.get(service) ?? []).map((grant) => ({
        grant,
        truth: and(where, isAboutAgent(other.rule, grant.member)),
      }));
    });
    return ([true, 'unknown'] as const).flatMap((truth) => {
      const touched = found.filter((item) => item.truth === truth).map(({ grant }) => grant);
      return touched.length === 0 ? [] : [{ ...other, grants: touched, isUnclear: truth === 'unknown' }];
    });
  });
}

interface TouchWorld {
  readonly desired: RuleSource;
  readonly observed: OwnWorld & Pick<Observed, 'registryProject'>;
  readonly endpoints: readonly EndpointChange[];
  readonly grants: readonly GrantChange[];
}

type OwnWorld = Pick<Observed, 'project' | 'region' | 'access'>;

/** @returns who may reach a service by somebody else's rule, as far as that can be told; members as they stand there */
export function othersByRule(
  service: string,
  registryResource: string,
  desired: RuleSource,
  observed: OwnWorld & Pick<Observed, 'registryProject'>,
): string[] {
  const destination = destinationOf(service, registryResource, observed);
  if (!destination) return [];
  return otherRules(desired, observed)
    .filter(({ rule }) => rule.effect === 'ALLOW' && isAboutDestination(rule, destination) !== false)
    .flatMap(({ rule }) => rule.principals ?? []);
}
