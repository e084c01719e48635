import type { Desired } from '../config/desired.js';
import type { Observed } from '../observe/observed.js';
import { planBindings } from './bindings.js';
import { digestOf } from './canonical.js';
import { runChecks } from './checks/index.js';
import { planEndpoints } from './endpoints.js';
import { planGrants } from './grants.js';
import { wantedUrls } from './hosts.js';
import { isChange, type Change, type EndpointChange, type Plan, type Scope, type Summary } from './types.js';

/**
 * What has to be done so that the world is as declared. Pure and total: every problem becomes a check, never an
 * exception halfway.
 *
 * @param universe domain of the Google APIs, `googleapis.com` outside Trusted Partner Cloud
 */
export function makePlan(desired: Desired, observed: Observed, universe: string): Plan {
  const scope: Scope = {
    project: observed.project.id,
    projectNumber: observed.project.number,
    region: observed.region,
  };
  const endpoints = planEndpointLayer(desired, observed, scope, universe);
  const grants = planGrants(desired, observed, endpoints);
  const bindings = planBindings(desired, observed);
  const changes: Change[] = [...endpoints, ...grants, ...bindings];
  return {
    schemaVersion: 1,
    scope,
    digest: planDigest({ scope, changes }),
    changes,
    checks: runChecks({ desired, observed, endpoints, grants, bindings }),
    summary: summarise(changes),
  };
}

/** Which services serve the declared URLs; needed before their policies can be read. */
export function planEndpointLayer(
  desired: Desired,
  observed: Pick<Observed, 'engines' | 'selection' | 'services' | 'region' | 'registryProject'>,
  scope: Scope,
  universe: string,
): EndpointChange[] {
  return planEndpoints({
    desired,
    scope,
    parent: `projects/${observed.registryProject.id}/locations/${observed.region}`,
    services: observed.services,
    wanted: wantedUrls(desired, observed, { region: observed.region, universe }),
  });
}

/** The digest covers scope and changes: what is reviewed is what is done, whatever the checks say. */
export function planDigest({ scope, changes }: Pick<Plan, 'scope' | 'changes'>): string {
  return digestOf({ scope, changes });
}

/** @returns true when the plan would write anything. */
export function hasChanges(plan: Pick<Plan, 'changes'>): boolean {
  return plan.changes.some(isChange);
}

function summarise(changes: readonly Change[]): Summary {
  const count = (layer: Change['layer']): number =>
    changes.filter((change) => change.layer === layer && isChange(change)).length;
  return { register: count('endpoint'), grant: count('grant'), bind: count('binding'), remove: 0 };
}
