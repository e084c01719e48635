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
    const recent = this.#recent(call);
    this.#given.set(call, [...recent, { at: this.#clock.now(), answer }]);
    const oldest = isStale ? recent[0] : undefined;
    // Each caller gets its own copy, as everything that the fake hands out.
    return oldest ? (structuredClone(oldest.answer) as T) : answer;
  }

  /** @returns what a lagging read may still show of something that is gone; undefined when that was never read */
  recall(call: string): unknown {
    const [oldest] = this.#recent(call);
    return structuredClone(oldest?.answer);
  }

  #recent(call: string): { readonly at: number; readonly answer: unknown }[] {
    const now = this.#clock.now();
    return (this.#given.get(call) ?? []).filter(({ at }) => at >= now - LAG_MS);
  }
}
