import type { Direction } from '../config/desired.js';
import type { CustomConstraint } from '../google/types.js';
import { MANAGED } from './ownership.js';

/** Google's own words, since whoever is refused is shown the description; then whose list it is. */
const TEXT =
  'Reasoning Engines can only be bound to a pre-approved list of Agent Gateway instances. Binding to any other gateway is denied.';

/** @returns the description (at most 2,000 characters) of a constraint that this config makes */
export function ownedConstraintText(config: string | undefined, direction: Direction): string {
  return `${TEXT} ${MANAGED} ${markOf(config ?? '', direction)}`;
}

/**
 * Who keeps the list: this config, another one, or nobody that is known here. An organization has one constraint per direction,
 * so unlike a service's the mark names no scope: several scopes may share one file and its guardrails.
 */
export function constraintOwner(
  { description = '' }: Pick<CustomConstraint, 'description'>,
  config: string | undefined,
  direction: Direction,
): 'this' | 'other-config' | 'unmarked' {
  if (config !== undefined && description.includes(markOf(config, direction))) return 'this';
  return description.includes(MANAGED) ? 'other-config' : 'unmarked';
}

function markOf(config: string, direction: Direction): string {
  return `[config=${encodeURI(config).slice(0, 1_000)} guardrail=${direction}]`;
}
