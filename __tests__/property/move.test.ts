import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Desired } from '../../src/config/desired.js';
import type { AgentGatewayConfig } from '../../src/google/types.js';
import { leaves } from '../../src/plan/moves.js';
import { hasChanges } from '../../src/plan/plan.js';
import { bindingChanges } from '../../src/plan/types.js';
import { anotherRun, look, run, stage, type Stage } from '../support/apply.js';
import { attempt } from '../support/attempt.js';
import {
  agent,
  desired,
  egressConfig,
  endpoint,
  engineNamed,
  gateway,
  gatewayNamed,
  ingressConfig,
} from '../support/builders.js';
import type { UpdateEnd } from '../support/google-engines.js';
import { RUNS } from './stories/runs.js';

const NEW = gatewayNamed('egress');

/** Engines of one scope as Google has them: whoever is bound in a direction shares its gateway. */
interface Given {
  readonly fleet: readonly AgentGatewayConfig[];
  readonly desired: Desired;
  /** How long a gateway keeps its slot after the last engine has left. */
  readonly releaseMs: number;
}

const shared = (of: (id: string) => AgentGatewayConfig, ids: readonly string[]) =>
  fc
    .record({ id: fc.constantFrom(...ids), bound: fc.tuple(...Array.from({ length: 5 }, () => fc.boolean())) })
    .map(({ id, bound }) => bound.map((isBound) => (isBound ? of(id) : {})));

const givenArb: fc.Arbitrary<Given> = fc
  .record({
    egress: shared(egressConfig, ['old', 'egress']),
    ingress: shared(ingressConfig, ['old', 'ingress']),
    count: fc.integer({ min: 1, max: 5 }),
    declaresIngress: fc.boolean(),
    grants: fc.boolean(),
    releaseMs: fc.constantFrom(0, 100_000, 400_000),
  })
  .map(({ egress, ingress, count, declaresIngress, grants, releaseMs }) => ({
    releaseMs,
    fleet: egress.slice(0, count).map((config, index) => ({ ...config, ...ingress[index] })),
    desired: desired({
      move: true,
      gateways: { egress: gateway('egress'), ...(declaresIngress ? { ingress: gateway('ingress') } : {}) },
      endpoints: grants ? [endpoint('stripe', ['api.stripe.com'])] : [],
      agents: egress.slice(0, count).map((_, index) => agent(`${index + 1}`, grants ? ['stripe'] : [])),
    }),
  }));

function staged({ fleet, releaseMs }: Given): Stage {
  const on = stage({ updateMs: 150_000 });
  on.google.engines.slotReleaseMs = releaseMs;
  fleet.forEach((config, index) => on.google.engines.add(`${index + 1}`, { config }));
  return on;
}

const configs = (on: Stage, { fleet }: Given): AgentGatewayConfig[] =>
  fleet.map((_, index) => on.google.engines.configOf(`${index + 1}`));

/** Every engine as declared, with what it had in a direction that is not. */
const declared = ({ fleet, desired: { gateways } }: Given): AgentGatewayConfig[] =>
  fleet.map((config) => ({
    ...(gateways.ingress
      ? ingressConfig('ingress')
      : config.clientToAgentConfig && { clientToAgentConfig: config.clientToAgentConfig }),
    ...egressConfig('egress'),
  }));

/** Engines that came to the new egress gateway more than once. */
function boundTwice(on: Stage, { fleet }: Given): string[] {
  const now = new Map(fleet.map((config, index) => [engineNamed(`${index + 1}`), config]));
  const arrivals = on.google.engines.done.flatMap(({ engine, config }) => {
    const [from, to] = [now.get(engine), config].map((of) => of?.agentToAnywhereConfig?.agentGateway);
    now.set(engine, config);
    return to === NEW && from !== NEW ? [engine] : [];
  });
  return arrivals.filter((name, index) => arrivals.indexOf(name) !== index);
}

describe('a move, for any fleet', () => {
  it('ends with every engine as declared, bound once, and leaves what is not declared', async () => {
    await fc.assert(
      fc.asyncProperty(givenArb, async (given) => {
        const on = staged(given);
        expect(await attempt(on, given.desired)).toEqual([]);
        expect(configs(on, given)).toEqual(declared(given));
        expect(boundTwice(on, given)).toEqual([]);
        expect(hasChanges((await look(on, given.desired)).plan)).toBe(false);
      }),
      RUNS,
    );
  });

  it('that is cut off at any request is finished by running again, with nobody bound twice', async () => {
    await fc.assert(
      fc.asyncProperty(givenArb, fc.nat(120), async (given, calls) => {
        const on = staged(given);
        on.google.cutAfter(calls);
        await attempt(on, given.desired, { rollback: false });
        on.google.cutAfter(Infinity);
        expect(await attempt(anotherRun(on), given.desired)).toEqual([]);
        expect(configs(on, given)).toEqual(declared(given));
        expect(boundTwice(on, given)).toEqual([]);
      }),
      RUNS,
    );
  });

  it('in which one update fails is rolled back as a whole, or comes to its end; without rollback another run ends it', async () => {
    const failure = fc.constantFrom<UpdateEnd>({ code: 13, message: 'no' }, 'null');
    await fc.assert(
      fc.asyncProperty(
        givenArb,
        fc.nat(4),
        fc.nat(1),
        failure,
        fc.boolean(),
        async (given, engine, nth, end, rollback) => {
          const on = staged(given);
          const ends: UpdateEnd[] = [...Array<UpdateEnd>(nth).fill('bound'), end];
          on.google.engines.ends.set(engineNamed(`${engine + 1}`), ends);
          const { result, plan } = await run(on, given.desired, 0, { rollback });
          // Where nobody leaves a gateway, each engine stands for itself.
          const isMove = bindingChanges(plan).some((change) => leaves(change).length > 0);
          const now = configs(on, given);
          const isDone = result.failures.length === 0;
          expect(now).toEqual(isDone ? declared(given) : rollback && isMove ? given.fleet : now);
          on.google.engines.ends.clear();
          expect(await attempt(anotherRun(on), given.desired)).toEqual([]);
          // What Google has taken away in a direction that nobody declares is given back by a roll-back alone.
          const then = configs(on, given);
          expect(then).toEqual(rollback || end !== 'null' ? declared(given) : then);
        },
      ),
      RUNS,
    );
  });
});
