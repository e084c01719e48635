import type { Plan } from '../plan/types.js';
import { plural } from '../plural.js';
import { driftCount, driftOf } from './drift.js';
import type { EngineReport } from './engines.js';

/** What shields.io's endpoint badge takes (its "Endpoint Badge" page); other dashboards can read it as well. */
export interface Badge {
  readonly schemaVersion: 1;
  readonly label: string;
  readonly message: string;
  readonly color: 'brightgreen' | 'yellow' | 'orange' | 'red';
  /** The verification failed: then nobody can override the colour. */
  readonly isError: boolean;
}

/** The world could not be read, so nothing is known. */
export const FAILED_BADGE: Badge = badge('failed', 'red', true);

/** @returns e.g. `governed 12/12`, `drift: 3 changes` */
export function badgeOf(plan: Plan, engines: readonly EngineReport[]): Badge {
  if (plan.checks.some(({ level }) => level === 'error')) return badge('check failed', 'red', true);
  const drift = driftCount(driftOf(plan));
  if (drift > 0) return badge(`drift: ${plural(drift, 'change')}`, 'orange', true);
  const governed = engines.filter(({ governance }) => governance === 'governed').length;
  if (engines.length === 0) return badge('as declared', 'brightgreen', false);
  return badge(`governed ${governed}/${engines.length}`, governed === engines.length ? 'brightgreen' : 'yellow', false);
}

function badge(message: string, color: Badge['color'], isError: boolean): Badge {
  return { schemaVersion: 1, label: 'agent gateway', message, color, isError };
}
