import type { ParsedBinding } from '../world.js';
import { principalOf } from './engines.js';
import { storePolicy } from './policies.js';
import { enginesIn, servicesIn } from './services.js';
import type { State } from './state.js';
import type { Collection, EngineRecord, Place, PolicyTarget, Project } from './types.js';

/** The place an item of the world lives in: its own project and location, else the first project and the default region. */
export function placeOf(
  state: State,
  project: string | undefined,
  location: string | undefined,
  region: string,
): Place {
  const first = state.projects[0];
  const owner: Project | undefined = project === undefined ? first : state.findProject(project);
  if (owner === undefined) throw new Error(`The world has no project ${project ?? ''}.`);
  return { project: owner, location: location ?? region };
}

/** `registry`, `service:ID`, `engine:ID` or `endpoints/PROJECTION_ID` as a policy target of this place. */
export function findTarget(state: State, place: Place, on: string): PolicyTarget {
  if (on === 'registry') return place;
  const [kind, id] = on.split(/[:/]/, 2) as [string, string];
  if (kind === 'service') {
    const record = servicesIn(state, place).find((item) => item.id === id);
    if (record === undefined) throw new Error(`There is no service ${id} in ${place.project.id}/${place.location}.`);
    return { ...place, entry: { collection: record.collection, id: record.resourceId } };
  }
  if (kind === 'engine') {
    const engine = enginesIn(state, place).find((item) => item.id === id || item.data.displayName === id);
    if (engine === undefined) throw new Error(`There is no engine ${id} in ${place.project.id}/${place.location}.`);
    return { ...place, entry: { collection: 'agents', id: engine.agentId } };
  }
  return { ...place, entry: { collection: kind as Collection, id } };
}

/** Stores bindings of the world, with `engine:ID` members written out. */
export function storeInput(state: State, target: PolicyTarget, bindings: readonly ParsedBinding[]): void {
  storePolicy(
    state,
    target,
    bindings.map((binding) => ({ ...binding, members: binding.members.map((member) => memberName(state, member)) })),
  );
}

/** A member as IAM knows it: `engine:ID` becomes that engine's principal. */
export function memberName(state: State, member: string): string {
  if (!member.startsWith('engine:')) return member;
  const key = member.slice('engine:'.length);
  const engine = findEngineAnywhere(state, key);
  const principal = engine === undefined ? undefined : principalOf(engine);
  if (principal === undefined)
    throw new Error(`${member}: there is no engine with an agent identity of that id or name.`);
  return principal;
}

/** An engine by id or display name, in any project and region. */
export function findEngineAnywhere(state: State, key: string): EngineRecord | undefined {
  const engines = [...state.engines.values()];
  return engines.find((engine) => engine.id === key) ?? engines.find((engine) => engine.data.displayName === key);
}
