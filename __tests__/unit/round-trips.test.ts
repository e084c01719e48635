import { describe, expect, it } from '@jest/globals';
import { applyPlan } from '../../src/apply/apply.js';
import type { DesiredAgent, EngineSelector } from '../../src/config/desired.js';
import { look, stage, type Looked, type Stage } from '../support/apply.js';
import {
  agent,
  desired,
  endpoint,
  fromFile,
  gateway,
  gatewayNamed,
  memberOf,
  ownedService,
  policyOf,
  egressConfig,
  iapOf,
} from '../support/builders.js';

/** Of virtual time, in which nothing but a request or a wait takes any: what a run takes is what it waits for. */
const ROUND_TRIP_MS = 50;

const numbers = (count: number): string[] => Array.from({ length: count }, (_none, index) => `${index + 1}`);
const keys = (count: number): string[] => numbers(count).map((n) => `key-${n}`);
const hostOf = (key: string): string => `${key}.example`;
const all: EngineSelector = { kind: 'all', origin: fromFile(9) };

function slow(options: Parameters<typeof stage>[0] = {}): Stage {
  const on = stage(options);
  on.google.latency = () => ROUND_TRIP_MS / 2;
  on.google.extensions.set('projects/acme-agents/locations/us-central1/authzExtensions/iap', {
    name: 'projects/acme-agents/locations/us-central1/authzExtensions/iap',
    service: 'iap.googleapis.com',
  });
  on.google.authzPolicies.push({
    name: 'projects/acme-agents/locations/us-central1/authzPolicies/egress',
    action: 'CUSTOM',
    target: { resources: [gatewayNamed('egress')] },
    customProvider: {
      authzExtension: { resources: ['projects/acme-agents/locations/us-central1/authzExtensions/iap'] },
    },
  });
  return on;
}

async function timed<T>(on: Stage, work: () => Promise<T>): Promise<{ ms: number; done: T }> {
  const start = on.clock.now();
  const done = await work();
  return { ms: on.clock.now() - start, done };
}

/** A fleet that is as declared. */
function bound(engines: number, endpoints: number): Stage {
  const on = slow();
  const ids = numbers(engines);
  for (const id of ids) on.google.engines.add(id, { config: egressConfig('egress') });
  for (const key of keys(endpoints)) {
    on.google.registry.add(ownedService(key, [hostOf(key)]));
    on.google.policies.set(iapOf(key), policyOf(ids.map(memberOf)));
  }
  return on;
}

const wanted = (endpoints: number, agents: readonly DesiredAgent[]): ReturnType<typeof desired> =>
  desired({
    gateways: { egress: gateway('egress') },
    endpoints: keys(endpoints).map((key) => endpoint(key, [hostOf(key)])),
    agents,
  });

describe('what a run waits for', () => {
  it.each([
    ['engines by display name or all', [1, 1], [{ selector: all, allow: keys(1) }], 3],
    ['a fleet', [20, 12], [{ selector: all, allow: keys(12) }], 3],
    ['a full fleet', [100, 60], [{ selector: all, allow: keys(60) }], 3],
    ['engines by ID, which need no list but wait for the model that decides', [1, 1], [agent('1', keys(1))], 3],
  ] as const)('a plan that changes nothing, %s: the longest chain of reads', async (_what, [e, s], agents, rounds) => {
    const on = bound(e, s);
    const { ms, done } = await timed(on, () => look(on, wanted(s, agents)));
    expect(done.plan.summary).toEqual({ register: 0, grant: 0, bind: 0, remove: 0 });
    expect(ms).toBe(rounds * ROUND_TRIP_MS);
  });

  it.each([
    [1, 1],
    [20, 12],
    [100, 60],
  ])('a first apply of %i engines x %i endpoints: ten round trips, and the waits for two operations', async (e, s) => {
    // Each operation ends before the first look at it, a fifth of a second after its start.
    const on = slow({ updateMs: 150 });
    for (const id of numbers(e)) on.google.engines.add(id);
    const { plan, observed }: Looked = await look(on, wanted(s, [{ selector: all, allow: keys(s) }]));
    expect(plan.summary).toMatchObject({ register: s, grant: e * s, bind: e });
    const options = { propagationWaitMs: 0, engineWritesPerMinute: 1000 };
    const { ms, done } = await timed(on, () => applyPlan(plan, observed, options, on.deps));
    expect(done.failures).toEqual([]);
    // Create, look, read back, read the policy, write it; look for a running update, read the engine, write it, look, read it.
    expect(ms).toBe(10 * ROUND_TRIP_MS + 2 * 200);
  });
});
