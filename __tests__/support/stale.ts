import type { Clock } from '../../src/clock.js';

/** How old the state that a lagging read shows may be, in milliseconds. */
const LAG_MS = 5_000;

/** What was answered lately: a read that reaches another replica may show it once more, after a newer one was seen. */
export class Answers {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #given = new Map<string, { readonly at: number; readonly answer: unknown }[]>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** @returns the answer, or the oldest one to the same call that a lagging read may still show */
  remember<T>(call: string, answer: T, isStale: boolean): T {
    const now = this.#clock.now();
    const recent = (this.#given.get(call) ?? []).filter(({ at }) => at >= now - LAG_MS);
    this.#given.set(call, [...recent, { at: now, answer }]);
    const oldest = isStale ? recent[0] : undefined;
    // Each caller gets its own copy, as everything that the fake hands out.
    return oldest ? (structuredClone(oldest.answer) as T) : answer;
  }
}
