import { describe, expect, it } from '@jest/globals';
import {
  bindTo,
  EGRESS_ID,
  fieldOf,
  guardedWorld,
  INGRESS_ID,
  OTHER,
  PROJECT,
  runWith,
  THIRD,
} from './support/guardrails.js';
import { annotations, BILLING, EGRESS, INGRESS, SUPPORT, useStages, world } from './support/stage.js';

const set = useStages();
const [FIELD, INGRESS_FIELD] = [fieldOf('egress'), fieldOf('ingress')];
/** As somebody writes it by hand: other quotes, other white space, without the clause that the list implies. */
const BY_HAND = `has( ${FIELD} )\n  && ${FIELD} in ["${OTHER}",\n "${EGRESS}" ]`;
const enforced = { on: PROJECT, constraint: EGRESS_ID, enforce: true };

describe('a binding that a guardrail refuses', () => {
  const customConstraints = [{ id: EGRESS_ID, condition: BY_HAND, description: 'Approved gateways only.' }];
  const guarded = (more: object = {}) => guardedWorld({ customConstraints, orgPolicies: [enforced], ...more });

  it('says in plain words by what, and what is approved', async () => {
    const stage = await set({ world: guarded() });
    const result = await bindTo(stage, SUPPORT, THIRD);
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'bind-failed' } });
    const [error] = annotations(result.log, 'error');
    expect(error).toContain(`was refused by an organization policy, custom constraint ${EGRESS_ID}.`);
    expect(error).toContain(`only with an approved egress gateway. Approved: ${EGRESS}, ${OTHER}.`);
    expect(result.log).toContain('up to 15 minutes');
  });

  it('says so without the list where the caller may not read it', async () => {
    const stage = await set({ world: guarded({ denied: ['orgpolicy.customConstraints.get'] }) });
    const result = await bindTo(stage, SUPPORT, THIRD);
    const [error] = annotations(result.log, 'error');
    expect(error).toContain('this identity cannot read which ones are approved');
  });

  it('says what a constraint asks for that is no list of gateways', async () => {
    const never = [{ id: 'custom.never', condition: 'false' }];
    const orgPolicies = [{ on: PROJECT, constraint: 'custom.never', enforce: true }];
    const stage = await set({ world: world({ customConstraints: never, orgPolicies }) });
    const result = await bindTo(stage, SUPPORT, EGRESS);
    const [error] = annotations(result.log, 'error');
    expect(error).toContain('custom constraint custom.never.');
    expect(error).toContain('It says: ALLOW CREATE, UPDATE if false.');
    expect(result.log).toContain('Ask the owners of the policy what it allows.');
  });

  it('says of unbinding that the engine cannot be without a gateway', async () => {
    const stage = await set({ world: guarded() });
    stage.emulator.world.bind(SUPPORT, { egress: EGRESS });
    const result = await bindTo(stage, SUPPORT, null);
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'bind-failed' } });
    expect(annotations(result.log, 'error')[0]).toContain('This update leaves the engine without an egress gateway.');
    expect(result.log).toContain('an engine cannot be without an egress gateway');
    expect(stage.emulator.world.engine(SUPPORT).binding).toEqual({ egress: EGRESS });
  });

  it('says so, too, when it is refused in the operation of the update', async () => {
    const stage = await set({ world: guarded(), settings: { orgPolicy: { refusedIn: 'operation' } } });
    const result = await bindTo(stage, SUPPORT, THIRD);
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'bind-failed' } });
    const [error] = annotations(result.log, 'error');
    expect(error).toContain(`was refused by an organization policy, custom constraint ${EGRESS_ID}.`);
    expect(error).toContain(`Approved: ${EGRESS}, ${OTHER}. This update asks for ${THIRD}.`);
    expect(error).toMatch(/Operation projects\/\S+ ended in an error FAILED_PRECONDITION \(9\)/);
    expect(result.log).not.toContain('The container cannot start');
    expect(stage.requests('PATCH', SUPPORT)).toHaveLength(1);
  });

  it('says of each of several constraints what it approves', async () => {
    const both = [
      ...customConstraints,
      { id: INGRESS_ID, condition: `has(${INGRESS_FIELD}) && ${INGRESS_FIELD} in ['${INGRESS}']` },
      { id: 'custom.never', condition: 'false' },
    ];
    const orgPolicies = [EGRESS_ID, INGRESS_ID, 'custom.never'].map((constraint) => ({ ...enforced, constraint }));
    const stage = await set({ world: guardedWorld({ customConstraints: both, orgPolicies }) });
    const result = await bindTo(stage, SUPPORT, THIRD);
    const [error = ''] = annotations(result.log, 'error');
    expect(error).toContain(`custom constraints ${EGRESS_ID}, ${INGRESS_ID}, custom.never.`);
    expect(error).toContain(`${EGRESS_ID} lets an engine be created or updated only with an approved egress gateway.`);
    expect(error).toContain(`Approved: ${INGRESS}. This update leaves the engine without an ingress gateway.`);
    expect(error).toContain('custom.never says: ALLOW CREATE, UPDATE if false.');
  });

  it('says what a constraint of another name approves', async () => {
    const ours = [{ id: 'custom.ourGateways', condition: BY_HAND }];
    const orgPolicies = [{ on: PROJECT, constraint: 'custom.ourGateways', enforce: true }];
    const stage = await set({ world: guardedWorld({ customConstraints: ours, orgPolicies }) });
    const [error] = annotations((await bindTo(stage, BILLING, THIRD)).log, 'error');
    expect(error).toContain('custom constraint custom.ourGateways.');
    expect(error).toContain(`Approved: ${EGRESS}, ${OTHER}. This update asks for ${THIRD}.`);
  });

  const rest = `gateways:\n  egress: third\nagents:\n  - engine: "${SUPPORT}"\n`;
  const approved = [EGRESS, OTHER, THIRD];

  it('is told to wait while a list that was changed before is on its way', async () => {
    const stage = await set({ world: guarded() });
    stage.emulator.world.advance(3_600_000);
    stage.emulator.world.set({ orgPolicy: { propagationMs: 900_000 } });
    expect(await runWith(stage, 'apply', { egress: approved })).toMatchObject({ exitCode: 0 });
    const early = await runWith(stage, 'apply', { egress: approved, rest });
    expect(early).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'bind-failed' } });
    expect(early.log).toContain('The gateway is on the list, so its approval is on its way.');
    expect(early.log).toContain('up to 15 minutes');
    stage.emulator.world.advance(900_000);
    expect(await runWith(stage, 'apply', { egress: approved, rest })).toMatchObject({ exitCode: 0 });
    expect(stage.emulator.world.engine(SUPPORT).binding).toEqual({ egress: THIRD });
  });

  it('is tried again while the list that the same run has changed is on its way', async () => {
    const stage = await set({ world: guarded() });
    stage.emulator.world.advance(3_600_000);
    stage.emulator.world.set({ orgPolicy: { propagationMs: 1_200 } });
    const result = await runWith(stage, 'apply', { egress: approved, rest });
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.log).toContain('waiting for the change of the organization policy to take effect');
    expect(stage.requests('PATCH', SUPPORT).map(({ status }) => status)).toContain(400);
    expect(stage.emulator.world.engine(SUPPORT).binding).toEqual({ egress: THIRD });
  });
});
