import fc from 'fast-check';
import type { Desired, EngineSelector } from '../../src/config/desired.js';
import { desiredArb, desiredOf, HOSTS, KEYS, OTHER_FILE, OTHER_KEYS, worldArb, type World } from './arbitrary.js';
import { agent, desired, endpoint, gateway, service } from './builders.js';

/** How two runs at the same time are related. */
export type Kin = 'same' | 'other engine' | 'other file' | 'other version' | 'inputs alone';

export interface Pair {
  readonly kin: Kin;
  readonly world: World;
  readonly first: Desired;
  readonly second: Desired;
}

/** Two runs for one scope: of one config, for two of its engines, of two configs, of two versions of one, of none. */
export const pairArb: fc.Arbitrary<Pair> = fc.oneof(
  fc
    .record({ world: worldArb, first: desiredArb })
    .map((given): Pair => ({ ...given, kin: 'same', second: given.first })),
  fc.record({ world: worldArb, first: desiredArb, both: fc.boolean() }).map(({ world, first, both }): Pair => {
    const [one, ...others] = first.agents.map(({ selector }) => selector);
    const narrowedTo = (selector: EngineSelector | undefined): Desired =>
      selector ? { ...first, only: [selector], partial: true } : first;
    return { world, kin: 'other engine', first: narrowedTo(one), second: both ? narrowedTo(others.at(-1)) : first };
  }),
  fc.record({
    kin: fc.constant<Kin>('other file'),
    world: worldArb,
    first: desiredArb,
    second: desiredOf(OTHER_KEYS, OTHER_FILE),
  }),
  fc.record({ kin: fc.constant<Kin>('other version'), world: worldArb, first: desiredArb, second: desiredArb }),
  fc.record({ world: worldArb, first: desiredArb, second: desiredArb }).map(({ world, first, second }): Pair => {
    const alone = { config: undefined, partial: true };
    return { kin: 'inputs alone', world, first: { ...first, ...alone }, second: { ...second, ...alone } };
  }),
);

/** Two runs of inputs alone that let two engines reach different hosts of one service, which is there already. */
export const sharedArb: fc.Arbitrary<Pair> = fc
  .record({
    world: worldArb,
    first: fc.subarray([...HOSTS]),
    second: fc.subarray([...HOSTS]),
    key: fc.constantFrom(...KEYS),
  })
  .map(({ world, first, second, key }): Pair => {
    const allowing = (id: string, hosts: readonly string[]): Desired =>
      desired({
        config: undefined,
        partial: true,
        gateways: { egress: gateway('egress') },
        endpoints: [endpoint(key, ['always.example', ...hosts])],
        agents: [agent(id, [key])],
      });
    return {
      kin: 'inputs alone',
      world: {
        ...world,
        engines: world.engines.map((engine) => ({ ...engine, config: {} })),
        services: [service(key, ['always.example'])],
      },
      first: allowing('1', first),
      second: allowing('2', second),
    };
  });
