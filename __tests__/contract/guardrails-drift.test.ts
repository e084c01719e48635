import { describe, expect, it } from '@jest/globals';
import {
  asDeclared,
  constraintOf,
  decisions,
  EGRESS_ID,
  guardedWorld,
  ORGANIZATION,
  orgpolicy,
  OTHER,
  OWN_ACCEPTED,
  PROJECT,
  policyOf,
  runWith,
} from './support/guardrails.js';
import { annotations, EGRESS, useStages, type Stage } from './support/stage.js';

const set = useStages();
const CONSTRAINT = `${ORGANIZATION}/customConstraints/${EGRESS_ID}`;
const POLICY = `${PROJECT}/policies/${EGRESS_ID}`;
const LINES = { egress: [EGRESS] };
const declared = (): Promise<Stage> => set({ world: guardedWorld(asDeclared(LINES)) });

/** Somebody overwrites the constraint with gcloud, which sends what their file holds and clears the rest. */
async function overwrite(stage: Stage, change: (condition: string) => string): Promise<void> {
  const { condition, resourceTypes, methodTypes, actionType } = await constraintOf(stage);
  const body = { name: CONSTRAINT, resourceTypes, methodTypes, actionType, condition: change(String(condition)) };
  await orgpolicy(stage, 'PATCH', CONSTRAINT, body);
}

async function setPolicy(stage: Stage, specs: object): Promise<void> {
  const { etag } = await policyOf(stage);
  await orgpolicy(stage, 'PATCH', `${POLICY}?updateMask=*`, { name: POLICY, etag, ...specs });
}

describe('drift of guardrails', () => {
  it.each<[string, (stage: Stage) => Promise<unknown>, string]>([
    [
      'a gateway that somebody approved',
      (stage) => overwrite(stage, (text) => text.replace(`'${EGRESS}'`, `'${EGRESS}', '${OTHER}'`)),
      `The list of approved egress gateways has, undeclared, ${OTHER}. Engines can be bound to it`,
    ],
    [
      'a gateway that somebody put in the place of another',
      (stage) => overwrite(stage, (text) => text.replace(`'${EGRESS}'`, `'${OTHER}'`)),
      `The list of approved egress gateways lacks ${EGRESS}. Where the policy is enforced, no engine can be bound`,
    ],
    [
      'a policy that somebody put into dry run',
      (stage) => setPolicy(stage, { dryRunSpec: { rules: [{ enforce: true }] } }),
      `The egress policy on ${PROJECT}: dry run instead of enforced.`,
    ],
    [
      'a policy that somebody switched off',
      (stage) => setPolicy(stage, { spec: { rules: [{ enforce: false }] } }),
      `The egress policy on ${PROJECT}: not enforced instead of enforced.`,
    ],
    [
      'a policy that somebody set back to the default',
      (stage) => setPolicy(stage, { spec: { reset: true } }),
      `The egress policy on ${PROJECT}: not enforced instead of enforced.`,
    ],
    [
      'a policy that somebody deleted',
      (stage) => orgpolicy(stage, 'DELETE', POLICY),
      `The egress policy on ${PROJECT}: not enforced instead of enforced.`,
    ],
  ])('%s is named by verify, and put right by apply', async (_what, change, difference) => {
    const stage = await declared();
    await change(stage);
    const writes = stage.writes().length;
    const drifted = await runWith(stage, 'verify', LINES);
    expect(drifted).toMatchObject({ exitCode: 1, outputs: { changes: 'true', failure_reason: 'changes-found' } });
    expect(annotations(drifted.log, 'error').at(-1)).toContain(difference);
    expect(stage.writes()).toHaveLength(writes);
    expect(await runWith(stage, 'apply', LINES)).toMatchObject({ exitCode: 0 });
    expect(await runWith(stage, 'verify', LINES)).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
    expect(await decisions(stage)).toEqual(OWN_ACCEPTED);
  });

  it('is none at first, nor where the same is only written another way', async () => {
    const stage = await declared();
    expect(await runWith(stage, 'verify', LINES)).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
    await overwrite(stage, (text) => text.replaceAll("'", '"').replaceAll(' && ', '\n&&\n'));
    await setPolicy(stage, { spec: { rules: [{ enforce: true }] }, dryRunSpec: { rules: [{ enforce: true }] } });
    expect(await runWith(stage, 'verify', LINES)).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
  });
});
