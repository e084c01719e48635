import { DIRECTIONS, type Desired, type Direction, type EngineSelector } from '../config/desired.js';
import { isNotFound } from '../google/errors.js';
import type { Google } from '../google/index.js';
import {
  formatEngineName,
  formatGatewayName,
  iapRegistryOf,
  iapResourceOf,
  parseEngineName,
  parseGatewayName,
  principalOf,
  type ProjectRef,
} from '../google/names.js';
import type { AgentGateway, ReasoningEngine, RegistryService } from '../google/types.js';
import { gatewayIn } from '../plan/bindings.js';
import { plannedResources } from '../plan/plan.js';
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
  const { region } = desired;
  const assumed = egressProject(desired) ?? desired.project;
  const [known, gateways, assumedServices, scopeReading, enforcement] = await Promise.all([
    readKnownEngines(desired, google),
    readGateways(desired, google),
    readServices(desired, assumed, google),
    readProject(desired.project, google),
    readEgressEnforcement(desired, google),
  ]);
  const project = scopeReading.resolve(known.engines.map(({ name }) => name));
  const { engines, selection } = await readSelected(desired, known, project, google);
  const registryProject = await registryProjectOf(desired, project, engines, google);
  const isAssumed = assumed === registryProject.id || assumed === registryProject.number;
  const services = isAssumed ? assumedServices : await readServices(desired, registryProject.id, google);
  const base = { project, region, registryProject, selection, engines, gateways, services };
  const policies = await readPolicies(desired, base, google, universe);
  return { ...base, ...policies, ...(enforcement ? { enforcement } : {}) };
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
  desired: Desired,
  project: ProjectRef,
  engines: readonly ObservedEngine[],
  google: Google,
): Promise<ProjectRef> {
  const { egress } = desired.gateways;
  const bound = engines.flatMap(({ config }) => parseGatewayName(gatewayIn(config, 'egress') ?? '')?.project ?? []);
  const declared = egress !== undefined && egress !== 'none';
  // Without endpoints nothing is looked up in a registry, wherever it is.
  const inferred = desired.endpoints.length > 0 ? bound.sort()[0] : undefined;
  const name = (declared ? egress.project : inferred) ?? project.id;
  if (name === project.id || name === project.number) return project;
  return (await readProject(name, google)).resolve([]);
}

/** A config without endpoints needs no right to read a registry. */
async function readServices(desired: Desired, project: string, google: Google): Promise<RegistryService[]> {
  return desired.endpoints.length > 0 ? google.agentregistry.listServices(project, desired.region) : [];
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
  project: ProjectRef,
  google: Google,
): Promise<{ engines: ObservedEngine[]; selection: Selection }> {
  const full = new Map(known.full);
  let left = known.engines;
  for (;;) {
    const selection = selectEngines(desired, left, project);
    const unread = selection.engines.filter((name) => !full.has(name));
    const read = await Promise.all(unread.map((name) => orNull(google.aiplatform.getEngine(name))));
    const gone = new Set(unread.filter((_name, index) => read[index] === null));
    read.forEach((engine) => engine && full.set(engine.name, engine));
    left = left.filter(({ name }) => !gone.has(name));
    // An engine that was deleted since it was listed may have been one of two with the same display name: choose again.
    if (gone.size > 0) continue;
    const engines = selection.engines.flatMap((name) => full.get(name) ?? []);
    return { engines: engines.map(observedEngine), selection };
  }
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
  const resources = plannedResources(desired, base, universe);
  const registry = base.registryProject;
  const carriesOver = desired.endpoints.some(({ carryOver }) => carryOver);
  const [registryPolicy, ...policies] = await Promise.all([
    carriesOver ? google.iap.getPolicy(iapRegistryOf(registry, base.region)) : undefined,
    ...resources.map(async (name) => {
      // IAP may not know an endpoint yet that the registry has just made: then nobody is granted anything on it.
      const policy = await orNull(google.iap.getPolicy(iapResourceOf(name, registry)));
      return policy ? ([[name, policy]] as const) : [];
    }),
  ]);
  return { policies: new Map(policies.flat()), ...(registryPolicy ? { registryPolicy } : {}) };
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
