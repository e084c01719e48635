import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { endpointChanges, grantChanges, isChange, isRemoval } from '../../src/plan/types.js';
import { caseArb, staged } from '../support/arbitrary.js';
import { run } from '../support/apply.js';
import { converges, leavesOthersAlone } from './stories/alone.js';
import { RUNS } from './stories/runs.js';

describe('an apply, for any world and config', () => {
  it('brings about what is declared: every engine is bound and reaches its hosts, and a second plan is empty', async () => {
    await fc.assert(converges(), RUNS);
  });

  it('leaves alone what is not its own: members, conditions, services, directions that are not declared', async () => {
    await fc.assert(leavesOthersAlone(), RUNS);
  });

  it('writes no more than was planned, and each policy once for each of adding and taking away', async () => {
    await fc.assert(
      fc.asyncProperty(caseArb, async ({ world, desired }) => {
        const on = staged(world);
        const { google } = on;
        const { plan, result } = await run(on, desired);
        expect(result.failures).toEqual([]);
        // What is taken out of a policy comes after everything else, and so is a write of its own.
        const changes = grantChanges(plan).filter(isChange);
        const parts = new Set(changes.map((change) => `${change.service} ${isRemoval(change)}`));
        expect(google.called('iap.setPolicy')).toHaveLength(parts.size);
        expect(google.called('aiplatform.patchGatewayConfig')).toHaveLength(plan.summary.bind);
        // What is added and what is taken out of one service are two writes, with everything else in between.
        const services = ['agentregistry.create', 'agentregistry.patch'].flatMap((method) => google.called(method));
        expect(new Set(services).size).toBe(plan.summary.register);
        const removed = endpointChanges(plan).filter(isRemoval);
        expect(google.called('agentregistry.delete')).toHaveLength(removed.length);
        expect(plan.summary.remove).toBe(changes.filter(isRemoval).length + removed.length);
      }),
      RUNS,
    );
  });
});
