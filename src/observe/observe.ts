import { DIRECTIONS, type Desired, type Direction, type EngineSelector } from '../config/desired.js';
import { isNotFound } from '../google/errors.js';
import type { Google } from '../google/index.js';
import {
  formatEngineName,
  formatGatewayName,
  iapRegistryOf,
  iapResourceOf,
  parseEngineName,
  principalOf,
  type ProjectRef,
} from '../google/names.js';
import type { AgentGateway, ReasoningEngine } from '../google/types.js';
import { planEndpointLayer } from '../plan/plan.js';
import type { Observed, ObservedEngine, Selection } from './observed.js';
import { readEnforcement, type EnforcementReading } from './enforcement.js';
import { readProject } from './project.js';
import { selectEngines } from './select.js';

/**
 * Reads everything a plan needs, writing nothing. What does not depend on each other is asked for together: projects,
 * engines, gateways and services first; then each selected engine; then the policies of the services that serve a
 * declared URL.
 *
 * @throws ApiError, NetworkError, AuthError or the abort reason, as the clients do
 */
export async function observe(desired: Desired, google: Google, universe: string): Promise<Observed> {
  const registryProjectName = registryProjectOf(desired);
  const [known, gateways, services, reading, enforcement] = await Promise.all([
    readKnownEngines(desired, google),
    readGateways(desired, google),
    google.agentregistry.listServices(registryProjectName, desired.region),
    readProjects(desired.project, registryProjectName, google),
    readEgressEnforcement(desired, google),
  ]);
  const project = reading.project(known.engines.map(({ name }) => name));
  const registryProject = reading.registryProject(project);
  const { engines, selection } = await readSelected(desired, known, google);
  const base = { project, region: desired.region, registryProject, selection, engines, gateways, services };
  const policies = await readPolicies(desired, base, google, universe);
  return { ...base, ...policies, ...(enforcement ? { enforcement } : {}) };
}

/** The registry belongs to the egress gateway: it is in that gateway's project, which may be another one. */
function registryProjectOf(desired: Desired): string {
  const egress = desired.gateways.egress;
  return egress !== undefined && egress !== 'none' && egress.project !== undefined ? egress.project : desired.project;
}

interface ProjectReadings {
  project(engineNames: readonly string[]): ProjectRef;
  registryProject(project: ProjectRef): ProjectRef;
}

async function readProjects(scope: string, registry: string, google: Google): Promise<ProjectReadings> {
  const own = readProject(scope, google);
  const [scopeReading, registryReading] = await Promise.all([
    own,
    registry === scope ? own : readProject(registry, google),
  ]);
  return {
    project: (engineNames) => scopeReading.resolve(engineNames),
    registryProject: (project) =>
      registry === scope || registry === project.id || registry === project.number
        ? project
        : registryReading.resolve([]),
  };
}

interface KnownEngines {
  readonly engines: readonly ReasoningEngine[];
  /** The ones that were read by themselves already, by name. */
  readonly full: ReadonlyMap<string, ReasoningEngine>;
}

/** The list, and every engine that is selected by its ID: a list may lag behind a deploy. */
async function readKnownEngines(desired: Desired, google: Google): Promise<KnownEngines> {
  const selectors = [...(desired.only ?? []), ...desired.agents.map(({ selector }) => selector)];
  const ids = [...new Set(selectors.flatMap(idOf))];
  const [listed, ...named] = await Promise.all([
    google.aiplatform.listEngines(desired.project, desired.region),
    ...ids.map((id) =>
      orNull(google.aiplatform.getEngine(formatEngineName({ project: desired.project, location: desired.region, id }))),
    ),
  ]);
  const full = new Map(named.flatMap((engine) => (engine ? [[engine.name, engine] as const] : [])));
  const unread = listed.filter(({ name }) => !full.has(name));
  return { engines: [...full.values(), ...unread], full };
}

function idOf(selector: EngineSelector): string[] {
  return selector.kind === 'id' || selector.kind === 'name' ? [selector.id] : [];
}

/** Ingress gateways have no authorization policy that asks IAP, so only egress is looked at. */
async function readEgressEnforcement(desired: Desired, google: Google): Promise<EnforcementReading | undefined> {
  const { egress } = desired.gateways;
  if (egress === undefined || egress === 'none') return undefined;
  return readEnforcement(formatGatewayName({ project: desired.project, ...egress }), google);
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

/** Reads each selected engine by itself: the list may leave out `deploymentSpec`, and then looks unbound. */
async function readSelected(
  desired: Desired,
  known: KnownEngines,
  google: Google,
): Promise<{ engines: ObservedEngine[]; selection: Selection }> {
  const first = selectEngines(desired, known.engines);
  const read = await Promise.all(
    first.engines.map(async (name) => known.full.get(name) ?? (await orNull(google.aiplatform.getEngine(name)))),
  );
  const gone = new Set(first.engines.filter((_name, index) => read[index] === null));
  const left = known.engines.filter(({ name }) => !gone.has(name));
  const selection = gone.size === 0 ? first : selectEngines(desired, left);
  const engines = read.filter((engine) => engine !== null).map(observedEngine);
  return { engines, selection };
}

function observedEngine(resource: ReasoningEngine): ObservedEngine {
  const principal = principalOf(resource.spec?.effectiveIdentity);
  const env = (resource.spec?.deploymentSpec?.env ?? []).map(({ name, value }) => [name, value ?? ''] as const);
  return {
    name: resource.name,
    id: parseEngineName(resource.name)?.id ?? resource.name,
    displayName: resource.displayName ?? '',
    ...(principal === undefined ? {} : { principal }),
    identityType: resource.spec?.identityType ?? '',
    env: Object.fromEntries(env),
    config: resource.spec?.deploymentSpec?.agentGatewayConfig ?? {},
    resource,
  };
}

async function readPolicies(
  desired: Desired,
  base: Omit<Observed, 'policies' | 'registryPolicy'>,
  google: Google,
  universe: string,
): Promise<Pick<Observed, 'policies' | 'registryPolicy'>> {
  const scope = { project: base.project.id, projectNumber: base.project.number, region: base.region };
  const layer = planEndpointLayer(desired, base, scope, universe);
  const resources = [...new Set(layer.flatMap(({ registryResource }) => registryResource ?? []))];
  const registry = base.registryProject;
  const carriesOver = desired.endpoints.some(({ carryOver }) => carryOver);
  const [registryPolicy, ...policies] = await Promise.all([
    carriesOver ? google.iap.getPolicy(iapRegistryOf(registry, base.region)) : undefined,
    ...resources.map(async (name) => [name, await google.iap.getPolicy(iapResourceOf(name, registry))] as const),
  ]);
  return { policies: new Map(policies), ...(registryPolicy ? { registryPolicy } : {}) };
}

/** @returns null where Google says there is no such thing; every other error goes on. */
async function orNull<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise;
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}
