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
export function isOwned({ description }: Pick<RegistryService, 'description'>, owner: Owner): boolean {
  // Google's JSON may say null where nothing is said.
  return owner.config !== undefined && (description ?? '').includes(markOf(owner.config, owner));
}

/**
 * Who made a service, as far as its mark says.
 *
 * @returns `this`: this config for this scope, under whatever key; `other-scope`: a config for the engines of another project or
 *   region; `other`: another config of this scope, or a run with inputs alone; `unmarked`: nobody that is known here
 */
export function makerOf(
  service: Pick<RegistryService, 'description'>,
  { config, scope }: Omit<Owner, 'key'>,
): 'this' | 'other' | 'other-scope' | 'unmarked' {
  const description = service.description ?? '';
  if (!description.includes(MANAGED)) return 'unmarked';
  const [, marked, project, region] = MARK.exec(description) ?? [];
  if (marked === undefined) return 'other';
  if (project !== scope.project || region !== scope.region) return 'other-scope';
  return config !== undefined && marked === nameIn(config) ? 'this' : 'other';
}

/** @returns the key under which this config made a service for this scope; undefined where it did not */
export function keyIn(service: Pick<RegistryService, 'description'>, owner: Omit<Owner, 'key'>): string | undefined {
  return makerOf(service, owner) === 'this' ? MARK.exec(service.description ?? '')?.[4] : undefined;
}

/** A blank in the name of a config is encoded, so the parts cannot run into each other. */
const MARK = /\[config=(\S*) scope=(\S+)\/(\S+) key=([^\s\]]+)\]/;

function markOf(config: string, { scope, key }: Owner): string {
  return `[config=${nameIn(config)} scope=${scope.project}/${scope.region} key=${key}]`;
}

function nameIn(config: string): string {
  return encodeURI(config).slice(0, 1_000);
}
