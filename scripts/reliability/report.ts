import { availableParallelism } from 'node:os';
import { ANSWER_FAULTS, WORLD_FAULTS, type FaultColumn } from './faults.js';
import type { Outcome } from './judge.js';
import { METHODS } from './methods.js';
import type { Played, Scenario } from './scenario.js';

/** How a scenario ended, in one character. */
export const SIGNS: Readonly<Record<Outcome, string>> = { ok: '✓', healed: '↻', broken: '✗' };

export interface Report {
  readonly played: readonly Played[];
  readonly tookMs: number;
  /** Version of the Node.js that ran the action. */
  readonly node: string;
}

/** @returns the figures as Markdown */
export function render({ played, tookMs, node }: Report): string {
  return [
    figures(played, tookMs, node),
    'Every method with every fault. ✓ the first run ended well; ↻ it failed with a reason, and running again healed it; – cannot happen to this method.',
    matrixOf(played, ANSWER_FAULTS),
    legend(ANSWER_FAULTS),
    matrixOf(played, WORLD_FAULTS),
    legend(WORLD_FAULTS),
    'Two applies of one scope at the same time, eight times each with 0 to 1,000 ms between the starts. Refused means that one of them failed with a reason and ran again.',
    concurrentOf(played),
  ].join('\n\n');
}

const of = (played: readonly Played[], group: Scenario['group']): Played[] =>
  played.filter(({ scenario }) => scenario.group === group);
const total = (played: readonly Played[], figure: (item: Played) => number): number =>
  played.reduce((sum, item) => sum + figure(item), 0);
const ended = (played: readonly Played[], outcome: Outcome): number =>
  played.filter(({ verdict }) => verdict.outcome === outcome).length;

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.map(String).join(' | ')} |`;
  return ['<!-- prettier-ignore -->', line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const GROUPS: readonly (readonly [Scenario['group'], string])[] = [
  ['faults', 'a fault at one method (up to 3 engines, 3 endpoints)'],
  ['storms', 'random faults at all methods (3 engines, 3 endpoints)'],
  ['kills', 'SIGKILL at a request (10 engines, 6 endpoints)'],
  ['guarded', 'SIGKILL at a request (2 engines, guardrails)'],
  ['concurrent', 'two applies at the same time (4 engines)'],
];

function figures(played: readonly Played[], tookMs: number, node: string): string {
  const row = (title: string, items: readonly Played[]): (string | number)[] => [
    title,
    items.length,
    total(items, ({ verdict }) => verdict.runs),
    total(items, ({ verdict }) => verdict.requests),
    total(items, ({ verdict }) => verdict.faults),
    ended(items, 'ok'),
    ended(items, 'healed'),
    ended(items, 'broken'),
    total(items, ({ verdict }) => verdict.lost),
    total(items, ({ verdict }) => verdict.doubled),
  ];
  const head = [
    '',
    'Scenarios',
    'Runs',
    'Requests',
    'Struck',
    'First run ✓',
    'Healed ↻',
    'Broken ✗',
    'Lost',
    'Doubled',
  ];
  const rows = GROUPS.map(([group, title]) => row(title, of(played, group)));
  const minutes = (tookMs / 60_000).toFixed(1);
  const machine = `${availableParallelism()} cores, Node.js ${node}, ${minutes} minutes`;
  const struck = 'Struck: requests that something was done to, runs that were killed, pairs of runs.';
  return `${table(head, [...rows, row('all', played)])}\n\n${struck} Measured with ${machine}.`;
}

function matrixOf(played: readonly Played[], columns: readonly FaultColumn[]): string {
  const signs = new Map(
    of(played, 'faults').map(({ scenario, verdict }) => [`${scenario.row} ${scenario.column}`, SIGNS[verdict.outcome]]),
  );
  return table(
    ['Method', ...columns.map(({ title }) => title)],
    METHODS.map((method) => [
      method.title,
      ...columns.map(({ title }) => signs.get(`${method.title} ${title}`) ?? '–'),
    ]),
  );
}

const legend = (columns: readonly FaultColumn[]): string =>
  columns.map(({ title, meaning }) => `- **${title}**: ${meaning}`).join('\n');

function concurrentOf(played: readonly Played[]): string {
  const items = of(played, 'concurrent');
  const rows = [...new Set(items.map(({ scenario }) => scenario.row))].map((title) => {
    const mine = items.filter(({ scenario }) => scenario.row === title);
    return [title, ended(mine, 'ok'), ended(mine, 'healed'), ended(mine, 'broken')];
  });
  return table(['Two configs', 'Both ✓', 'One refused ↻', 'Broken ✗'], rows);
}

const [START, END] = ['<!-- figures:start -->', '<!-- figures:end -->'];

/** @returns the page with new figures between its markers */
export function withFigures(page: string, figuresText: string): string {
  const [before, rest] = page.split(START);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`The page has no ${START} … ${END}`);
  return `${before}${START}\n\n${figuresText}\n\n${END}${after}`;
}
