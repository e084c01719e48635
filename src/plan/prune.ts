import type { Desired } from '../config/desired.js';
import type { Observed } from '../observe/observed.js';
import { pruneGrants, type GrantPruning } from './prune-grants.js';
import { pruneServices, type ServicePruning } from './prune-services.js';
import type { Recreated } from './recreated.js';
import type { EndpointChange, GrantChange } from './types.js';

/** What a run with `prune` takes away of grants and services, and what it leaves; the same whether this run does it or not. */
export interface Pruning {
  readonly grants: GrantPruning;
  readonly services: ServicePruning;
}

/**
 * What this config owns and no longer declares, and what is granted to engines that are gone.
 *
 * @param endpoints the planned endpoint layer
 * @param grants the planned grant layer
 * @param recreated engines that came back under another ID
 */
export function planPruning(
  desired: Desired,
  observed: Observed,
  endpoints: readonly EndpointChange[],
  grants: readonly GrantChange[],
  { former }: Recreated,
): Pruning {
  const { removals, kept } = pruneGrants(desired, observed, endpoints, grants);
  const successors = (member: string): string[] =>
    [...former].filter(([, members]) => members.includes(member)).map(([engine]) => engine);
  return {
    grants: {
      kept,
      removals: removals.map((removal) => {
        const replacedBy = successors(removal.member).sort();
        return replacedBy.length === 0 ? removal : { ...removal, replacedBy };
      }),
    },
    services: pruneServices(desired, observed, endpoints),
  };
}
