import { endpointChanges, grantChanges, isChange, type EndpointChange, type Plan } from '../plan/types.js';
import type { Part } from './fit.js';
import { describeEndpoint, HOST_KINDS, KIND_MARKS } from './kinds.js';
import { code, escapeMarkdown } from './markdown.js';
import { actionCell, foldedTable, RANKS, tableParts, type LayerOptions, type Row } from './parts.js';
import { losersOf } from './engine-names.js';
import { redactUrl } from '../redact.js';
import { plural } from '../plural.js';
import { serviceLabel, UNASKED } from './words.js';

/** Members of a service that goes who are named before the rest is only counted. */
const SHOWN_LOSERS = 8;
const COLUMNS = ['', 'Endpoint', 'Hosts', 'Service'];

/** The endpoint layer: one row per service, and every host with the reason why it is there. */
export function endpointParts(plan: Plan, { hashes }: LayerOptions): Part[] {
  const changes = endpointChanges(plan);
  const news = newlyGranted(plan);
  const rows = changes.map((change) => ({ change, row: endpointRow(change, plan) }));
  // Whose hosts an adopted service carries is worth a look when somebody is let in there for the first time.
  const isShown = ({ change }: { change: EndpointChange }): boolean =>
    isChange(change) || (change.action === 'adopt' && news.has(change.service));
  const kept = rows.filter((item) => !isShown(item)).map(({ row }) => row);
  return [
    ...tableParts({
      heading: `${hashes} Endpoints in Agent Registry`,
      columns: COLUMNS,
      rows: rows.filter(isShown).map(({ row }) => row),
      what: 'changed endpoints',
      rank: RANKS.changes,
    }),
    ...foldedTable({
      heading: `${plural(kept.length, 'endpoint')} used as ${kept.length === 1 ? 'it is' : 'they are'}`,
      columns: COLUMNS,
      rows: kept,
      what: 'unchanged endpoints',
      rank: RANKS.unchanged,
    }),
  ];
}

/** @returns the hosts of all services, one per row, those that change first */
export function hostParts(plan: Plan): Part[] {
  const rows = endpointChanges(plan).flatMap((change) => hostRows(change));
  return foldedTable({
    heading: `${plural(rows.length, 'host')} and why each is there`,
    columns: ['', 'Endpoint', 'URL', 'Protocol', 'Why'],
    rows,
    what: 'hosts',
    rank: RANKS.hosts,
  });
}

function newlyGranted(plan: Plan): Set<string> {
  return new Set(
    grantChanges(plan)
      .filter(({ action }) => action === 'create')
      .map(({ service }) => service),
  );
}

function endpointRow(change: EndpointChange, plan: Plan): Row {
  const { scope } = plan;
  const described = describeEndpoint(change);
  const name = change.displayName === '' ? '' : `${escapeMarkdown(change.displayName, 200)} `;
  const cells = [
    actionCell(described),
    code(change.key, 200),
    [hostCounts(change), ...fieldTexts(change), ...loserTexts(change, plan)].join('<br>'),
    `${name}${code(serviceLabel(change.service, scope.project), 300)}`,
  ];
  return { kind: described.kind, cells };
}

/** E.g. `33 new` or `1 removed, 2 new, 30 kept`. */
function hostCounts({ action, interfaces }: EndpointChange): string {
  const count = (of: 'remove' | 'change' | 'add' | 'keep'): number =>
    interfaces.filter((item) => item.action === of).length;
  if (action === 'keep') return `${interfaces.length}`;
  if (action === 'adopt') {
    const unasked = interfaces.filter(({ reason }) => reason === '').length;
    return `${interfaces.length} as registered${unasked > 0 ? `, ${unasked} not asked for` : ''}`;
  }
  const counts = [
    [count('remove'), 'removed'],
    [count('change'), 'changed'],
    [count('add'), 'new'],
    [count('keep'), 'kept'],
  ] as const;
  return counts.flatMap(([number, word]) => (number > 0 ? [`${number} ${word}`] : [])).join(', ');
}

/** Whoever is granted on a service loses that with it. */
function loserTexts(change: EndpointChange, plan: Plan): string[] {
  const losers = losersOf(change, plan);
  if (losers.length === 0) return [];
  const shown = losers.slice(0, SHOWN_LOSERS).map((name) => escapeMarkdown(name, 200));
  const more = losers.length > SHOWN_LOSERS ? ` and ${losers.length - SHOWN_LOSERS} more` : '';
  return [`taken from ${shown.join(', ')}${more}`];
}

/** A new service has no old fields to compare with. */
function fieldTexts({ action, fields }: EndpointChange): string[] {
  if (action === 'create') return [];
  return fields.map(({ field, from, to }) => {
    const [before, after] = [from, to].map((text) => escapeMarkdown(JSON.stringify(text), 300));
    return `${field === 'displayName' ? 'display name' : field} ${before} → ${after}`;
  });
}

function hostRows({ key, action: planned, interfaces }: EndpointChange): Row[] {
  return interfaces.map(({ action, url, protocol, reason }) => {
    const kind = HOST_KINDS[action];
    const why = reason || (action === 'remove' ? 'no longer declared' : planned === 'adopt' ? UNASKED : '');
    const mark = KIND_MARKS[kind] === '' ? '' : code(KIND_MARKS[kind]);
    const cells = [mark, code(key, 200), code(redactUrl(url), 500), code(protocol, 50), escapeMarkdown(why, 500)];
    return { kind, cells };
  });
}
