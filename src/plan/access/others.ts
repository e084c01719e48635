import type { Desired } from '../../config/desired.js';
import type { AccessRule } from '../../google/types.js';
import type { Observed } from '../../observe/observed.js';
import { destinationOf, ruleScope } from './grants.js';
import { markOf, ownerHash } from './marks.js';
import { isAboutDestination } from './matches.js';
import { rulesOf } from './rules.js';

/** A rule that is not this config's. */
export interface OtherRule {
  /** Full name of its policy. */
  readonly policy: string;
  /** Its place in the policy, from 1. */
  readonly index: number;
  readonly rule: AccessRule;
}

/** @returns the rules that others have written, of every policy that is bound to the gateway's project and could be read */
export function otherRules({ config }: Pick<Desired, 'config'>, observed: OwnWorld): OtherRule[] {
  const { access } = observed;
  if (access === undefined) return [];
  const owner = ownerHash({ config, scope: ruleScope(observed) });
  const policies = [
    { name: access.name, policy: access.policy },
    ...access.others.flatMap((other) => (other.kind === 'read' ? [{ name: other.name, policy: other.policy }] : [])),
  ];
  return policies.flatMap(({ name, policy }) =>
    rulesOf(policy).flatMap((rule, index) =>
      markOf(rule)?.owner === owner ? [] : [{ policy: name, index: index + 1, rule }],
    ),
  );
}

type OwnWorld = Pick<Observed, 'project' | 'region' | 'access'>;

/** @returns who may reach a service by somebody else's rule, as far as that can be told; members as they stand there */
export function othersByRule(
  service: string,
  registryResource: string,
  desired: Pick<Desired, 'config'>,
  observed: OwnWorld & Pick<Observed, 'registryProject'>,
): string[] {
  const destination = destinationOf(service, registryResource, observed);
  if (!destination) return [];
  return otherRules(desired, observed)
    .filter(({ rule }) => rule.effect === 'ALLOW' && isAboutDestination(rule, destination) !== false)
    .flatMap(({ rule }) => rule.principals ?? []);
}
