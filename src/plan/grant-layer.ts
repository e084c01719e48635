import type { Desired } from '../config/desired.js';
import type { Observed } from '../observe/observed.js';
import { planAccessGrants } from './access/grants.js';
import { planMigration, type NotCarried } from './access/migrate.js';
import { grantModelOf } from './grant-model.js';
import { planGrants } from './grants.js';
import { planPruning, type Pruning } from './prune.js';
import { findRecreated, withFormer, type Recreated } from './recreated.js';
import type { EndpointChange, GrantChange, GrantModel, PolicyVersion } from './types.js';

/** Plans who may reach what: one change per engine and endpoint, added or kept. */
type BackEnd = (desired: Desired, observed: Observed, endpoints: readonly EndpointChange[]) => GrantChange[];

/** Where grants can be written: members of allow policies, or rules of an access policy. */
const BACK_ENDS: Readonly<Record<PolicyVersion, BackEnd>> = { V1: planGrants, V2: planAccessGrants };

export interface GrantLayer {
  readonly model: GrantModel;
  /** What is added or stays. */
  readonly grants: readonly GrantChange[];
  /** What a run with `prune` takes away. */
  readonly pruning: Pruning;
  readonly recreated: Recreated;
  /** Members of allow policies (V1) that no rule (V2) is planned for, while both are written. */
  readonly left: readonly NotCarried[];
}

/**
 * Plans the grant layer with the back end that the gateway's model calls for; while it is to be moved from V1 to V2, with both.
 *
 * @param endpoints the planned endpoint layer
 */
export function planGrantLayer(desired: Desired, observed: Observed, endpoints: readonly EndpointChange[]): GrantLayer {
  const model = grantModelOf(desired, observed);
  const planned = new Map(model.writes.map((version) => [version, BACK_ENDS[version](desired, observed, endpoints)]));
  const [members, rules] = [planned.get('V1') ?? [], planned.get('V2') ?? []];
  const recreated = findRecreated(desired, observed, endpoints, members);
  const grants = [...withFormer(members, recreated, observed, endpoints), ...rules];
  const pruning = planPruning(desired, observed, endpoints, grants, recreated, model);
  const migrates = model.writes.includes('V2') && !model.decides.includes('V2');
  const migration = migrates
    ? planMigration(desired, observed, endpoints, { members, rules, pruning: pruning.grants })
    : { grants: [], left: [] };
  return { model, grants: [...grants, ...migration.grants], pruning, recreated, left: migration.left };
}
