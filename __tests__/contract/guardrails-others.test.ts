import { describe, expect, it } from '@jest/globals';
import {
  bindTo,
  constraintOf,
  EGRESS_ID,
  guardedWorld,
  guardrailWrites,
  ORGANIZATION,
  orgpolicy,
  OTHER,
  PROJECT,
  policyOf,
  runWith,
  THIRD,
} from './support/guardrails.js';
import { annotations, CONFIG, EGRESS, SUPPORT, useStages, world } from './support/stage.js';

const set = useStages();
const FIELD = 'resource.spec.deploymentSpec.agentGatewayConfig.agentToAnywhereConfig.agentGateway';
/** As somebody writes it by hand: other quotes, other white space, without the clause that the list implies. */
const BY_HAND = `has( ${FIELD} )\n  && ${FIELD} in ["${OTHER}",\n "${EGRESS}" ]`;
const enforced = { on: PROJECT, constraint: EGRESS_ID, enforce: true };
const foreign = {
  customConstraints: [
    { id: 'custom.somebodyElses', condition: "resource.displayName != 'forbidden'", description: 'not ours' },
  ],
  orgPolicies: [
    { on: PROJECT, constraint: 'custom.somebodyElses', enforce: true },
    { on: PROJECT, constraint: 'gcp.resourceLocations', spec: { rules: [{ allowAll: true }] } },
  ],
};

describe('what others made', () => {
  it('is neither read nor written under any other name', async () => {
    const stage = await set({ world: guardedWorld(foreign) });
    const all = async (): Promise<unknown[]> =>
      Promise.all([
        orgpolicy(stage, 'GET', `${ORGANIZATION}/customConstraints/custom.somebodyElses`),
        orgpolicy(stage, 'GET', `${PROJECT}/policies/custom.somebodyElses`),
        orgpolicy(stage, 'GET', `${PROJECT}/policies/gcp.resourceLocations`),
      ]);
    const before = await all();
    const requests = stage.emulator.requests.length;
    await runWith(stage, 'apply', { egress: [EGRESS] });
    await runWith(stage, 'apply', { egress: [OTHER], dryRun: true });
    const touched = stage.emulator.requests.slice(requests).filter(({ api }) => api === 'orgpolicy');
    expect(touched.length).toBeGreaterThan(4);
    for (const { method, path, body } of touched) {
      expect(method === 'POST' ? JSON.stringify(body) : path).toContain(EGRESS_ID);
    }
    expect(await all()).toEqual(before);
  });

  it('is nothing to a config without guardrails', async () => {
    const stage = await set({ world: guardedWorld(foreign), config: CONFIG });
    await stage.run('apply', { prune: 'true' });
    expect(stage.emulator.requests.filter(({ api }) => api === 'orgpolicy')).toEqual([]);
  });

  it('counts as it is meant: a list written by hand is as declared', async () => {
    const customConstraints = [{ id: EGRESS_ID, condition: BY_HAND, displayName: 'By hand', description: 'Ask us.' }];
    const stage = await set({ world: guardedWorld({ customConstraints, orgPolicies: [enforced] }) });
    const lines = { egress: [EGRESS, OTHER] };
    expect(await runWith(stage, 'apply', lines)).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
    const changed = await runWith(stage, 'apply', { egress: [EGRESS, OTHER, THIRD] });
    expect(changed).toMatchObject({ exitCode: 0, outputs: { changes: 'true' } });
    // What others call it stays, and so does its policy, which this config never made.
    expect(await constraintOf(stage)).toMatchObject({ displayName: 'By hand', description: 'Ask us.' });
    const pruned = await runWith(stage, 'apply', { ingress: [EGRESS.replace('egress', 'ingress')] }, { prune: 'true' });
    expect(pruned).toMatchObject({ exitCode: 0, outputs: { to_remove: '0' } });
    expect(await policyOf(stage)).toMatchObject({ spec: { rules: [{ enforce: true }] } });
  });

  it('is shown where it is no list, and replaced', async () => {
    const condition = `has(${FIELD}) && ${FIELD}.startsWith('projects/acme-agents/')`;
    const stage = await set({ world: guardedWorld({ customConstraints: [{ id: EGRESS_ID, condition }] }) });
    const planned = await runWith(stage, 'plan', { egress: [EGRESS] });
    expect(planned.log).toContain(`instead of ALLOW CREATE, UPDATE if ${condition}`);
    expect(await runWith(stage, 'apply', { egress: [EGRESS] })).toMatchObject({ exitCode: 0 });
    expect(await runWith(stage, 'plan', { egress: [EGRESS] })).toMatchObject({ outputs: { changes: 'false' } });
  });

  it('is shown where a policy has other rules, and replaced', async () => {
    const rules = [{ enforce: false }, { enforce: true, condition: { expression: "resource.matchTag('1/a', 'b')" } }];
    const stage = await set({ world: guardedWorld() });
    await runWith(stage, 'apply', { egress: [EGRESS] });
    const { etag } = await policyOf(stage);
    const name = `${PROJECT}/policies/${EGRESS_ID}`;
    await orgpolicy(stage, 'PATCH', name, { name, etag, spec: { rules } });
    const verified = await runWith(stage, 'verify', { egress: [EGRESS] });
    expect(verified).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'changes-found' } });
    expect(verified.log).toContain('rules of somebody else -> enforced');
    expect(await runWith(stage, 'apply', { egress: [EGRESS] })).toMatchObject({ exitCode: 0 });
    expect(await policyOf(stage)).toMatchObject({ spec: { rules: [{ enforce: true }] } });
  });

  it('is not taken away from another config unless asked for', async () => {
    const stage = await set({ world: guardedWorld() });
    const job = (repository: string) => ({ env: { GITHUB_REPOSITORY: repository } });
    const text = (gateway: string, checks = ''): string =>
      `version: 1\nproject: acme-agents\nregion: us-central1\n${checks}guardrails:\n  organization: "5550001"\n  enforce_on: ${PROJECT}\n  egress: [${gateway}]\n`;
    const run = (repository: string, file: string) =>
      stage.run('apply', {}, { ...job(repository), files: { 'agent-gateway.yaml': file } });
    expect(await run('acme/security', text(EGRESS))).toMatchObject({ exitCode: 0 });
    expect(await run('acme/agents', text(EGRESS))).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
    const refused = await run('acme/agents', text(OTHER));
    expect(refused).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'check-failed' } });
    expect(refused.log).toContain('acme/security');
    const checks = 'checks: { guardrail-of-other-config: warning }\n';
    expect(await run('acme/agents', text(OTHER, checks))).toMatchObject({ exitCode: 0 });
    expect(await run('acme/agents', text(THIRD))).toMatchObject({ exitCode: 0, outputs: { changes: 'true' } });
  });
});

