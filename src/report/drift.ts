import { groupBy } from '../plan/canonical.js';
import { isChange, type Change, type Plan } from '../plan/types.js';
import { plural } from '../plural.js';
import { bindingDifferences } from './drift-bindings.js';
import { guardrailDifferences } from './drift-guardrails.js';
import { endpointDifferences, grantDifferences } from './drift-traffic.js';
import type { EngineReport } from './engines.js';

type Layer = Change['layer'];

/** One way in which the world is not as declared. Plain text, its values come from outside. */
export interface Difference {
  /** What differs, on which resource; no full stop at its end. */
  readonly what: string;
  /** What it means for the agents; whole sentences. */
  readonly meaning: string;
  /** What is concerned, in full, where `what` only counts it. */
  readonly details: readonly string[];
  /** IAM members whose agents `what` names: for whoever looks into the policy, and too long for a table. */
  readonly members?: readonly string[];
}

/** Everything that differs in one layer. */
export interface LayerDrift {
  readonly layer: Layer;
  /** Services, members, engines, or constraints and policies. */
  readonly count: number;
  readonly differences: readonly Difference[];
  /** How to put it right; whole sentences. */
  readonly repair: string;
  /** What else to know about all of them; empty where there is nothing. */
  readonly note: string;
}

const REPAIRS: Readonly<Record<Layer, string>> = {
  endpoint: 'Run apply with the same config and inputs.',
  grant: 'Run apply with the same config and inputs.',
  binding:
    'Run apply with the same config and inputs. A deploy or a `terraform apply` of the engine resets its binding: run apply after every deploy.',
  guardrail: 'Run apply with the same config and inputs, with an identity that has rights in the organization.',
};

/** A plan does not say what the gateway does with a call that is not granted. */
const NOTES: Readonly<Partial<Record<Layer, string>>> = {
  grant:
    'Such calls pass all the same while the engine is not bound, the gateway is in dry run, or a grant on the whole registry counts there.',
  guardrail: 'Who changed it stands in the audit log of the organization (orgpolicy.googleapis.com).',
};

/** What holds for every difference, and is said once. */
export const DRIFT_CHOICE = 'If the world is right and the config is not, change the config.';

/**
 * What is not as declared, by layer in the order of the plan: what differs, what it means for the agents, and what puts it
 * right. A plan says what would have to be done; this says what is the matter.
 *
 * @returns no layer when nothing differs
 */
export function driftOf(plan: Plan): LayerDrift[] {
  const changes = groupBy(plan.changes.filter(isChange), ({ layer }) => layer);
  return [...changes].map(([layer, found]) => ({
    layer,
    count: found.length,
    differences: differencesIn(layer, plan),
    repair: REPAIRS[layer],
    note: NOTES[layer] ?? '',
  }));
}

function differencesIn(layer: Layer, plan: Plan): Difference[] {
  switch (layer) {
    case 'endpoint':
      return endpointDifferences(plan);
    case 'grant':
      return grantDifferences(plan);
    case 'binding':
      return bindingDifferences(plan);
    case 'guardrail':
      return guardrailDifferences(plan);
  }
}

/** @returns how many services, members, engines and guardrails differ */
export function driftCount(drift: readonly LayerDrift[]): number {
  return drift.reduce((sum, { count }) => sum + count, 0);
}

/** @returns e.g. `Not as declared: 1 endpoint, 2 grants` */
export function driftLine(drift: readonly LayerDrift[]): string {
  return `Not as declared: ${drift.map(({ layer, count }) => plural(count, layer)).join(', ')}`;
}

/**
 * How things stand, in one line of plain text: e.g. `As declared: 3 endpoints, 12 grants, 6 bindings; 6 of 6 engines governed`,
 * or `Not as declared: 1 grant; 1 failed check; 5 of 6 engines governed`.
 */
export function verdictOf(plan: Plan, drift: readonly LayerDrift[], engines: readonly EngineReport[]): string {
  const errors = plan.checks.filter(({ level }) => level === 'error').length;
  const governed = engines.filter(({ governance }) => governance === 'governed').length;
  const wrong = [
    ...(drift.length > 0 ? [driftLine(drift)] : []),
    ...(errors > 0 ? [plural(errors, 'failed check')] : []),
  ];
  // Nothing to do and something wrong: then nothing is known to be as declared.
  const state = wrong.length > 0 ? wrong : [asDeclaredLine(plan)];
  const verdicts = engines.length > 0 ? [`${governed} of ${plural(engines.length, 'engine')} governed`] : [];
  return [...state, ...verdicts].join('; ');
}

function asDeclaredLine({ changes }: Pick<Plan, 'changes'>): string {
  const declared = changes.filter(
    (change) => change.layer !== 'binding' || change.egress.declared || change.ingress.declared,
  );
  const counts = [...groupBy(declared, ({ layer }) => layer)].map(([layer, found]) => plural(found.length, layer));
  return `As declared: ${counts.join(', ') || 'nothing'}`;
}

/** @returns the layer's name for a heading, e.g. `Grants` */
export function layerTitle(layer: Layer): string {
  return `${layer.charAt(0).toUpperCase()}${layer.slice(1)}s`;
}
