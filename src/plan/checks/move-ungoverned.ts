import { DIRECTIONS, type Direction } from '../../config/desired.js';
import { leaves } from '../moves.js';
import { directionOf } from '../types.js';
import type { Check, CheckInput, Found } from './check.js';

/** Why a gap matters. Traffic of a direction that is not set is not routed through a gateway (aiplatform discovery document). */
const MEANWHILE: Readonly<Record<Direction, string>> = {
  egress: 'what they call is not governed, and goes out without the gateway',
  ingress: 'they cannot be reached through the gateway, and who calls them directly is not governed',
};

/** Since all bound engines share one gateway, none can be bound to the new one before the last has left the old one. */
export const moveUngoverned: Check = {
  id: 'move-ungoverned',
  level: 'warning',
  run: (input) => DIRECTIONS.flatMap((direction) => gap(direction, input)),
};

function gap(direction: Direction, { desired, bindings }: CheckInput): Found[] {
  const joining = bindings.filter(({ moves = [] }) => moves.includes(direction));
  const leaving = joining.filter((change) => leaves(change).includes(direction));
  const [first] = leaving;
  const wanted = desired.gateways[direction];
  if (!first || wanted === undefined || wanted === 'none') return [];
  const { to } = directionOf(first, direction);
  // All of them, however many: each is somebody's agent.
  const names = leaving.map(({ displayName, engine }) => JSON.stringify(displayName || engine)).join(', ');
  const unbound = joining.filter((change) => !leaving.includes(change));
  const others =
    unbound.length === 0
      ? ''
      : ` Not bound now, and not before that: ${unbound.map(({ displayName, engine }) => JSON.stringify(displayName || engine)).join(', ')}.`;
  return [
    {
      message: `The move to ${direction} gateway ${to ?? ''} unbinds ${leaving.length === 1 ? 'this engine' : `these ${leaving.length} engines`} first; until ${leaving.length === 1 ? 'it is' : 'they are'} bound again, some minutes or more later, ${MEANWHILE[direction]}: ${names}.${others}`,
      remedy:
        'Choose a quiet hour and a timeout with room for it (docs/day-two.md). With the input rollback: true, all go back to the old gateway when one cannot be bound to the new one.',
      origin: wanted.origin,
    },
  ];
}
