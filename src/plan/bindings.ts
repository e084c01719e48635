import type { Desired, Direction, GatewayReference } from '../config/desired.js';
import { canonicalGatewayName, gatewayEquals, parseGatewayName, type ProjectRef } from '../google/names.js';
import type { AgentGatewayConfig } from '../google/types.js';
import type { Observed, ObservedEngine } from '../observe/observed.js';
import { compareText, sortBy } from './canonical.js';
import { isChange, type BindingChange, type DirectionChange } from './types.js';

/** What bindings are planned from. */
type BindingWorld = Pick<Observed, 'engines' | 'project' | 'registryProject'>;

/**
 * Plans the binding layer: the gateway of each direction for every selected engine.
 *
 * The platform takes project ID and number, and the API may answer with either; both mean the same gateway. What is
 * written always has the project ID, since organization policy compares gateway names as strings.
 *
 * @returns one change per selected engine, sorted by its name
 */
export function planBindings(desired: Desired, observed: BindingWorld): BindingChange[] {
  return sortBy(observed.engines, (engine) => engine.name).map((engine) => bindingOf(engine, desired, observed));
}

/** @returns the gateway that a config names for one direction, or null. */
export function gatewayIn(config: AgentGatewayConfig | null | undefined, direction: Direction): string | null {
  const part = direction === 'egress' ? config?.agentToAnywhereConfig : config?.clientToAgentConfig;
  return part?.agentGateway ?? null;
}

/** @returns the egress gateways that engines are bound to now, sorted; most often one, since a project and region share it */
export function boundGateways(engines: readonly Pick<ObservedEngine, 'config'>[]): string[] {
  const names = engines.flatMap(({ config }) => gatewayIn(config, 'egress') ?? []);
  return [...new Set(names)].filter((name) => parseGatewayName(name)).sort(compareText);
}

/** @returns the full name of a declared gateway; its project is an ID wherever the ID is known. */
export function gatewayName(
  reference: GatewayReference,
  observed: Pick<Observed, 'project' | 'registryProject'>,
): string {
  const project = reference.project ?? observed.project.id;
  const name = `projects/${project}/locations/${reference.location}/agentGateways/${reference.id}`;
  return canonicalGateway(name, projectsOf(observed));
}

/** @returns the name with the project's ID where that is known; what is no gateway's name stays as it is. */
export function canonicalGateway(name: string, projects: readonly ProjectRef[]): string {
  return parseGatewayName(name) ? canonicalGatewayName(name, projects) : name;
}

/** @returns the projects whose ID and number are known. */
export function projectsOf(observed: Pick<Observed, 'project' | 'registryProject'>): ProjectRef[] {
  return [observed.project, observed.registryProject];
}

/** What an engine's status is while nothing has been applied. */
export function plannedStatus(change: BindingChange): 'bound' | 'unbound' | 'pending' {
  if (isChange(change)) return 'pending';
  return onlyUnbinds(change) ? 'unbound' : 'bound';
}

/** @returns true when the config declares `none`, and no gateway, for this engine */
export function onlyUnbinds({ egress, ingress }: BindingChange): boolean {
  const declared = [egress, ingress].filter((direction) => direction.declared);
  return declared.length > 0 && declared.every(({ to }) => to === null);
}

function bindingOf(engine: ObservedEngine, desired: Desired, observed: BindingWorld): BindingChange {
  const egress = directionChange('egress', engine, desired, observed);
  const ingress = directionChange('ingress', engine, desired, observed);
  return {
    layer: 'binding',
    action: actionOf([egress, ingress]),
    engine: engine.name,
    displayName: engine.displayName,
    egress,
    ingress,
  };
}

function directionChange(
  direction: Direction,
  engine: ObservedEngine,
  desired: Desired,
  observed: BindingWorld,
): DirectionChange {
  const projects = projectsOf(observed);
  const current = gatewayIn(engine.config, direction);
  const from = current === null ? null : canonicalGateway(current, projects);
  const wanted = desired.gateways[direction];
  if (wanted === undefined) return { from, to: from, declared: false };
  if (wanted === 'none') return { from, to: null, declared: true };
  const name = gatewayName(wanted, observed);
  return { from, to: from !== null && gatewayEquals(from, name, projects) ? from : name, declared: true };
}

function actionOf(directions: readonly DirectionChange[]): BindingChange['action'] {
  if (directions.every(({ from, to }) => from === to)) return 'keep';
  if (directions.every(({ from }) => from === null)) return 'create';
  if (directions.every(({ to }) => to === null)) return 'remove';
  return 'update';
}
