import { DIRECTIONS } from '../config/desired.js';
import { elapsed } from '../elapsed.js';
import type { Failure } from '../failure.js';
import type { EngineReport } from './engines.js';
import { code, details, escapeMarkdown, table } from './markdown.js';
import { countsLine, gatewayLabel, MARKS, scopeLine, STATUS_WORDS, UNASKED } from './words.js';
import {
  bindingChanges,
  directionOf,
  endpointChanges,
  grantChanges,
  isChange,
  type Finding,
  type GrantChange,
  type Plan,
} from '../plan/types.js';

/** Everything a step has to say at its end; what is absent was not reached. */
export interface SummaryInput {
  readonly title: string;
  readonly plan?: Plan;
  readonly engines: readonly EngineReport[];
  /** The step is named after the first. */
  readonly failures: readonly Failure[];
  /** What comes next when nothing failed. */
  readonly next: readonly string[];
}

/** The runner drops a summary of more than 1 MiB whole (actions/runner, step summary upload limit). */
const MAX_BYTES = 1_000_000;
/** Rows a table may have, until the summary fits. */
const ROW_LIMITS = [Infinity, 2_000, 500, 100, 20];

/** @returns the step summary, GitHub Markdown, cut at whole rows so that the runner takes it */
export function renderSummary(input: SummaryInput): string {
  const texts = ROW_LIMITS.map((rows) => () => render(input, rows));
  const fitting = texts.find((text) => new TextEncoder().encode(text()).length <= MAX_BYTES);
  return (fitting ?? (() => render(input, 0)))();
}

function render(input: SummaryInput, limit: number): string {
  const { plan, failures } = input;
  return [
    `## ${escapeMarkdown(input.title)}`,
    ...(plan ? [`**${escapeMarkdown(countsLine(plan.summary))}** in ${escapeMarkdown(scopeLine(plan))}`] : []),
    ...failures.map(failurePart),
    ...(plan ? [checksPart(plan.checks)] : []),
    enginesPart(input, limit),
    ...(plan ? [endpointsPart(plan, limit), grantsPart(plan, limit)] : []),
    nextPart(input),
    ...(plan ? [`Digest ${code(plan.digest)}`] : []),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n');
}

function failurePart({ reason, message }: Failure): string {
  return `**Failed: ${escapeMarkdown(reason)}.** ${message.split('\n').map(escapeMarkdown).join('<br>')}`;
}

function checksPart(checks: readonly Finding[]): string {
  if (checks.length === 0) return '';
  const rows = checks.map(({ level, id, message, remedy }) => [
    level === 'error' ? '**error**' : level,
    code(id),
    escapeMarkdown(message),
    escapeMarkdown(remedy),
  ]);
  return `### Checks\n\n${table(['Level', 'Check', 'What', 'What to do'], rows)}`;
}

function enginesPart({ plan, engines }: SummaryInput, limit: number): string {
  if (!plan || engines.length === 0) return '';
  const bindings = new Map(bindingChanges(plan).map((change) => [change.engine, change]));
  const rows = engines.map((engine) => {
    const change = bindings.get(engine.name);
    const cells = DIRECTIONS.map((direction) => {
      if (!change) return '';
      const { from, to } = directionOf(change, direction);
      const [before, after] = [gatewayLabel(from, plan.scope.project), gatewayLabel(to, plan.scope.project)];
      return before === after ? escapeMarkdown(before) : `${escapeMarkdown(before)} → **${escapeMarkdown(after)}**`;
    });
    const took = engine.tookMs === undefined ? '' : ` (${elapsed(engine.tookMs)})`;
    const mark = change ? MARKS[change.action] : '';
    return [
      mark === '' || mark === ' ' ? '' : code(mark),
      `${escapeMarkdown(engine.displayName)} ${code(engine.id)}`,
      ...cells,
      `${STATUS_WORDS[engine.status]}${took}`,
      escapeMarkdown(engine.governanceText),
    ];
  });
  return `### Engines\n\n${cut(['', 'Engine', 'Egress', 'Ingress', 'Status', 'Governance'], rows, limit)}`;
}

function endpointsPart(plan: Plan, limit: number): string {
  const changes = endpointChanges(plan);
  if (changes.length === 0) return '';
  const rows = changes.map((change) => [
    isChange(change) || change.action === 'adopt' ? code(MARKS[change.action]) : '',
    code(change.key),
    change.action,
    `${change.interfaces.length}`,
    code(change.service),
  ]);
  const hosts = changes.flatMap(({ key, action: planned, interfaces }) =>
    interfaces.map(({ action, url, protocol, reason }) => [
      action === 'keep' ? '' : action,
      code(key),
      code(url),
      code(protocol),
      escapeMarkdown(reason || (planned === 'adopt' ? UNASKED : '')),
    ]),
  );
  const hostTable = details(
    `${hosts.length} host names`,
    cut(['', 'Endpoint', 'URL', 'Protocol', 'Why'], hosts, limit),
  );
  return `### Endpoints\n\n${cut(['', 'Endpoint', 'Action', 'Hosts', 'Service'], rows, limit)}\n\n${hostTable}`;
}

/** One row per service and kind of grant: a fleet has as many grants as engines times endpoints. */
function grantsPart(plan: Plan, limit: number): string {
  const grants = grantChanges(plan);
  if (grants.length === 0) return '';
  const groups = new Map<string, GrantChange[]>();
  for (const grant of grants) {
    const group = JSON.stringify([grant.service, grant.action, grant.engine === undefined]);
    groups.set(group, [...(groups.get(group) ?? []), grant]);
  }
  const rows = [...groups.values()].flatMap((group) => (group[0] ? [grantRow(group[0], group)] : []));
  const added = grants.filter(isChange).length;
  const title = `${added} to add, ${grants.length - added} there already`;
  return `### Grants\n\n${details(title, cut(['', 'Endpoint', 'Members', 'Who'], rows, limit))}`;
}

function grantRow({ action, key }: GrantChange, group: readonly GrantChange[]): string[] {
  const who = group.map(({ displayName, member, condition }) => {
    if (displayName !== undefined) return escapeMarkdown(displayName);
    return `${code(member)} (carried over from the registry-wide policy${condition ? `, only if ${code(condition.expression)}` : ''})`;
  });
  return [action === 'create' ? code('+') : '', code(key), `${group.length}`, who.join(', ')];
}

/** A table of at most so many rows, saying what was left out. */
function cut(head: readonly string[], rows: readonly (readonly string[])[], limit: number): string {
  if (rows.length <= limit) return table(head, rows);
  const note = `… and ${rows.length - limit} more rows: see the log of this step, or the plan file.`;
  return limit === 0 ? note : `${table(head, rows.slice(0, limit))}\n\n${note}`;
}

function nextPart({ failures, next }: SummaryInput): string {
  const lines = failures.length > 0 ? nextSteps(failures) : next;
  if (lines.length === 0) return '';
  return `### What to do next\n\n${lines.map((line) => `- ${escapeMarkdown(line.replace(/^- /, ''))}`).join('\n')}`;
}

/** @returns what to do next after these failures, each piece of advice once */
export function nextSteps(failures: readonly Failure[]): string[] {
  return [...new Set(failures.flatMap(({ next }) => next))];
}
