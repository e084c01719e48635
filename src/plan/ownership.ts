import type { RegistryService } from '../google/types.js';
import type { Scope } from './types.js';

/**
 * A service has no labels: its description (at most 2,048 characters) is the only free text that can say whose it is
 * (Agent Registry v1 schema). The mark names the config, the scope and the key, so that two configs that use the same
 * key never take each other's service for their own.
 */
const PREFIX = 'Managed by bind-agent-gateway. Changes made by hand are overwritten.';

/** Who declares a service: the desired-state file (or `inputs`), its scope, and the key in it. */
export interface Owner {
  readonly config: string;
  readonly scope: Pick<Scope, 'project' | 'region'>;
  readonly key: string;
}

/** @returns the description of a service that this config owns. */
export function ownedDescription(owner: Owner): string {
  return `${PREFIX} ${markOf(owner)}`;
}

/** @returns true when the service carries the mark of exactly this config, scope and key. */
export function isOwned(service: Pick<RegistryService, 'description'>, owner: Owner): boolean {
  return (service.description ?? '').includes(markOf(owner));
}

function markOf({ config, scope, key }: Owner): string {
  return `[config=${encodeURI(config).slice(0, 1_000)} scope=${scope.project}/${scope.region} key=${key}]`;
}
