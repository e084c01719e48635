import { DIRECTIONS, type Direction, type GatewayReference } from '../../config/desired.js';
import { gatewayEquals } from '../../google/names.js';
import { canonicalGateway, gatewayIn, gatewayName, projectsOf } from '../bindings.js';
import { sortBy } from '../canonical.js';
import { leaves } from '../moves.js';
import { directionOf } from '../types.js';
import type { Check, CheckInput, Found } from './check.js';
import { listed } from './wording.js';

/**
 * Several gateways may exist, but the bound engines of a project and region share one per direction: a second one fails
 * after minutes with code 13 or "Internal error encountered" (known issues in Google's agent-platform-troubleshooting
 * skill). Engines of this run that are bound elsewhere are in each other's way, unless all of them may move; engines
 * outside of it stay where they are.
 */
export const gatewayConflict: Check = {
  id: 'gateway-conflict',
  level: 'error',
  run: (input) =>
    DIRECTIONS.flatMap((direction) => {
      const wanted = input.desired.gateways[direction];
      return wanted === undefined || wanted === 'none' ? [] : conflicts(direction, wanted, input);
    }),
};

function conflicts(direction: Direction, wanted: GatewayReference, input: CheckInput): Found[] {
  const { desired, observed, bindings } = input;
  // Engines that are bound already were let in: nothing is asked of the platform for them.
  const asked = bindings.filter((change) => directionOf(change, direction).from !== directionOf(change, direction).to);
  const gateway = gatewayName(wanted, observed);
  const projects = projectsOf(observed);
  // A selected engine is in the way of the others, too, as long as it has not moved itself.
  const inTheWay = [...observed.siblings, ...(desired.move ? [] : observed.engines)].filter(({ name }) =>
    asked.some(({ engine }) => engine !== name),
  );
  const elsewhere = inTheWay.flatMap(({ name, id, displayName, config }) => {
    const bound = gatewayIn(config, direction);
    if (bound === null || gatewayEquals(bound, gateway, projects)) return [];
    return [{ name, label: displayName || id, bound: canonicalGateway(bound, projects) }];
  });
  if (elsewhere.length === 0) return unread(direction, wanted, input);
  const engines = sortBy(
    elsewhere,
    ({ label }) => label,
    ({ name }) => name,
  ).map(({ label, bound }) => `${JSON.stringify(label)} (${bound})`);
  return [
    {
      message: `Gateway ${gateway} cannot be the ${direction} gateway: all bound engines of project ${observed.project.id} in ${observed.region} share one gateway per direction, and these are bound to another one: ${listed(engines)}.`,
      remedy: desired.move
        ? `Declare the gateway they are bound to, or move them in the same run: all engines that are bound in this direction have to be selected (agents in the config, input engines).`
        : `Declare the gateway they are bound to. To move all of them to this one, select them all and set move: true in the config: they are unbound first, which leaves them without ${direction} gateway for some minutes.`,
      origin: wanted.origin,
    },
  ];
}

/** A move unbinds a whole fleet: an engine that holds the old gateway unseen would leave all of them without one. */
function unread(direction: Direction, wanted: GatewayReference, { observed, bindings }: CheckInput): Found[] {
  const engines = observed.siblings.filter(({ isOnlyListed }) => isOnlyListed);
  if (engines.length === 0 || !bindings.some((change) => leaves(change).includes(direction))) return [];
  const names = sortBy(engines, ({ name }) => name).map(({ name }) => name);
  return [
    {
      message: `Engines cannot be moved to another ${direction} gateway, since it is not known what these are bound to, which could not be read: ${listed(names)}.`,
      remedy:
        'Give the identity aiplatform.reasoningEngines.get on them: one that stays bound to the old gateway would keep all others from being bound to the new one.',
      origin: wanted.origin,
    },
  ];
}
