import type { ApplyResult } from '../apply/result.js';
import { DIRECTIONS } from '../config/desired.js';
import { elapsed } from '../elapsed.js';
import type { Failure } from '../failure.js';
import type { EngineReport } from './engines.js';
import { code, details, escapeMarkdown, table } from './markdown.js';
import { countsLine, gatewayLabel, MARKS, scopeLine, STATUS_WORDS } from './words.js';
import {
  bindingChanges,
  directionOf,
  endpointChanges,
  grantChanges,
  isChange,
  type Finding,
  type Plan,
} from '../plan/types.js';

/** Everything a step has to say at its end; what is absent was not reached. */
export interface SummaryInput {
  readonly title: string;
  readonly plan?: Plan;
  readonly result?: ApplyResult;
  readonly engines: readonly EngineReport[];
  readonly failure?: Failure;
  /** What comes next when nothing failed. */
  readonly next: readonly string[];
}

/** @returns the step summary, GitHub Markdown */
export function renderSummary(input: SummaryInput): string {
  const { plan, failure } = input;
  return [
    `## ${escapeMarkdown(input.title)}`,
    ...(plan ? [`**${escapeMarkdown(countsLine(plan.summary))}** in ${escapeMarkdown(scopeLine(plan))}`] : []),
    ...(failure ? [failurePart(failure)] : []),
    ...(plan ? [checksPart(plan.checks)] : []),
    enginesPart(input),
    ...(plan ? [endpointsPart(plan), grantsPart(plan)] : []),
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

function enginesPart({ plan, engines }: SummaryInput): string {
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
  return `### Engines\n\n${table(['', 'Engine', 'Egress', 'Ingress', 'Status', 'Governance'], rows)}`;
}

function endpointsPart(plan: Plan): string {
  const changes = endpointChanges(plan);
  if (changes.length === 0) return '';
  const rows = changes.map((change) => [
    isChange(change) || change.action === 'adopt' ? code(MARKS[change.action]) : '',
    code(change.key),
    change.action,
    `${change.interfaces.length}`,
    code(change.service),
  ]);
  const hosts = changes.flatMap(({ key, interfaces }) =>
    interfaces.map(({ action, url, protocol, reason }) => [
      action === 'keep' ? '' : action,
      code(key),
      code(url),
      code(protocol),
      escapeMarkdown(reason),
    ]),
  );
  const hostTable = details(`${hosts.length} host names`, table(['', 'Endpoint', 'URL', 'Protocol', 'Why'], hosts));
  return `### Endpoints\n\n${table(['', 'Endpoint', 'Action', 'Hosts', 'Service'], rows)}\n\n${hostTable}`;
}

function grantsPart(plan: Plan): string {
  const grants = grantChanges(plan);
  if (grants.length === 0) return '';
  const rows = grants.map(({ action, key, displayName, member }) => [
    action === 'create' ? code('+') : '',
    code(key),
    displayName === undefined ? 'carried over' : escapeMarkdown(displayName),
    code(member),
  ]);
  const added = grants.filter(isChange).length;
  const title = `${added} to add, ${grants.length - added} there already`;
  return `### Grants\n\n${details(title, table(['', 'Endpoint', 'Engine', 'Member'], rows))}`;
}

function nextPart({ failure, next }: SummaryInput): string {
  const lines = failure ? failure.next : next;
  if (lines.length === 0) return '';
  return `### What to do next\n\n${lines.map((line) => `- ${escapeMarkdown(line.replace(/^- /, ''))}`).join('\n')}`;
}
