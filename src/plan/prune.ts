import type { Desired } from '../config/desired.js';
import type { Observed } from '../observe/observed.js';
import { pruneRules } from './access/prune.js';
import { pruneGrants, type GrantPruning } from './prune-grants.js';
import { pruneServices, type ServicePruning } from './prune-services.js';
import type { Recreated } from './recreated.js';
import type { EndpointChange, GrantChange, GrantModel } from './types.js';

/** What a run with `prune` takes away of grants and services, and what it leaves; the same whether this run does it or not. */
export interface Pruning {
  /** Members of allow policies (V1). */
  readonly grants: GrantPruning;
  /** Members of access rules (V2). */
  readonly rules: readonly GrantChange[];
  readonly services: ServicePruning;
}

/**
 * What this config owns and no longer declares, and what is granted to engines that are gone.
 *
 * @param endpoints the planned endpoint layer
 * @param grants the planned grant layer
 * @param recreated engines that came back under another ID
 * @param model where grants are written
 */
export function planPruning(
  desired: Desired,
  observed: Observed,
  endpoints: readonly EndpointChange[],
  grants: readonly GrantChange[],
  { former }: Recreated,
  { decides, writes }: Pick<GrantModel, 'decides' | 'writes'>,
): Pruning {
  const rules = grants.filter(({ model }) => model === 'V2');
  const { removals, kept } = pruneGrants(
    desired,
    observed,
    endpoints,
    grants.filter(({ model }) => model === undefined),
  );
  // Where only rules decide, a role that is still there does nothing.
  const isInert = ({ service, member, why }: GrantChange): boolean =>
    why === 'not-allowed' &&
    !decides.includes('V1') &&
    rules.some((rule) => rule.service === service && rule.member === member);
  // Only one that can be nothing else came back for certain.
  const successors = new Map(
    [...former].flatMap(([engine, [only, ...others]]) => (others.length > 0 ? [] : [[only, engine]])),
  );
  return {
    grants: {
      kept,
      removals: removals.map((removal) => {
        const replacedBy = successors.get(removal.member);
        const named = isInert(removal) ? { ...removal, why: 'inert' as const } : removal;
        return replacedBy === undefined ? named : { ...named, replacedBy };
      }),
    },
    rules: writes.includes('V2') ? pruneRules(desired, observed, endpoints, grants) : [],
    services: pruneServices(desired, observed, endpoints, { decides }),
  };
}
