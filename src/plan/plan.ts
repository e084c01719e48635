import type { Desired } from '../config/desired.js';
import type { Observed } from '../observe/observed.js';
import { planBindings } from './bindings.js';
import { digestOf, sortBy } from './canonical.js';
import { runChecks } from './checks/index.js';
import { withAccessPolicy } from './access/summary.js';
import { planEndpoints } from './endpoints.js';
import { planGrantLayer } from './grant-layer.js';
import { sortGrants } from './grants.js';
import { planGuardrails } from './guardrails.js';
import { planHosts } from './hosts.js';
import { markMoves } from './moves.js';
import { undeclaredServices } from './prune-services.js';
import { engineNameOf } from './scope-engine.js';
import { isChange, type BindingChange, type Change, type Plan, type Scope, type Summary } from './types.js';

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
  const hosts = planHosts(desired, observed, { region: observed.region, universe });
  const { registryProject, services } = observed;
  const endpoints = planEndpoints({ desired, scope, registryProject, services, wanted: hosts.wanted });
  const { model, grants, pruning, recreated, left } = planGrantLayer(desired, observed, endpoints);
  const bindings = markMoves(planBindings(desired, observed), desired, observed).map((change): BindingChange => {
    const recreatedFrom = recreated.former.get(change.engine)?.map((member) => engineNameOf(member, observed));
    return recreatedFrom ? { ...change, recreatedFrom } : change;
  });
  const guardrails = planGuardrails(desired, observed, bindings);
  const changes: Change[] = [
    ...sortBy([...endpoints, ...(desired.prune ? pruning.services.removals : [])], ({ key }) => key),
    ...sortGrants([...grants, ...(desired.prune ? [...pruning.grants.removals, ...pruning.rules] : [])]),
    ...bindings,
    ...guardrails,
  ];
  return {
    schemaVersion: 1,
    scope,
    digest: planDigest({ scope, changes }),
    changes,
    checks: runChecks({
      desired,
      observed,
      endpoints,
      grants,
      model,
      left,
      bindings,
      guardrails,
      unmet: hosts.unmet,
      universe,
      pruning,
    }),
    summary: summarise(changes),
    ...(grants.length > 0 ? { grantModel: withAccessPolicy(model, desired, observed) } : {}),
  };
}

/**
 * Which services the endpoint layer is about, and which ones it may take away; their policies can be read once this is known.
 *
 * @returns registry resources, each once
 */
export function plannedResources(
  desired: Desired,
  observed: Pick<Observed, 'project' | 'region' | 'registryProject' | 'services' | 'engines' | 'selection'>,
  universe: string,
): string[] {
  const { project, region, registryProject, services } = observed;
  const scope = { project: project.id, projectNumber: project.number, region };
  const { wanted } = planHosts(desired, observed, { region, universe });
  const layer = planEndpoints({ desired, scope, registryProject, services, wanted });
  const undeclared = undeclaredServices(desired, observed).map(({ service }) => service);
  return [...new Set([...layer, ...undeclared].flatMap(({ registryResource }) => registryResource || []))];
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
  const count = (isCounted: (change: Change) => boolean): number =>
    changes.filter((change) => isChange(change) && isCounted(change)).length;
  return {
    register: count(({ layer, action }) => layer === 'endpoint' && action !== 'remove'),
    grant: count(({ layer, action }) => layer === 'grant' && action !== 'remove'),
    // An engine that loses its binding is one whose binding changes.
    bind: count(({ layer }) => layer === 'binding'),
    remove: count(({ layer, action }) => layer !== 'binding' && action === 'remove'),
  };
}
