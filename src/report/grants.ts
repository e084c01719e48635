import { grantChanges, type GrantChange, type Plan } from '../plan/types.js';
import { plural } from '../plural.js';
import type { Part } from './fit.js';
import { grantsHeading } from './grant-model.js';
import { describeGrant } from './kinds.js';
import { code, escapeMarkdown, nameColumn } from './markdown.js';
import { displayNames, engineId, oneOf } from './engine-names.js';
import { actionCell, foldedTable, RANKS, tableParts, type LayerOptions, type Row } from './parts.js';
import { sourceOf } from './words.js';

/** Members in one row: a fleet has as many grants as engines times endpoints, and only whole rows can be left out. */
const ROW_MEMBERS = 20;
/** Members that stand for a longer row; the others are folded. */
const FIRST_MEMBERS = 8;
/** The identity of a Reasoning Engine, as `principalOf` in google/names.ts makes it. */
const AGENT =
  /^principal:\/\/agents\.global\.org-(\d+)\.system\.id\.goog\/resources\/aiplatform\/projects\/([\w-]+)\/locations\/([\w-]+)\/reasoningEngines\/([\w-]+)$/;

type NameOf = ReturnType<typeof displayNames>;

/** The grant layer: who gets `roles/iap.egressor` on which endpoint, one row per endpoint and kind of grant. */
export function grantParts(plan: Plan, { hashes }: LayerOptions): Part[] {
  const grants = grantChanges(plan);
  const nameOf = displayNames(plan);
  const changed = groupGrants(grants.filter((grant) => describeGrant(grant).kind !== 'keep'));
  const kept = groupGrants(grants.filter((grant) => describeGrant(grant).kind === 'keep'));
  const long = changed.filter(({ length }) => length > ROW_MEMBERS);
  return [
    ...tableParts({
      heading: `${hashes} ${grantsHeading(plan)}`,
      columns: columnsOf(changed),
      rows: changed.map((group) => grantRow(group, group.length > ROW_MEMBERS ? FIRST_MEMBERS : ROW_MEMBERS, nameOf)),
      what: 'rows of grants',
      rank: RANKS.changes,
    }),
    ...foldedTable({
      heading: `All members of the ${plural(long.length, 'long row')}`,
      columns: columnsOf(long),
      rows: grantRows(long, nameOf),
      what: 'rows of all members',
      rank: RANKS.more,
    }),
    ...foldedTable({
      heading: `${plural(kept.flat().length, 'grant')} already there`,
      columns: columnsOf(kept).slice(1),
      rows: grantRows(kept, nameOf).map(({ kind, cells }) => ({ kind, cells: cells.slice(1) })),
      what: 'rows of grants already there',
      rank: RANKS.unchanged,
    }),
  ];
}

function columnsOf(groups: readonly (readonly GrantChange[])[]): string[] {
  const keys = groups.flatMap(([first]) => first?.key ?? []);
  return ['', nameColumn('Endpoint', keys), 'Members', 'Who'];
}

/** By service and what happens, in the order of the plan. */
function groupGrants(grants: readonly GrantChange[]): GrantChange[][] {
  const groups = new Map<string, GrantChange[]>();
  for (const grant of grants) {
    const group = JSON.stringify([grant.service, grant.model, describeGrant(grant)]);
    const members = groups.get(group);
    if (members) members.push(grant);
    else groups.set(group, [grant]);
  }
  return [...groups.values()];
}

function grantRows(groups: readonly (readonly GrantChange[])[], nameOf: NameOf): Row[] {
  return groups.flatMap((group) => chunks(group).map((part) => grantRow(part, ROW_MEMBERS, nameOf)));
}

function chunks(grants: readonly GrantChange[]): GrantChange[][] {
  const count = Math.ceil(grants.length / ROW_MEMBERS);
  return Array.from({ length: count }, (_, index) => grants.slice(index * ROW_MEMBERS, (index + 1) * ROW_MEMBERS));
}

function grantRow(group: readonly GrantChange[], shown: number, nameOf: NameOf): Row {
  const [first] = group;
  if (!first) return { kind: 'keep', cells: [] };
  const described = describeGrant(first);
  const more = group.length > shown ? ` and ${group.length - shown} more` : '';
  const names = `${group
    .slice(0, shown)
    .map((grant) => who(grant, nameOf))
    .join(', ')}${more}`;
  const cells = [actionCell(described), code(first.key, 200), `${group.length}`, names];
  // Nobody loses anything by the grant of an engine that is gone.
  return { kind: described.kind, isUrgent: first.why === 'not-allowed' || first.why === 'not-declared', cells };
}

/** A member who is no engine of the config came in through another policy, or its engine is gone. */
function who(grant: GrantChange, nameOf: NameOf): string {
  const { displayName, member, condition, why, replaces, replacedBy } = grant;
  if (why === 'engine-gone') {
    const now = replacedBy === undefined ? '' : `, recreated as ${escapeMarkdown(nameOf(replacedBy), 200)}`;
    return `agent ${code(engineId(member), 200)} is gone${now}`;
  }
  if (displayName !== undefined) {
    const was = replaces ? ` (recreated, was ${oneOf(replaces.map((former) => code(engineId(former), 200)))})` : '';
    return `${escapeMarkdown(displayName, 200)}${was}`;
  }
  const only = condition ? `, only if ${code(condition.expression, 1_000)}` : '';
  return `${memberText(member)} (${sourceOf(grant)}${only})`;
}

/** An agent's principal has a fixed form and is too long for a table; everything that makes it one agent is kept. */
function memberText(member: string): string {
  const [, organization, project, region, id] = AGENT.exec(member) ?? [];
  if (organization === undefined || project === undefined || region === undefined || id === undefined) {
    return code(member, 500);
  }
  return `agent ${code(id)} of project ${code(project)}, ${code(region)}, organization ${code(organization)}`;
}
