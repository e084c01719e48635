import { DIRECTIONS } from '../config/desired.js';
import { bindingChanges, directionOf, type BindingChange, type DirectionChange, type Plan } from '../plan/types.js';
import { plural } from '../plural.js';
import type { EngineReport } from './engines.js';
import type { Part } from './fit.js';
import { describeBinding, type Kind } from './kinds.js';
import { code, escapeMarkdown } from './markdown.js';
import { engineId, oneOf } from './engine-names.js';
import { actionCell, foldedTable, RANKS, tableParts, type LayerOptions, type Row } from './parts.js';
import { duration, gatewayLabel, ROLLBACK_WORDS, STATUS_WORDS } from './words.js';

/** The longest text of a cell; Google's own display names have at most 128 characters. */
const MAX_NAME = 200;

/**
 * The binding layer: one row per engine with both directions, its verdict and, after an apply, how it ended.
 *
 * @param engines how each engine stands; one that is missing is shown without a verdict
 */
export function bindingParts(plan: Plan, engines: readonly EngineReport[], options: LayerOptions): Part[] {
  const changes = new Map(bindingChanges(plan).map((change) => [change.engine, change]));
  const known = new Set(engines.map(({ name }) => name));
  const rows = [
    ...engines.map((engine) => bindingRow(changes.get(engine.name), engine, plan, options)),
    ...[...changes.values()]
      .filter(({ engine }) => !known.has(engine))
      .map((change) => bindingRow(change, undefined, plan, options)),
  ];
  const verdict = options.applied ? ['Governance', 'Status'] : ['Governance now'];
  const columns = ['Engine', 'Egress', 'Ingress', ...verdict];
  const changed = rows.filter(({ kind }) => kind !== 'keep');
  const kept = rows.filter(({ kind }) => kind === 'keep');
  return [
    ...tableParts({
      heading: `${options.hashes} Bindings`,
      columns: ['', ...columns],
      rows: changed,
      what: 'changed bindings',
      rank: RANKS.changes,
    }),
    ...foldedTable({
      heading: `${plural(kept.length, 'engine')} with an unchanged binding`,
      columns,
      rows: kept.map(({ kind, cells }) => ({ kind, cells: cells.slice(1) })),
      what: 'unchanged bindings',
      rank: RANKS.unchanged,
    }),
  ];
}

function bindingRow(
  change: BindingChange | undefined,
  engine: EngineReport | undefined,
  { scope }: Plan,
  { applied }: LayerOptions,
): Row {
  const described: { kind: Kind; words: string } = change ? describeBinding(change) : { kind: 'keep', words: '' };
  const id = engine?.id ?? change?.engine ?? '';
  const name = engine?.displayName ?? change?.displayName ?? '';
  const directions = DIRECTIONS.map((direction) =>
    change ? directionCell(directionOf(change, direction), scope.project) : '',
  );
  const cells = [
    actionCell(described),
    `${escapeMarkdown(name, MAX_NAME)} ${code(id, MAX_NAME)}${formerText(change)}`.trim(),
    ...directions,
    engine ? escapeMarkdown(engine.governanceText, 400) : '',
    ...(applied ? [engine ? statusCell(engine) : ''] : []),
  ];
  // After an apply that failed, what is not done is what matters.
  const isUrgent = applied && (engine?.status === 'failed' || engine?.status === 'pending');
  return { kind: described.kind, isUrgent, cells };
}

/** An engine that came back under another ID. */
function formerText({ recreatedFrom }: Partial<BindingChange> = {}): string {
  if (!recreatedFrom) return '';
  return `<br>recreated, was ${oneOf(recreatedFrom.map((engine) => code(engineId(engine), MAX_NAME)))}`;
}

function directionCell({ from, to }: DirectionChange, project: string): string {
  const [before, after] = [from, to].map((name) =>
    name === null ? 'none' : escapeMarkdown(gatewayLabel(name, project), MAX_NAME),
  );
  return from === to ? (before ?? '') : `${before}&nbsp;→&nbsp;**${after}**`;
}

function statusCell({ status, tookMs, rollback }: EngineReport): string {
  const took = tookMs === undefined ? '' : ` (${duration(tookMs)})`;
  const back = rollback === undefined ? '' : `, ${ROLLBACK_WORDS[rollback]}`;
  return `${status === 'failed' ? '**failed**' : STATUS_WORDS[status]}${back}${took}`;
}