describe('writes that meet others', () => {
  it('are made again on a fresh read after an etag conflict', async () => {
    const stage = await set({ world: guardedWorld() });
    await runWith(stage, 'apply', { egress: [EGRESS] });
    stage.emulator.world.set({ orgPolicy: { foreignWrites: 2 } });
    const result = await runWith(stage, 'apply', { egress: [EGRESS], dryRun: true });
    expect(result).toMatchObject({ exitCode: 0 });
    const patches = stage.requests('PATCH', `policies/${EGRESS_ID}`);
    expect(patches.map(({ status }) => status)).toEqual([409, 409, 200]);
    expect(new Set(patches.map(({ body }) => (body as { etag: string }).etag)).size).toBe(3);
    expect(await policyOf(stage)).toMatchObject({ dryRunSpec: { rules: [{ enforce: true }] } });
  });

  it('say so when the name of a deleted constraint is not given again', async () => {
    const stage = await set({ world: guardedWorld() });
    await runWith(stage, 'apply', { egress: [EGRESS] });
    await orgpolicy(stage, 'DELETE', `${ORGANIZATION}/customConstraints/${EGRESS_ID}`);
    const result = await runWith(stage, 'apply', { egress: [EGRESS] });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'api-error' } });
    expect(result.log).toContain('the name of a deleted custom constraint cannot be used again');
  });
});

describe('without the rights', () => {
  it.each(['orgpolicy.customConstraints.get', 'orgpolicy.policy.get'])('%s there is no plan', async (permission) => {
    const stage = await set({ world: guardedWorld({ denied: [permission] }) });
    const result = await runWith(stage, 'plan', { egress: [EGRESS] });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'permission-denied' } });
    expect(result.log).toContain(permission);
    expect(await stage.run('plan', {}, { files: { 'agent-gateway.yaml': CONFIG } })).toMatchObject({ exitCode: 0 });
  });

  it('to write, the layer fails and the bindings are done', async () => {
    const stage = await set({ world: guardedWorld({ denied: ['orgpolicy.policies.create'] }) });
    const rest = 'gateways:\n  egress: egress\nagents:\n  - engine: all\n';
    const result = await runWith(stage, 'apply', { egress: [EGRESS], rest });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'permission-denied' } });
    expect(result.log).toContain('orgpolicy.policies.create');
    expect(stage.emulator.world.engine(SUPPORT).binding).toEqual({ egress: EGRESS });
    expect(guardrailWrites(stage)).toEqual([`POST ${ORGANIZATION}/customConstraints`, `POST ${PROJECT}/policies`]);
    expect(result.summary).toContain('failed');
  });

  it('a disabled API is named', async () => {
    const projects = [
      { id: 'acme-agents', number: '101010', organization: '5550001', disabledApis: ['orgpolicy.googleapis.com'] },
    ];
    const stage = await set({ world: guardedWorld({ projects }) });
    const result = await runWith(stage, 'plan', { egress: [EGRESS] });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'api-disabled' } });
  });
});

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

  it('names another constraint without reading it', async () => {
    const never = [{ id: 'custom.never', condition: 'false' }];
    const orgPolicies = [{ on: PROJECT, constraint: 'custom.never', enforce: true }];
    const stage = await set({ world: world({ customConstraints: never, orgPolicies }) });
    const result = await bindTo(stage, SUPPORT, EGRESS);
    expect(annotations(result.log, 'error')[0]).toContain('custom constraint custom.never.');
    expect(stage.emulator.requests.filter(({ api }) => api === 'orgpolicy')).toEqual([]);
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
