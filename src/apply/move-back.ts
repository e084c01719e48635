import { byWeight } from '../explain.js';
import type { AgentGatewayConfig } from '../google/types.js';
import { unbinding } from '../plan/moves.js';
import { directionOf, type BindingChange } from '../plan/types.js';
import { plural } from '../plural.js';
import { bind, type BindOptions } from './bind.js';
import { bindingIn } from './engine-write.js';
import { stateOf, touchedIn, type Fleet } from './fleet.js';
import type { EngineResult } from './result.js';
import { backwards, notBegun, notRolledBack, rolledBack } from './rollback.js';
import { bindThroughSlot, endOf, type Ended } from './slot.js';

/** Says of every engine that this run has touched and that is not where it should be that it is left as it is. */
export function leaveAll(fleet: Fleet, why: string): void {
  for (const change of touchedIn(fleet)) {
    const result = stateOf(change, fleet);
    if (result.status === 'failed' || result.status === 'pending') {
      fleet.results.set(change.engine, notBegun(result, why));
    }
  }
}

/**
 * Takes a move back: engines that may be on the new gateway are unbound from it first, then all get what they had when this run
 * began with them.
 *
 * @param mayBeBound whether binding to the new gateway was begun
 */
export async function rollBackAll(fleet: Fleet, mayBeBound: boolean): Promise<void> {
  const { subject, options } = fleet;
  const touched = touchedIn(fleet);
  if (touched.length === 0) return;
  const [first] = byWeight([...fleet.results.values()].flatMap(({ failure }) => failure ?? []));
  options.deps.progress.step(subject, `FAILED, rolling back ${plural(touched.length, 'engine')}`);
  const written = new Set<string>();
  const write = (change: BindingChange, more: Pick<BindOptions, 'restores'> = {}): Promise<AgentGatewayConfig> =>
    bind(change, { ...options, ...more, wrote: () => written.add(change.engine) }, options.deps);
  const writeBack = (change: BindingChange): Promise<AgentGatewayConfig> =>
    write(change, { restores: () => options.previous.get(change.engine) });

  const stuck = mayBeBound ? await unbindAgain(touched, (change) => write(change), fleet) : new Map<string, unknown>();
  const ended = stuck.size > 0 ? new Map<string, Ended>() : await bindBack(touched, writeBack, fleet);
  // As long as one of them is on the new gateway, the old one's slot is closed to all others.
  const { signal } = options.deps;
  const why = signal.aborted ? 'the run was over' : 'not every engine could be unbound from the new gateway';
  await Promise.all(
    touched.map(async (change) => {
      const result = notDone(stateOf(change, fleet));
      const end = stuck.has(change.engine) ? { error: stuck.get(change.engine) } : ended.get(change.engine);
      const after =
        end === undefined
          ? notBegun(result, why)
          : 'config' in end
            ? rolledBack(change, result, bindingIn(end.config, options.projects), written.has(change.engine), options)
            : await notRolledBack(change, end.error, result, options, first?.reason);
      fleet.results.set(change.engine, after);
    }),
  );
}

type Write = (change: BindingChange) => Promise<AgentGatewayConfig>;

/** @returns what failed, by engine name */
async function unbindAgain(
  touched: readonly BindingChange[],
  write: Write,
  fleet: Fleet,
): Promise<Map<string, unknown>> {
  const stuck = new Map<string, unknown>();
  await Promise.all(
    touched.map(async (change) => {
      const end = await endOf(write(unbinding(change)));
      if ('error' in end) stuck.set(change.engine, end.error);
      else {
        const now = bindingIn(end.config, fleet.options.projects);
        fleet.results.set(change.engine, { ...stateOf(change, fleet), ...now });
      }
    }),
  );
  return stuck;
}

/** One that had no gateway to go back to says nothing of the slot, so it is no part of the queue for it. */
async function bindBack(touched: readonly BindingChange[], write: Write, fleet: Fleet): Promise<Map<string, Ended>> {
  const { subject, options } = fleet;
  const ways = touched.map((change) => {
    const back = backwards(change, stateOf(change, fleet), options);
    return { back, needsSlot: change.moves?.some((direction) => directionOf(back, direction).to !== null) ?? false };
  });
  const queue = ways.flatMap(({ back, needsSlot }) => (needsSlot ? [back] : []));
  const others = ways.flatMap(({ back, needsSlot }) => (needsSlot ? [] : [back]));
  const [through, aside] = await Promise.all([
    bindThroughSlot(queue, { subject, triesAll: true, write }, options.deps),
    Promise.all(others.map(async (back) => [back.engine, await endOf(write(back))] as const)),
  ]);
  return new Map([...through, ...aside]);
}

/** What was done is being undone. */
function notDone({ engine, egress, ingress, status, failure }: EngineResult): EngineResult {
  return failure ? { engine, egress, ingress, status, failure } : { engine, egress, ingress, status: 'pending' };
}
