import type { AccessPolicySummary, GrantModel, Plan, PolicyVersion } from '../plan/types.js';
import { plural } from '../plural.js';
import type { Part } from './fit.js';
import { code, escapeMarkdown } from './markdown.js';

const NAMES: Readonly<Record<PolicyVersion, string>> = {
  V1: 'allow policies (V1)',
  V2: 'access policies (V2)',
};
const ROLE = 'roles/iap.egressor';
const RULES = 'access rules';
/** Access policies that may be bound to one resource ("Quotas and limits" page of IAM). */
const MOST_BINDINGS = 5;
/** Characters of one line of a comment: names of a gateway and its extensions, or what Google answers instead. */
const LONGEST = 1_000;

/** @returns which policies decide and why, and which access policy is written to; plain text, none without grants */
export function modelLines({ grantModel }: Pick<Plan, 'grantModel'>): string[] {
  if (!grantModel) return [];
  const { decides, writes, why, accessPolicy } = grantModel;
  const more = writes.filter((version) => !decides.includes(version));
  const prepared = more.map((version) => ` Rules in ${NAMES[version]} are written as well, for a migration.`).join('');
  const deciding = decides.map((version) => NAMES[version]).join(' and ');
  return [
    `Who may pass is decided by ${deciding}: ${why}.${prepared}`,
    ...(accessPolicy ? [policyLine(accessPolicy)] : []),
  ];
}

/** @returns what a plan grants with, e.g. `roles/iap.egressor`; plain text */
export function grantedWith({ grantModel }: Pick<Plan, 'grantModel'>): string {
  return writesOf(grantModel)
    .map((version) => (version === 'V1' ? ROLE : RULES))
    .join(', ');
}

/** @returns the heading of the grant layer, Markdown */
export function grantsHeading({ grantModel }: Pick<Plan, 'grantModel'>): string {
  const parts = writesOf(grantModel).map((version) => (version === 'V1' ? `of ${code(ROLE)}` : `by ${RULES}`));
  return `Grants ${parts.join(' and ')}`;
}

function writesOf(model: GrantModel | undefined): readonly PolicyVersion[] {
  return model?.writes ?? ['V1'];
}

/** @returns the same lines as a part of a report */
export function modelParts(plan: Pick<Plan, 'grantModel'>): Part[] {
  const lines = modelLines(plan);
  if (lines.length === 0) return [];
  return [{ head: `<sub>${lines.map((line) => escapeMarkdown(line, LONGEST)).join('<br>')}</sub>` }];
}

function policyLine({ name, exists, isBound, bindings, ownRules, otherRules }: AccessPolicySummary): string {
  const used = bindings === undefined ? '' : ` (${bindings} of ${MOST_BINDINGS} bindings used)`;
  const binding = isBound ? `bound to the gateway's project${used}` : `to be bound to the gateway's project${used}`;
  const rules = exists ? `${plural(ownRules, 'rule')} of this config, ${otherRules} of others` : 'to be created';
  return `Access policy ${name}: ${rules}; ${binding}.`;
}
