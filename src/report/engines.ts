import type { ApplyResult, EngineResult, RollbackOutcome } from '../apply/result.js';
import type { Desired } from '../config/desired.js';
import type { Observed } from '../observe/observed.js';
import { plannedStatus } from '../plan/bindings.js';
import { groupBy } from '../plan/canonical.js';
import { governanceOf, type Governance } from '../plan/governance.js';
import { bindingChanges, decidingGrants, type Plan } from '../plan/types.js';

/** One engine at the end of a step, for outputs and reports. */
export interface EngineReport {
  readonly name: string;
  readonly id: string;
  readonly displayName: string;
  readonly principal: string;
  readonly egress: string | null;
  readonly ingress: string | null;
  readonly status: EngineResult['status'];
  readonly governance: Governance['verdict'];
  /** The verdict in words, with the reason. */
  readonly governanceText: string;
  readonly tookMs?: number;
  readonly rollback?: RollbackOutcome;
}

/**
 * How every engine of a plan stands: before an apply as observed, after it as read last.
 *
 * @param result absent when nothing was applied
 */
export function reportEngines(plan: Plan, desired: Desired, observed: Observed, result?: ApplyResult): EngineReport[] {
  const created = decidingGrants(plan).filter(({ action }) => action === 'create');
  const missing = groupBy(created, ({ engine }) => engine);
  return bindingChanges(plan).flatMap((change) => {
    const engine = observed.engines.find(({ name }) => name === change.engine);
    if (!engine) return [];
    const outcome = result?.engines.get(change.engine);
    const now = outcome ?? { egress: change.egress.from, ingress: change.ingress.from };
    const granted = (missing.get(change.engine) ?? []).every(
      ({ service }) => result?.services.get(service)?.status === 'done',
    );
    const failed = outcome?.status === 'failed' && outcome.rollback !== 'restored';
    const { verdict, why } = governanceOf({ ...now, granted, failed }, desired, observed);
    return [
      {
        name: engine.name,
        id: engine.id,
        displayName: engine.displayName,
        principal: engine.principal ?? '',
        egress: now.egress,
        ingress: now.ingress,
        status: outcome?.status ?? plannedStatus(change),
        governance: verdict,
        governanceText: {
          governed: 'governed',
          'not-enforced': `bound, not enforced: ${why}`,
          'not-bound': 'not bound',
        }[verdict],
        ...(outcome?.tookMs === undefined ? {} : { tookMs: outcome.tookMs }),
        ...(outcome?.rollback === undefined ? {} : { rollback: outcome.rollback }),
      },
    ];
  });
}
