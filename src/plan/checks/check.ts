import type { CheckLevel, Desired, Origin } from '../../config/desired.js';
import type { Observed } from '../../observe/observed.js';
import type { NotCarried } from '../access/migrate.js';
import type { UnmetHosts } from '../hosts.js';
import type { Pruning } from '../prune.js';
import type { BindingChange, EndpointChange, GrantChange, GrantModel, GuardrailChange } from '../types.js';

/** What a check may look at: the desired state, the world, and what the plan would do. */
export interface CheckInput {
  readonly desired: Desired;
  readonly observed: Observed;
  readonly endpoints: readonly EndpointChange[];
  readonly grants: readonly GrantChange[];
  readonly model: GrantModel;
  /** Members of allow policies (V1) that no rule (V2) is planned for, while both are written. */
  readonly left: readonly NotCarried[];
  readonly bindings: readonly BindingChange[];
  readonly guardrails: readonly GuardrailChange[];
  readonly unmet: readonly UnmetHosts[];
  /** Domain of the Google APIs. */
  readonly universe: string;
  /** What a run with `prune` takes away; the two layers above do not have it, whether this run does it or not. */
  readonly pruning: Pruning;
}

/** What a check found, before its level is known. */
export interface Found {
  /** One sentence that names the resources. */
  readonly message: string;
  readonly remedy: string;
  /** Good to know, and nothing to act on. */
  readonly isNote?: boolean;
  readonly origin?: Origin;
}

/** A rule about the world. Pure: the same input gives the same findings. */
export interface Check {
  readonly id: string;
  readonly level: CheckLevel;
  run(input: CheckInput): readonly Found[];
}
