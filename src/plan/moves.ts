import { DIRECTIONS, type Desired, type Direction } from '../config/desired.js';
import { gatewayEquals, type ProjectRef } from '../google/names.js';
import type { AgentGatewayConfig } from '../google/types.js';
import type { Observed } from '../observe/observed.js';
import { gatewayIn, projectsOf } from './bindings.js';
import { directionOf, type BindingChange } from './types.js';

/**
 * Marks the bindings that have to wait for a slot. All bound engines of a project and region share one gateway per direction, so
 * another one can only come when all of them have left the first ("Another Agent Gateway is already active or being created for
 * this project and direction", public reports). That holds for engines that are new to the direction, too; and where nobody is
 * bound at all, a run that was cut off may just have unbound them, with the slot still taken for some minutes.
 *
 * @returns the bindings, each with the directions in which it has to wait; as they are without `move: true`
 */
export function markMoves(
  bindings: readonly BindingChange[],
  { move }: Pick<Desired, 'move'>,
  observed: Pick<Observed, 'siblings' | 'project' | 'registryProject'>,
): BindingChange[] {
  const moving = move ? DIRECTIONS.filter((direction) => hasToWait(direction, bindings, observed)) : [];
  return bindings.map((change) => {
    const moves = moving.filter((direction) => {
      const { from, to } = directionOf(change, direction);
      return to !== null && from !== to;
    });
    return moves.length === 0 ? change : { ...change, moves };
  });
}

function hasToWait(
  direction: Direction,
  bindings: readonly BindingChange[],
  observed: Pick<Observed, 'siblings' | 'project' | 'registryProject'>,
): boolean {
  const all = bindings.map((change) => directionOf(change, direction));
  if (all.some(({ from, to }) => from !== null && to !== null && from !== to)) return true;
  const wanted = all.find(({ from, to }) => from === null && to !== null)?.to ?? null;
  if (wanted === null) return false;
  const projects = projectsOf(observed);
  const isHeld = observed.siblings.some(({ config }) => {
    const bound = gatewayIn(config, direction);
    return bound !== null && gatewayEquals(bound, wanted, projects);
  });
  return !isHeld && !all.some(({ from, to }) => from !== null && from === to);
}

/** @returns the directions in which an engine has to leave a gateway before it can be bound to another one */
export function leaves(change: BindingChange): Direction[] {
  return (change.moves ?? []).filter((direction) => directionOf(change, direction).from !== null);
}

/** @returns the first half of a move: the directions that move are unbound, everything else stays as it is */
export function unbinding(change: BindingChange): BindingChange {
  const half = (direction: Direction): BindingChange['egress'] => {
    const { from } = directionOf(change, direction);
    const isLeft = change.moves?.includes(direction) ?? false;
    return { from, to: isLeft ? null : from, declared: isLeft };
  };
  const { layer, engine, displayName } = change;
  return { layer, action: 'update', engine, displayName, egress: half('egress'), ingress: half('ingress') };
}

/** @returns whether an engine has left its gateways: it may also have come to the new ones already, by another run */
export function hasLeft(config: AgentGatewayConfig, change: BindingChange, projects: readonly ProjectRef[]): boolean {
  return leaves(change).every((direction) => {
    const [now, { to }] = [gatewayIn(config, direction), directionOf(change, direction)];
    return now === null || (to !== null && gatewayEquals(now, to, projects));
  });
}
