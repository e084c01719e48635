import { createHash } from 'node:crypto';
import type { AccessRule } from '../../google/types.js';
import { MANAGED } from '../ownership.js';
import type { Scope } from '../types.js';

/*
 * A rule has one text, its description (at most 256 characters): it says whose the rule is, and for which service. Everything that
 * could be long is hashed. Rules of others, marked or not, are none of this config's business.
 */

/** On policies that this action made: such a policy may be written to wherever it is bound, and deleted when it is empty. */
export const MANAGED_ANNOTATION = 'bind-agent-gateway/managed';

/** Who declares rules; without a config all runs with inputs alone of a scope, which share theirs and take nothing out. */
export interface RuleOwner {
  readonly config: string | undefined;
  readonly scope: Pick<Scope, 'project' | 'region'>;
}

/** What a rule's mark says. */
export interface Mark {
  readonly owner: string;
  readonly service: string;
}

/** In place of an owner: access that was copied from allow policies (V1) and belongs to no config. */
export const CARRIED = 'carried-over';

const MARK = /^bag:([\da-f]{12}|carried-over)\.([\da-f]{12})(?: |$)/;
const LONGEST = 256;

/**
 * This action writes no rule that denies: one with a mark was made of ours by somebody who had a reason, and is theirs.
 *
 * @returns the mark at the start of a rule's description; undefined for a rule without one
 */
export function markOf({ description = '', effect }: AccessRule): Mark | undefined {
  const [, owner, service] = MARK.exec(description) ?? [];
  if (effect !== 'ALLOW' || owner === undefined || service === undefined) return undefined;
  return { owner, service };
}

/** @returns what stands for an owner in marks */
export function ownerHash({ config, scope }: RuleOwner): string {
  return hashOf(JSON.stringify([config ?? null, scope.project, scope.region]));
}

/** @param service full name with the project ID @returns what stands for a service in marks */
export function serviceHash(service: string): string {
  return hashOf(service);
}

/** @returns the description of a rule: its mark, then for people which service it is about and who declares it */
export function describeRule(mark: Mark, service: string, config: string | undefined): string {
  const id = service.slice(service.lastIndexOf('/') + 1);
  const whose = config === undefined ? '' : ` for ${encodeURI(config)}`;
  const source = `${id}${mark.owner === CARRIED ? ', copied from its allow policy (V1)' : whose}`;
  return `bag:${mark.owner}.${mark.service} ${source}. ${MANAGED}`.slice(0, LONGEST);
}

/**
 * @param nameOf full name of a service of the registry, by its ID
 * @returns ID of the service that a rule's description names; undefined where its mark is about another one
 */
export function serviceIn(rule: AccessRule, nameOf: (id: string) => string): string | undefined {
  const [, id] = /^\S+ ([a-z][a-z\d-]{2,62})\b/.exec(rule.description ?? '') ?? [];
  return id !== undefined && serviceHash(nameOf(id)) === markOf(rule)?.service ? id : undefined;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
