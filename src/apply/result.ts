import type { Failure } from '../failure.js';

/** How each part of a plan ended. */
export interface ApplyResult {
  /** By service name. */
  readonly services: ReadonlyMap<string, ServiceResult>;
  /** By engine name; every engine of the plan is here. */
  readonly engines: ReadonlyMap<string, EngineResult>;
  /** By resource name; a change that is not here was not reached. */
  readonly guardrails: ReadonlyMap<string, GuardrailResult>;
  /** What was taken away last of all. */
  readonly removals: RemovalResults;
  /** Everything that failed; the run is named after the first. */
  readonly failures: readonly Failure[];
}

export interface ServiceResult {
  readonly service: string;
  readonly status: 'done' | 'unchanged' | 'failed';
  readonly registryResource?: string;
  /** It was there before this run wrote it, so others may be writing it at the same time. */
  readonly isShared?: boolean;
  /** Members this run added to its allow policy (V1). */
  readonly granted: number;
  /** Members this run added to its rules (V2). */
  readonly ruled?: number;
  readonly failure?: Failure;
  /** Why rules could not be written that decide nothing yet (`migrate`): all else of the service is as its status says. */
  readonly unprepared?: Failure;
}

export interface EngineResult {
  readonly engine: string;
  /** `bound`: nothing to do; `changed`, `unbound`: done in this run; `pending`: not reached. */
  readonly status: 'bound' | 'changed' | 'unbound' | 'failed' | 'pending';
  /** Gateways after the run as far as known; null is unbound. */
  readonly egress: string | null;
  readonly ingress: string | null;
  /** Milliseconds from the first look at the engine to the verified binding; absent when there was nothing to do. */
  readonly tookMs?: number;
  readonly failure?: Failure;
  readonly rollback?: RollbackOutcome;
}

/**
 * What came of giving an engine its previous binding back; absent where that was not to be done. `kept`: it had it still;
 * `not-begun`: the run was over, or it is not known how the update ended.
 */
export type RollbackOutcome = 'restored' | 'kept' | 'failed' | 'not-begun';

/** By service name; what is not here was not reached. */
export interface RemovalResults {
  /** Members that were to be taken out of a service's policy. */
  readonly members: ReadonlyMap<string, RemovalResult>;
  /** Services that were to go. */
  readonly services: ReadonlyMap<string, RemovalResult>;
}

export interface RemovalResult {
  readonly status: 'done' | 'failed';
  readonly failure?: Failure;
}

export interface GuardrailResult {
  /** Of the constraint or policy. */
  readonly name: string;
  readonly status: 'done' | 'failed';
  readonly failure?: Failure;
}
