import { DIRECTIONS, type Direction } from '../config/desired.js';
import { byWeight, explain } from '../explain.js';
import type { Failure } from '../failure.js';
import { abortError } from '../google/errors.js';
import { groupBy } from '../plan/canonical.js';
import type { BindingChange } from '../plan/types.js';
import { plural } from '../plural.js';
import { labelOf } from './engine-write.js';
import { stateOf, touchedIn, type Fleet } from './fleet.js';
import type { EngineResult } from './result.js';

/** What it means to have no gateway in a direction. */
const UNGOVERNED: Readonly<Record<Direction, string>> = {
  egress: 'what they call is not governed',
  ingress: 'they cannot be reached through the gateway',
};

/** @returns what is told in the progress of a run, e.g. `Move to egress gateway projects/…/new` */
export function subjectOf(changes: readonly BindingChange[]): string {
  return `Move to ${movingDirections(changes)
    .map((direction) => `${direction} gateway ${targetOf(changes, direction)}`)
    .join(' and ')}`;
}

/**
 * What a move that did not come to its end means for its engines as a whole; what failed is said by the engines themselves.
 *
 * @returns undefined where all is done, and where no engine was touched
 */
export function moveFailure(fleet: Fleet): Failure | undefined {
  const { changes, subject, options } = fleet;
  const all = changes.map((change) => stateOf(change, fleet));
  const isDone = all.every(({ status }) => status !== 'failed' && status !== 'pending');
  if (isDone || touchedIn(fleet).length === 0) return undefined;
  const { signal } = options.deps;
  const reason = signal.aborted
    ? explain(abortError(signal), subject, 'timeout').reason
    : (byWeight(all.flatMap(({ failure }) => failure ?? []))[0]?.reason ?? 'bind-failed');
  if (all.every(isAsBefore(options.previous))) {
    const message = `${subject} was rolled back: every one of ${plural(all.length, 'engine')} is bound as it was before.`;
    // A run that was cut off before may have left them so, and nobody else says it.
    const unbound = movingDirections(changes).flatMap((direction) => unboundLine(direction, fleet));
    return {
      reason,
      message: [message, ...unbound].join('\n'),
      next: [
        'Put right what failed, then run again: the move begins anew.',
        ...(unbound.length > 0 ? ['To bind those that have no gateway to the old one, declare it and run again.'] : []),
      ],
    };
  }
  const lines = movingDirections(changes).flatMap((direction) => stateLines(direction, fleet));
  const what = all.some(({ rollback }) => rollback === 'failed')
    ? 'could not be rolled back in full'
    : 'is not finished';
  return {
    reason,
    message: [`${subject} ${what}. As far as is known:`, ...lines].join('\n'),
    next: [
      'Run again with the same config, move: true included: engines that are bound to the new gateway are left alone, the others are bound to it.',
      'To go back instead, declare the old gateway and run again, with move: true as well.',
    ],
  };
}

function isAsBefore(previous: ReadonlyMap<string, unknown>): (result: EngineResult) => boolean {
  return ({ engine, rollback }) => !previous.has(engine) || rollback === 'restored' || rollback === 'kept';
}

/** Where the engines are, and who is nowhere. */
function stateLines(direction: Direction, fleet: Fleet): string[] {
  const groups = groupBy(fleet.changes, (change) => stateOf(change, fleet)[direction]);
  const bound = [...groups].flatMap(([gateway, engines]) =>
    gateway === null ? [] : [`- bound to ${direction} gateway ${gateway}: ${plural(engines.length, 'engine')}`],
  );
  return [...bound, ...unboundLine(direction, fleet)];
}

/** All the names of those that are nowhere; no line where there are none. */
function unboundLine(direction: Direction, fleet: Fleet): string[] {
  const names = fleet.changes
    .filter((change) => stateOf(change, fleet)[direction] === null)
    .map((change) => JSON.stringify(labelOf(change)));
  if (names.length === 0) return [];
  return [`- bound to no ${direction} gateway, so that ${UNGOVERNED[direction]}: ${names.join(', ')}`];
}

function movingDirections(changes: readonly BindingChange[]): Direction[] {
  return DIRECTIONS.filter((direction) => changes.some(({ moves = [] }) => moves.includes(direction)));
}

function targetOf(changes: readonly BindingChange[], direction: Direction): string {
  return changes.find(({ moves = [] }) => moves.includes(direction))?.[direction].to ?? '';
}
