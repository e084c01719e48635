import { DIRECTIONS, type Desired, type Direction } from '../config/desired.js';
import { isNotFound, isPermissionDenied } from '../google/errors.js';
import type { Google } from '../google/index.js';
import { formatGatewayName, parseGatewayName, type ProjectRef } from '../google/names.js';
import type { AgentGateway, IamPolicy } from '../google/types.js';
import { boundGateways, planBindings } from '../plan/bindings.js';
import { decidingGateway, grantModelOf } from '../plan/grant-model.js';
import { plannedResources } from '../plan/plan.js';
import { isChange } from '../plan/types.js';
import { nothingRead, readAccess } from './access-policies.js';
import { collectDisabledApis, type DisabledApis } from './disabled.js';
import { readGone } from './gone.js';
import { readKnownEngines, readOthers, readSelected } from './engines.js';
import type { Observed, ObservedEngine } from './observed.js';
import { orNull } from './or-null.js';
import { readEnforcement, type EnforcementReading } from './enforcement.js';
import { readGuardrails } from './guardrails.js';
import { readProject } from './project.js';
import { readAttached, readPolicies, readServices } from './registry.js';

/**
 * Reads everything a plan needs, writing nothing, in three round trips: projects, the list of engines, gateways and services;
 * then each engine; then the policies of the services that serve a declared URL. Enforcement and guardrails are read beside
 * these.
 *
 * @throws ApiError, NetworkError, AuthError or the abort reason, as the clients do
 */
export async function observe(desired: Desired, google: Google, universe: string): Promise<Observed> {
  const disabled = collectDisabledApis();
  const [fleet, guardrails] = await Promise.all([
    readFleet(desired, google, universe, disabled),
    readGuardrails(desired, google, disabled),
  ]);
  return { ...fleet, disabledApis: disabled.found(), ...guardrails };
}

async function readFleet(
  desired: Desired,
  google: Google,
  universe: string,
  disabled: DisabledApis,
): Promise<Omit<Observed, 'disabledApis' | 'guardrails'>> {
  const { region } = desired;
  const assumed = egressProject(desired) ?? desired.project;
  const [scope, gateways, assumedRegistry, otherProject, declared] = await Promise.all([
    readScope(desired, google),
    readGateways(desired, google),
    readServices(desired, assumed, google, disabled),
    readOtherProject(desired, google),
    readEgressEnforcement(desired, google),
  ]);
  const { project, engines } = scope;
  const [registryProject, enforcement] = await Promise.all([
    registryProjectOf({ desired, project, otherProject, engines }, google),
    declared ?? readBoundEnforcement(desired, engines, google),
  ]);
  const isAssumed = assumed === registryProject.id || assumed === registryProject.number;
  const registry = isAssumed ? assumedRegistry : await readServices(desired, registryProject.id, google, disabled);
  const base = { ...scope, region, registryProject, gateways, ...registry };
  const resources = plannedResources(desired, base, universe);
  const { writes } = grantModelOf(desired, { ...base, ...(enforcement ? { enforcement } : {}) });
  const [policies, access, attached, failedUpdates] = await Promise.all([
    // Members that have become inert are taken away, too.
    writes.includes('V1') || desired.prune
      ? readPolicies(desired, resources, registryProject, google, disabled)
      : { policies: new Map<string, IamPolicy>() },
    writes.includes('V2') && hasGrants(desired)
      ? disabled.orElse(
          readAccess(registryProject, { gateway: decidingGateway(desired, base), enforcement }, google),
          nothingRead(registryProject),
          registryProject.id,
        )
      : undefined,
    readAttached(desired, gateways.egress, registryProject, google),
    readFailedUpdates(desired, base, google),
  ]);
  const read = { ...base, ...policies, ...(access ? { access } : {}), ...(enforcement ? { enforcement } : {}) };
  const gone = desired.prune || desired.migrate ? await readGone(read, google) : {};
  return { ...read, ...gone, attached, failedUpdates };
}

/** The project and its engines, the declared ones and the others; each is read as soon as the list is there. */
async function readScope(
  desired: Desired,
  google: Google,
): Promise<Pick<Observed, 'project' | 'engines' | 'selection' | 'siblings' | 'engineNames' | 'unlistedEngines'>> {
  const [known, reading] = await Promise.all([readKnownEngines(desired, google), readProject(desired.project, google)]);
  const engineNames = known.engines.map(({ name }) => name).sort();
  const project = reading.resolve(engineNames);
  const [{ engines, selection }, others] = await Promise.all([
    readSelected(desired, known, project, google),
    readOthers(desired, known, project, google),
  ]);
  const siblings = others.filter(({ name }) => !selection.engines.includes(name));
  const unlisted = known.unlisted === undefined ? {} : { unlistedEngines: known.unlisted };
  return { project, engines, selection, siblings, engineNames, ...unlisted };
}

