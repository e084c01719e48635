import { copyState, isSameState } from '../state/copy.js';
import type { State } from '../state/state.js';
import type { Effect } from './effect.js';
import type { FaultOf } from './schema.js';

/** Reads show the world as it was; writes meet it as it is. Operations are never stale. */
export function staleReadsEffect(fault: FaultOf<'stale-reads'>): Effect {
  const history = new History();
  let left = 0;
  let changes = 0;
  const past = (live: State): State | undefined => {
    if ('ms' in fault.for) return history.at(live.clock.now() - fault.for.ms);
    if (changes !== history.changes) {
      changes = history.changes;
      left = fault.for.reads;
    }
    left -= 1;
    return left >= 0 ? history.previous() : undefined;
  };
  return {
    observe: (state) => history.note(state),
    view: ({ entry, state, act }) => {
      const view = entry.write ? undefined : past(state);
      if (view === undefined) return undefined;
      act();
      // Switches are not part of the world.
      view.settings = state.settings;
      return view;
    },
  };
}

interface Version {
  readonly fromMs: number;
  readonly state: State;
}

/** The states the world went through, as far as somebody looked. */
class History {
  /** How often the world has changed. */
  changes = 0;
  private versions: Version[] = [];
  private notedMs = 0;

  /** Looks whether the world has changed since it was last looked at. */
  note(state: State): void {
    const now = state.clock.now();
    const last = this.versions.at(-1);
    if (last === undefined || !isSameState(last.state, state)) {
      this.versions.push({ fromMs: this.timeOfChange(state, now), state: copyState(state) });
      if (last !== undefined) this.changes += 1;
    }
    this.notedMs = now;
  }

  /** What was there at that time; nothing when that is still what is there. */
  at(ms: number): State | undefined {
    const index = Math.max(
      0,
      this.versions.findLastIndex(({ fromMs }) => fromMs <= ms),
    );
    // Time goes on, so what is older is never asked for again.
    this.versions = this.versions.slice(index);
    return this.versions.length > 1 ? this.versions[0]?.state : undefined;
  }

  /** What was there before the last change. */
  previous(): State | undefined {
    this.versions = this.versions.slice(-2);
    return this.versions.length > 1 ? this.versions[0]?.state : undefined;
  }

  /** An operation made its change when it ended, which may be a while before anybody asked. */
  private timeOfChange(state: State, now: number): number {
    const ends = state.operations
      .list(({ done, endMs }) => done && endMs > this.notedMs && endMs <= now)
      .map(({ endMs }) => endMs);
    return ends.length > 0 ? Math.max(...ends) : now;
  }
}
