import type { AccessPolicy, AccessRule } from '../../google/types.js';
import { compareText } from '../canonical.js';
import { conditionFor, isRuleFor } from './condition.js';
import { CARRIED, describeRule, markOf, type Mark } from './marks.js';
import { EGRESS_PERMISSION, type Destination } from './matches.js';

/** Members in one rule; Google documents no limit, so a rule that would have more is split. */
export const RULE_MEMBERS = 100;

/** What becomes of the rules with one mark. */
export interface RuleEdit {
  readonly mark: Mark;
  /** Full name of the service that the mark is about. */
  readonly service: string;
  /** Where it is registered; may be absent for an edit that only takes away. */
  readonly destination?: Destination;
  /** Everybody who is declared, whether already in the rule or not. */
  readonly want: readonly string[];
  readonly remove: readonly string[];
  readonly config: string | undefined;
}

export function rulesOf(policy: AccessPolicy | null | undefined): readonly AccessRule[] {
  return policy?.details?.rules ?? [];
}

/** @returns the rules that carry a mark */
export function rulesWith(rules: readonly AccessRule[], { owner, service }: Mark): AccessRule[] {
  return rules.filter((rule) => {
    const mark = markOf(rule);
    return mark?.owner === owner && mark.service === service;
  });
}

/** @returns who may reach a destination by the rules with a mark; rules that somebody has changed count for nothing */
export function allowedBy(rules: readonly AccessRule[], mark: Mark, destination: Destination): string[] {
  const sound = rulesWith(rules, mark).filter((rule) => isRuleFor(rule, destination));
  return [...new Set(sound.flatMap(livingMembers))];
}

/**
 * Makes edits to the rules of a policy. Rules of others stay what they are and where they are; so do own ones that are as wanted
 * already. An own rule that somebody has changed is written anew for those who are declared: whoever else is in it is not allowed
 * anything by it now, and is not to be because of this run.
 *
 * @returns the same list when there is nothing to write
 */
export function editRules(rules: readonly AccessRule[], edits: readonly RuleEdit[]): readonly AccessRule[] {
  const edited = edits.reduce(editGroup, rules);
  if (edited === rules) return rules;
  const owners = new Set([CARRIED, ...edits.map(({ mark }) => mark.owner)]);
  return edited.flatMap((rule) => withoutDeleted(rule, owners));
}

function editGroup(rules: readonly AccessRule[], edit: RuleEdit): readonly AccessRule[] {
  const own = new Set(rulesWith(rules, edit.mark));
  const members = edit.destination && edit.want.length > 0 ? wanted(own, edit.destination, edit) : undefined;
  if (members === undefined) return takeOut(rules, own, edit.remove);
  const { destination } = edit;
  const allSound = destination !== undefined && [...own].every((rule) => isRuleFor(rule, destination));
  const now = new Set([...own].flatMap(livingMembers));
  if (own.size > 0 && allSound && isSame(now, members)) return rules;
  return replaced(rules, own, edit.destination ? written(members, edit.destination, edit) : []);
}

function wanted(own: ReadonlySet<AccessRule>, destination: Destination, { want, remove }: RuleEdit): Set<string> {
  const kept = [...own].filter((rule) => isRuleFor(rule, destination)).flatMap(livingMembers);
  return new Set([...kept.filter((member) => !remove.includes(member)), ...want].sort(compareText));
}

function written(members: ReadonlySet<string>, destination: Destination, edit: RuleEdit): AccessRule[] {
  const sorted = [...members];
  return Array.from({ length: Math.ceil(sorted.length / RULE_MEMBERS) }, (_, index) => ({
    description: describeRule(edit.mark, edit.service, edit.config),
    effect: 'ALLOW',
    principals: sorted.slice(index * RULE_MEMBERS, (index + 1) * RULE_MEMBERS),
    operation: { permissions: [EGRESS_PERMISSION] },
    conditions: conditionFor(destination),
  }));
}

/** New rules take the places of the old ones, as far as there are any; the others come last. */
function replaced(
  rules: readonly AccessRule[],
  own: ReadonlySet<AccessRule>,
  next: readonly AccessRule[],
): readonly AccessRule[] {
  const left = [...next];
  const result = rules.flatMap((rule) => (own.has(rule) ? left.splice(0, 1) : [rule]));
  return [...result, ...left];
}

function takeOut(
  rules: readonly AccessRule[],
  own: ReadonlySet<AccessRule>,
  remove: readonly string[],
): readonly AccessRule[] {
  const isOut = (member: string): boolean => remove.includes(member);
  if (![...own].some(({ principals = [] }) => principals.some(isOut))) return rules;
  return rules.flatMap((rule) => (own.has(rule) ? withMembers(rule, (member) => !isOut(member)) : [rule]));
}

/** A rule without members is none; `deleted:` ones cannot be written (google.iam.v3 `AccessPolicyRule.principals`). */
function withoutDeleted(rule: AccessRule, owners: ReadonlySet<string>): AccessRule[] {
  const mark = markOf(rule);
  if (!mark || !owners.has(mark.owner)) return [rule];
  return (rule.principals ?? []).some(isDeleted) ? withMembers(rule, (member) => !isDeleted(member)) : [rule];
}

function withMembers(rule: AccessRule, keeps: (member: string) => boolean): AccessRule[] {
  const principals = (rule.principals ?? []).filter(keeps);
  return principals.length === 0 ? [] : [{ ...rule, principals }];
}

function livingMembers({ principals = [] }: AccessRule): string[] {
  return principals.filter((member) => !isDeleted(member));
}

/** @returns true for a member that IAM shows in place of an identity that is gone */
export function isDeleted(member: string): boolean {
  return member.startsWith('deleted:');
}

function isSame(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((item) => b.has(item));
}
