import type { RegistryService } from '../google/types.js';
import type { Scope } from './types.js';

/**
 * A service has no labels: its description (at most 2,048 characters) is the only free text that can say whose it is
 * (Agent Registry v1 schema). The mark names the config, the scope and the key, so that two configs that use the same
 * key never take each other's service for their own.
 */
export const MANAGED = 'Managed by bind-agent-gateway.';

/** Who declares a service. */
export interface Owner {
  /**
   * The desired-state file, with its repository where that is known. Absent in a run with inputs alone: many of those may
   * share one key, so none of them owns it.
   */
  readonly config: string | undefined;
  readonly scope: Pick<Scope, 'project' | 'region'>;
  readonly key: string;
}

/** @returns the description of a service that this config makes */
export function ownedDescription(owner: Owner): string {
  return owner.config === undefined ? MANAGED : `${MANAGED} ${markOf(owner.config, owner)}`;
}

/** @returns true when the service carries the mark of exactly this config, scope and key */
export function isOwned({ description = '' }: Pick<RegistryService, 'description'>, owner: Owner): boolean {
  return owner.config !== undefined && description.includes(markOf(owner.config, owner));
}

function markOf(config: string, { scope, key }: Owner): string {
  return `[config=${encodeURI(config).slice(0, 1_000)} scope=${scope.project}/${scope.region} key=${key}]`;
}
