import type { Direction } from '../config/desired.js';
import { explain } from '../explain.js';
import { ENFORCEMENT_WORDS } from '../plan/guardrail-text.js';
import { guardrailChanges, isChange, type GuardrailChange, type GuardrailWrite, type Plan } from '../plan/types.js';
import type { ApplyDeps } from './deps.js';
import { WriteOnItsWay } from './errors.js';
import { labelOf, writeConstraint, writePolicy } from './guardrail-write.js';
import type { GuardrailResult } from './result.js';

/** Carries out the guardrail layer, in two parts with the bindings in between. */
export interface GuardrailRunner {
  /**
   * Writes what belongs there; never throws for what Google or the network do.
   *
   * @returns the directions in which something was written
   */
  run(when: GuardrailWrite['when']): Promise<ReadonlySet<Direction>>;
  /** How each change ended so far, by resource name; one that is not here was not reached, or had nothing to do. */
  readonly results: ReadonlyMap<string, GuardrailResult>;
}

/**
 * Directions go on side by side. Within one, what loosens goes from the outside in (the policy, then its list), what tightens
 * from the inside out; once something failed the rest of that direction is left as it is.
 */
export function createGuardrailRunner(plan: Plan, deps: ApplyDeps): GuardrailRunner {
  const results = new Map<string, GuardrailResult>();
  /** Names of constraints with a write that may still be carried out. */
  const onTheirWay = new Set<string>();
  const changes = guardrailChanges(plan).filter(isChange);
  const directions = [...new Set(changes.map(({ direction }) => direction))];
  return {
    results,
    run: async (when) => {
      const written = new Set<Direction>();
      await Promise.all(
        directions.map(async (direction) => {
          const own = changes.filter((change) => change.direction === direction);
          for (const change of when === 'before-bindings' ? own.reverse() : own) {
            if (!change.writes.some((write) => write.when === when)) continue;
            if (own.some(({ name }) => results.get(name)?.status === 'failed')) return;
            const result = await carryOut(change, when, { ...deps, onTheirWay });
            if (result) results.set(change.name, result);
            if (result?.status !== 'failed') written.add(direction);
          }
        }),
      );
      return written;
    },
  };
}

/** @returns how it ended; undefined when another write of it is still to come */
async function carryOut(
  change: GuardrailChange,
  when: GuardrailWrite['when'],
  deps: ApplyDeps & { readonly onTheirWay: Set<string> },
): Promise<GuardrailResult | undefined> {
  try {
    if (change.kind === 'policy') {
      await writePolicy(change, deps);
      deps.progress.step(labelOf(change), ENFORCEMENT_WORDS[change.to]);
    } else {
      for (const write of change.writes.filter((item) => item.when === when)) {
        if (deps.onTheirWay.has(change.name)) throw new WriteOnItsWay(change.name);
        if (await writeConstraint(change, write, deps)) deps.onTheirWay.add(change.name);
        deps.progress.step(labelOf(change), `gateways approved now: ${write.gateways.length}`);
      }
    }
    return change.writes.at(-1)?.when === when ? { name: change.name, status: 'done' } : undefined;
  } catch (error) {
    const what = change.kind === 'policy' ? 'organization policy' : 'custom constraint';
    const verb = change.action === 'remove' ? 'Removing' : 'Writing';
    deps.progress.step(labelOf(change), 'FAILED');
    const failure = explain(error, `${verb} the ${what} ${change.name}`, 'api-error');
    return { name: change.name, status: 'failed', failure };
  }
}
