import { NOTHING_TO_SEND } from '../core/connection.js';
import type { State } from '../state/state.js';
import type { Effect, FaultedCall, Hit } from './effect.js';
import { effectOf } from './effects.js';
import { matches, Turns } from './match.js';
import { FaultError, readFaults, type Fault, type FaultInput } from './schema.js';

/** A fault and what has come of it. */
export interface FaultReport {
  readonly id: string;
  readonly fault: Fault;
  /** Requests it was meant for. */
  readonly matched: number;
  /** Requests it did something to. */
  readonly fired: number;
}

interface Active {
  readonly id: string;
  readonly fault: Fault;
  readonly turns: Turns;
  readonly effect: Effect;
  fired: number;
}

/**
 * Everything that is to go wrong on the way. Each fault counts the requests it is meant for; those that are due act in the order in
 * which they were added, until one has answered in the API's place (before) or ended the connection (after).
 */
export class Faults {
  private active: Active[] = [];
  private made = 0;
  private readonly state: State;

  constructor(state: State) {
    this.state = state;
  }

  /** @returns the ids, in order. @throws FaultError for what can't be read or an id that is taken; then none is added */
  add(input: FaultInput | readonly FaultInput[]): string[] {
    const faults = readFaults(input).map((fault) => ({ id: fault.id ?? `fault-${(this.made += 1)}`, fault }));
    const ids = [...this.active, ...faults].map(({ id }) => id);
    const twice = ids.find((id, index) => ids.indexOf(id) < index);
    if (twice !== undefined) throw new FaultError(`There is a fault with the id ${twice} already.`);
    this.state.settle();
    for (const { id, fault } of faults) {
      const effect = effectOf(fault);
      effect.observe?.(this.state);
      const turns = new Turns('when' in fault ? fault.when : 'every');
      this.active.push({ id, fault, turns, effect, fired: 0 });
    }
    return faults.map(({ id }) => id);
  }

  /** @returns false when there is no fault with that id */
  remove(id: string): boolean {
    const gone = this.active.filter((item) => item.id === id);
    this.active = this.active.filter((item) => item.id !== id);
    for (const { effect } of gone) effect.end?.(this.state);
    return gone.length > 0;
  }

  /** Takes all of them away: operations that were held end, and what was hidden is seen again. */
  clear(): void {
    for (const { id } of this.active) this.remove(id);
  }

  list(): FaultReport[] {
    return this.active.map(({ id, fault, turns, fired }) => ({ id, fault, matched: turns.count, fired }));
  }

  /** Lets a request through to the API, with whatever is to happen to it. @param handle carries it out on the given state */
  async around(call: FaultedCall, handle: (view: State) => Promise<Response>): Promise<Response> {
    if (this.active.length === 0) return handle(call.state);
    const due = this.active
      .filter(({ fault, turns }) => matches(fault.match, call.entry) && turns.next(call.entry))
      .map((item) => ({ effect: item.effect, hit: { ...call, act: () => note(item, call) } }));
    let response = await before(due);
    if (response === undefined) {
      this.observe();
      response = await handle(viewOf(due) ?? call.state);
      this.observe();
    }
    for (const { effect, hit } of due) {
      if (response === NOTHING_TO_SEND) break;
      response = (await effect.after?.(hit, response)) ?? response;
    }
    return response;
  }

  private observe(): void {
    if (!this.active.some((item) => item.effect.observe !== undefined)) return;
    this.state.settle();
    for (const { effect } of this.active) effect.observe?.(this.state);
  }
}

interface Due {
  readonly effect: Effect;
  readonly hit: Hit;
}

/** In the order of the list, until one answers in the API's place. */
async function before(due: readonly Due[]): Promise<Response | undefined> {
  for (const { effect, hit } of due) {
    const answer = await effect.before?.(hit);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

function viewOf(due: readonly Due[]): State | undefined {
  for (const { effect, hit } of due) {
    const view = effect.view?.(hit);
    if (view !== undefined) return view;
  }
  return undefined;
}

/** Once for each request, however many hooks of the fault had something to do. */
function note(item: Active, { entry }: FaultedCall): void {
  const noted = entry.faults ?? [];
  if (noted.some(({ id }) => id === item.id)) return;
  item.fired += 1;
  entry.faults = [...noted, { id: item.id, kind: item.fault.kind }];
}
