import type { Failure } from '../failure.js';
import { abortError } from '../google/errors.js';
import type { AgentGatewayConfig } from '../google/types.js';
import { hasLeft, leaves, unbinding } from '../plan/moves.js';
import type { BindingChange } from '../plan/types.js';
import { plural } from '../plural.js';
import { bindingIn, doneResult, failedResult, labelOf, writeEngine, type EngineOptions } from './engine-write.js';
import { hasFailed, stateOf, type Fleet } from './fleet.js';
import { leaveAll, rollBackAll } from './move-back.js';
import { moveFailure, subjectOf } from './move-text.js';
import { waitUntilReady, type EngineTask } from './ready.js';
import type { EngineResult } from './result.js';
import { isRefusal } from './refused.js';
import { rollBack } from './rollback.js';
import { bindThroughSlot } from './slot.js';

export interface Moved {
  readonly results: readonly EngineResult[];
  /** What a move that did not come to its end means for all of its engines. */
  readonly failure?: Failure;
}

/**
 * Moves engines to another gateway: unbinds all of them, waits until the slot is free, binds all of them. All bound engines of a
 * project and region share one gateway per direction, so none can be bound before the last has left; and none leaves before
 * everything that any of them relies on is there. Where no engine has anything to leave, all that is left is to wait for the slot.
 *
 * When an engine cannot be bound to the new gateway, the others go on, or (with `rollback`) all go back to the old one: some here
 * and some there is what Google does not have. Nothing is rolled back once the run is over.
 *
 * @returns how each engine ended; it never throws for what Google or the network do
 */
export async function moveEngines(tasks: readonly EngineTask[], options: EngineOptions): Promise<Moved> {
  const held = await Promise.all(tasks.map((task) => waitUntilReady(task, options)));
  const changes = tasks.map(({ change }) => change);
  const isMove = changes.some((change) => leaves(change).length > 0);
  const ready = changes.filter((_, index) => held[index] === undefined);
  // One that has to stay where it is keeps the slot from all others.
  const isHeldUp = changes.some((change) => leaves(change).length > 0 && !ready.includes(change));
  const fleet: Fleet = {
    changes: isHeldUp ? [] : ready,
    results: new Map(),
    subject: subjectOf(changes),
    options,
  };
  if (isHeldUp) options.deps.progress.step(fleet.subject, 'not begun, since not every engine can leave its gateway');
  if (fleet.changes.length > 0) await carryOut(fleet, isMove);
  const failure = isMove ? moveFailure(fleet) : undefined;
  const results = changes.map((change, index) => held[index] ?? stateOf(change, fleet));
  return { results, ...(failure ? { failure } : {}) };
}

async function carryOut(fleet: Fleet, isMove: boolean): Promise<void> {
  const { deps, rollback } = fleet.options;
  const start = deps.clock.now();
  if (isMove) await unbindAll(fleet);
  const areUnbound = !hasFailed(fleet) && !deps.signal.aborted;
  if (areUnbound) await bindAll(fleet, start, isMove);
  if (deps.signal.aborted) await endAll(fleet);
  if (!isMove || !rollback) return;
  if (deps.signal.aborted) leaveAll(fleet, 'nothing new is begun once a run is over');
  else if (hasFailed(fleet)) await rollBackAll(fleet, areUnbound);
}

async function unbindAll(fleet: Fleet): Promise<void> {
  const { changes, results, subject, options } = fleet;
  const { deps, projects } = options;
  const leaving = changes.filter((change) => leaves(change).length > 0);
  deps.progress.step(subject, `unbinding ${plural(leaving.length, 'engine')} first`);
  await Promise.all(
    leaving.map(async (change) => {
      try {
        const isDone = (config: AgentGatewayConfig): boolean => hasLeft(config, change, projects);
        const now = bindingIn(await writeEngine(unbinding(change), options, isDone), projects);
        results.set(change.engine, { ...stateOf(change, fleet), ...now });
        deps.progress.step(labelOf(change), `unbound: ${leaves(change).join(' and ')}`);
      } catch (error) {
        const failed = await failedResult(change, error, options, { doing: 'Unbinding' });
        results.set(change.engine, isRefusal(error) ? withAdvice(failed) : failed);
      }
    }),
  );
}

/** A guardrail of somebody else; one of the same config is found before anything is written. */
function withAdvice(failed: EngineResult): EngineResult {
  if (!failed.failure) return failed;
  const advice =
    'A move begins with unbinding: a policy that refuses that has to be in dry run until the move is over.';
  return { ...failed, failure: { ...failed.failure, next: [advice, ...failed.failure.next] } };
}

/** @param start milliseconds of the clock at which the first engine was touched */
async function bindAll(fleet: Fleet, start: number, isMove: boolean): Promise<void> {
  const { changes, results, subject, options } = fleet;
  const write = async (change: BindingChange): Promise<AgentGatewayConfig> => {
    const config = await writeEngine(change, options);
    results.set(change.engine, doneResult(change, config, start, options));
    return config;
  };
  const ended = await bindThroughSlot(
    changes,
    { subject, triesAll: !(isMove && options.rollback), write },
    options.deps,
  );
  await Promise.all(
    changes.map(async (change) => {
      const end = ended.get(change.engine);
      if (end === undefined || 'config' in end) return;
      const failed = await failedResult(change, end.error, options, { last: stateOf(change, fleet) });
      results.set(change.engine, isMove ? failed : await rollBack(change, end.error, failed, options));
    }),
  );
}

/** The run is over: an engine whose turn has not come says so, as one does that was in the middle of it. */
async function endAll(fleet: Fleet): Promise<void> {
  const { changes, results, options } = fleet;
  for (const change of changes) {
    const last = stateOf(change, fleet);
    if (last.status !== 'pending' || last.failure) continue;
    results.set(change.engine, await failedResult(change, abortError(options.deps.signal), options, { last }));
  }
}
