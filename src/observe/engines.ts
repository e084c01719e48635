import { DIRECTIONS, type Desired, type Direction, type EngineSelector } from '../config/desired.js';
import { ApiError, isApiDisabled, isPermissionDenied } from '../google/errors.js';
import type { Google } from '../google/index.js';
import { formatEngineName, parseEngineName, principalOf, type ProjectRef } from '../google/names.js';
import type { ReasoningEngine } from '../google/types.js';
import type { ObservedEngine, Selection } from './observed.js';
import { orNull } from './or-null.js';
import { selectEngines } from './select.js';

export interface KnownEngines {
  readonly engines: readonly ReasoningEngine[];
  /** The ones that were read by themselves already, by name. */
  readonly full: ReadonlyMap<string, ReasoningEngine>;
  /** Why there is no list, where a config can do without one. */
  readonly unlisted?: string;
}

/** The list, and every engine that is selected by its ID: a list may lag behind a deploy. */
export async function readKnownEngines(desired: Desired, google: Google): Promise<KnownEngines> {
  const selectors = [...(desired.only ?? []), ...desired.agents.map(({ selector }) => selector)];
  const ids = [...new Set(selectors.flatMap(idOf))];
  const [{ listed, unlisted }, ...named] = await Promise.all([
    listEngines(desired, selectors.length === 0, google),
    ...ids.map((id) =>
      orNull(google.aiplatform.getEngine(formatEngineName({ project: desired.project, location: desired.region, id }))),
    ),
  ]);
  const full = new Map(named.flatMap((engine) => (engine ? [[engine.name, engine] as const] : [])));
  const unread = listed.filter(({ name }) => !full.has(name));
  return { engines: [...full.values(), ...unread], full, ...(unlisted === undefined ? {} : { unlisted }) };
}

/** Guardrails alone are kept by people of the organization, who may have no business with the engines of a project. */
async function listEngines(
  { project, region }: Desired,
  noneSelected: boolean,
  google: Google,
): Promise<{ listed: readonly ReasoningEngine[]; unlisted?: string }> {
  try {
    return { listed: await google.aiplatform.listEngines(project, region) };
  } catch (error) {
    if (!noneSelected || !(isPermissionDenied(error) || isApiDisabled(error))) throw error;
    return { listed: [], unlisted: error.googleMessage };
  }
}

function idOf(selector: EngineSelector): string[] {
  return selector.kind === 'id' || selector.kind === 'name' ? [selector.id] : [];
}

/** Reads each selected engine by itself: the list may leave out `deploymentSpec`, and then looks unbound. */
export async function readSelected(
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

/**
 * The engines that the config leaves alone. Runtime routes all bound engines of a project and region through one gateway
 * per direction, so a binding that is declared has to agree with theirs; and guardrails hold for them like for all others.
 */
export async function readOthers(
  desired: Desired,
  known: KnownEngines,
  project: ProjectRef,
  google: Google,
): Promise<ObservedEngine[]> {
  const isDeclared = DIRECTIONS.some((direction) => isNamed(desired.gateways[direction]));
  if (!isDeclared && desired.guardrails === undefined) return [];
  const selected = new Set(selectEngines(desired, known.engines, project).engines);
  const others = known.engines.filter(({ name }) => !selected.has(name));
  const read = await Promise.all(
    others.map(async (listed) => {
      const full = known.full.get(listed.name);
      return full ? observedEngine(full) : readOther(listed, google);
    }),
  );
  return read.flatMap((engine) => engine ?? []);
}

/** Others' engines only matter to checks: where one may not be read, what the list says of it has to do. */
async function readOther(listed: ReasoningEngine, google: Google): Promise<ObservedEngine | null> {
  try {
    const engine = await orNull(google.aiplatform.getEngine(listed.name));
    return engine && observedEngine(engine);
  } catch (error) {
    if (error instanceof ApiError && error.status !== 401) return { ...observedEngine(listed), isOnlyListed: true };
    throw error;
  }
}

function isNamed(gateway: Desired['gateways'][Direction]): boolean {
  return gateway !== undefined && gateway !== 'none';
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