/** @returns the project that a declared egress gateway's full name says; undefined where nothing does */
function egressProject({ gateways: { egress } }: Desired): string | undefined {
  return egress === undefined || egress === 'none' ? undefined : egress.project;
}

/**
 * The registry belongs to the egress gateway: it is in that gateway's project, which may be another one. Where the config
 * leaves egress alone, the gateway that the engines are bound to decides; all of a project and region share one.
 */
async function registryProjectOf(
  {
    desired,
    project,
    otherProject,
    engines,
  }: {
    desired: Desired;
    project: ProjectRef;
    otherProject: ProjectRef | undefined;
    engines: readonly ObservedEngine[];
  },
  google: Google,
): Promise<ProjectRef> {
  const { egress } = desired.gateways;
  const declared = egress !== undefined && egress !== 'none';
  // Without endpoints nothing is looked up in a registry, wherever it is.
  const inferred = hasGrants(desired) ? parseGatewayName(boundGateways(engines)[0] ?? '')?.project : undefined;
  const name = (declared ? egress.project : inferred) ?? project.id;
  if (name === project.id || name === project.number) return project;
  return otherProject ?? (await readProject(name, google)).resolve([]);
}

/** The project that a declared egress gateway names, when it is not the engines' own by the same name. */
async function readOtherProject(desired: Desired, google: Google): Promise<ProjectRef | undefined> {
  const name = egressProject(desired);
  return name === undefined || name === desired.project ? undefined : (await readProject(name, google)).resolve([]);
}

/** Ingress gateways have no authorization policy that asks IAP, so only egress is looked at. */
async function readEgressEnforcement(desired: Desired, google: Google): Promise<EnforcementReading | undefined> {
  const { egress } = desired.gateways;
  if (egress === undefined || egress === 'none') return undefined;
  return readEnforcement(formatGatewayName({ project: desired.project, ...egress }), google);
}

/** Where the config leaves egress alone, grants count at the gateway that the engines are bound to. */
async function readBoundEnforcement(
  desired: Desired,
  engines: readonly ObservedEngine[],
  google: Google,
): Promise<EnforcementReading | undefined> {
  const [bound] = boundGateways(engines);
  return desired.gateways.egress === undefined && bound !== undefined && hasGrants(desired)
    ? readEnforcement(bound, google)
    : undefined;
}

/** Rules of endpoints that are declared no longer are grants too. */
function hasGrants({ endpoints, prune }: Desired): boolean {
  return endpoints.length > 0 || prune;
}

async function readGateways(
  desired: Desired,
  google: Google,
): Promise<Partial<Record<Direction, AgentGateway | null>>> {
  const entries = await Promise.all(
    DIRECTIONS.map(async (direction) => {
      const wanted = desired.gateways[direction];
      if (wanted === undefined || wanted === 'none') return [];
      const name = formatGatewayName({ project: desired.project, ...wanted });
      return [[direction, await orNull(google.networkservices.getGateway(name))] as const];
    }),
  );
  return Object.fromEntries(entries.flat());
}

/** An update that failed last time often fails again for the same reason, after minutes. Nice to know, not needed. */
async function readFailedUpdates(
  desired: Desired,
  base: Pick<Observed, 'engines' | 'project' | 'registryProject'>,
  google: Google,
): Promise<Map<string, string>> {
  const changing = planBindings(desired, base).filter(isChange);
  const found = await Promise.all(
    changing.map(async ({ engine }) => [engine, await lastUpdateError(engine, google)] as const),
  );
  return new Map(found.flatMap(([engine, error]) => (error === undefined ? [] : [[engine, error] as const])));
}

async function lastUpdateError(engine: string, google: Google): Promise<string | undefined> {
  try {
    const last = await google.aiplatform.lastUpdate(engine);
    return last?.error && (last.error.message || `code ${last.error.code ?? 'unknown'}`);
  } catch (error) {
    if (isNotFound(error) || isPermissionDenied(error)) return undefined;
    throw error;
  }
}
