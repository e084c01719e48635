import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { applyPlan } from '../../src/apply/apply.js';
import { planHosts } from '../../src/plan/hosts.js';
import { normaliseUrl } from '../../src/plan/serving.js';
import { hasMember } from '../../src/plan/policy.js';
import { hasChanges } from '../../src/plan/plan.js';
import { caseArb, policyPath, staged, type Case } from '../support/arbitrary.js';
import { look, run, type Applied, type Stage } from '../support/apply.js';
import { EGRESSOR, engineNamed, iapOf, markOf, memberOf, REGION, UNIVERSE } from '../support/builders.js';

const RUNS = { numRuns: 200 };
const selected = ({ plan }: Applied): string[] =>
  plan.changes.flatMap((change) => (change.layer === 'binding' ? [change.engine] : []));

async function applied({ world, desired }: Case): Promise<{ on: Stage; done: Applied }> {
  const on = staged(world);
  const done = await run(on, desired);
  expect(done.result.failures).toEqual([]);
  return { on, done };
}

describe('an apply, for any world and config', () => {
  it('brings about what was planned: a second plan is empty', async () => {
    await fc.assert(
      fc.asyncProperty(caseArb, async (given) => {
        const { on } = await applied(given);
        const { plan } = await look(on, given.desired);
        expect(plan.changes.filter(({ action }) => action !== 'keep' && action !== 'adopt')).toEqual([]);
      }),
      RUNS,
    );
  });

  it('writes no more than was planned, and each policy once', async () => {
    await fc.assert(
      fc.asyncProperty(caseArb, async (given) => {
        const { on, done } = await applied(given);
        const { google } = on;
        const policies = google.called('iap.setPolicy');
        expect(new Set(policies).size).toBe(policies.length);
        expect(google.called('aiplatform.patchGatewayConfig')).toHaveLength(done.plan.summary.bind);
        // What is added and what is taken out of one service are two writes, with everything else in between.
        const services = ['agentregistry.create', 'agentregistry.patch'].flatMap((method) => google.called(method));
        expect(new Set(services).size).toBe(done.plan.summary.register);
      }),
      RUNS,
    );
  });

  it('leaves what is foreign in policies as it was', async () => {
    await fc.assert(
      fc.asyncProperty(caseArb, async (given) => {
        const { on, done } = await applied(given);
        for (const [id, before] of Object.entries(given.world.policies)) {
          const after = on.google.policies.get(policyPath(id))?.bindings ?? [];
          expect(after.slice(0, before.length)).toEqual(
            before.map((binding, index) => {
              const members = binding.members ?? [];
              const added = (after[index]?.members ?? []).slice(members.length);
              return { ...binding, members: [...members, ...added] };
            }),
          );
          const ours = new Set(
            done.plan.changes.flatMap((change) => (change.layer === 'grant' ? [change.member] : [])),
          );
          const old = new Set(before.flatMap(({ members }) => members ?? []));
          const now = after.flatMap(({ members }) => members ?? []);
          expect(now.filter((member) => !old.has(member) && !ours.has(member))).toEqual([]);
        }
      }),
      RUNS,
    );
  });

  it('takes out of own services what is not declared and nothing else, and leaves others apart from what one gains', async () => {
    await fc.assert(
      fc.asyncProperty(caseArb, async (given) => {
        const { on, done } = await applied(given);
        const keys = given.desired.endpoints.map(({ key }) => key);
        const { wanted } = planHosts(given.desired, done.observed, { region: REGION, universe: UNIVERSE });
        const declared = new Set([...wanted.values()].flat().map(({ url }) => url));
        for (const before of given.world.services) {
          const id = before.name.slice(before.name.lastIndexOf('/') + 1);
          const after = on.google.registry.get(id);
          const isOwn = keys.includes(id) && before.description === markOf(id);
          const had = before.interfaces ?? [];
          const gone = had.filter(({ url }) => !(after?.interfaces ?? []).some((item) => item.url === url));
          const mayGo = isOwn && !given.desired.only;
          expect(gone.filter(({ url }) => !mayGo || declared.has(normaliseUrl(url)))).toEqual([]);
          if (isOwn) continue;
          expect((after?.interfaces ?? []).slice(0, had.length)).toEqual(had);
          expect({ ...after, interfaces: [] }).toEqual({ ...before, interfaces: [] });
          expect(keys.includes(id) ? [] : (after?.interfaces ?? []).slice(had.length)).toEqual([]);
        }
      }),
      RUNS,
    );
  });

  it('leaves undeclared directions and other engines alone, and binds the declared ones', async () => {
    await fc.assert(
      fc.asyncProperty(caseArb, async (given) => {
        const { on, done } = await applied(given);
        for (const { id, config } of given.world.engines) {
          const after = on.google.engines.configOf(id);
          const { egress, ingress } = selected(done).includes(engineNamed(id)) ? given.desired.gateways : {};
          const is = [after.agentToAnywhereConfig?.agentGateway, after.clientToAgentConfig?.agentGateway];
          const was = [config.agentToAnywhereConfig?.agentGateway, config.clientToAgentConfig?.agentGateway];
          const short = (name: string | undefined): string | undefined => name?.split('/').at(-1);
          const expected = [egress, ingress].map((wanted, index) => {
            if (wanted === undefined) return short(was[index]);
            return wanted === 'none' ? undefined : wanted.id;
          });
          expect(is.map(short)).toEqual(expected);
        }
      }),
      RUNS,
    );
  });

  it('lets every engine reach the hosts of its keys', async () => {
    await fc.assert(
      fc.asyncProperty(caseArb, async (given) => {
        const { on, done } = await applied(given);
        const { wanted } = planHosts(given.desired, done.observed, { region: REGION, universe: UNIVERSE });
        for (const [engine, keys] of done.observed.selection.allow) {
          const member = memberOf(engine.slice(engine.lastIndexOf('/') + 1));
          for (const { url } of keys.flatMap((key) => wanted.get(key) ?? [])) {
            const serving = [...on.google.registry.services.values()].filter(({ interfaces }) =>
              (interfaces ?? []).some((item) => normaliseUrl(item.url) === url),
            );
            const granted = serving.filter(({ registryResource }) => {
              const path = iapOf((registryResource ?? '').split('/agentregistry-')[1] ?? '');
              return hasMember(on.google.policies.get(path), { role: EGRESSOR, member });
            });
            expect([engine, url, granted.length]).toEqual([engine, url, 1]);
          }
        }
      }),
      RUNS,
    );
  });
});

describe('a run that is cut off at any request', () => {
  it('heals by running again', async () => {
    await fc.assert(
      fc.asyncProperty(caseArb, fc.integer({ min: 1, max: 40 }), async ({ world, desired }, calls) => {
        const on = staged(world);
        const { plan, observed } = await look(on, desired);
        fc.pre(hasChanges(plan));
        on.google.cutAfter(calls);

        await applyPlan(plan, observed, { propagationWaitMs: 0 }, on.deps);
        on.google.cutAfter(Infinity);
        const again = await run(on, desired);
        expect(again.result.failures).toEqual([]);
        expect(hasChanges((await look(on, desired)).plan)).toBe(false);
      }),
      RUNS,
    );
  });
});
