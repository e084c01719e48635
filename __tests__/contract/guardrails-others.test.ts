import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import {
  asDeclared,
  constraintOf,
  decisions,
  EGRESS_ID,
  fieldOf,
  guardedWorld,
  guardrailWrites,
  ORGANIZATION,
  orgpolicy,
  OTHER,
  OWN_ACCEPTED,
  PROJECT,
  policyOf,
  runWith,
  THIRD,
} from './support/guardrails.js';
import { annotations, CONFIG, EGRESS, INGRESS, SUPPORT, useStages } from './support/stage.js';

const set = useStages();
const FIELD = fieldOf('egress');
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

/** For one apply. */
const TAKE_OVER = 'checks: { guardrail-made-elsewhere: warning }\n';

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
    expect(changed.log).toMatch(/::notice [^\n]*guardrail-made-elsewhere[^\n]*was not made by this config/);
    // What others call it stays, and so does its policy, which this config never made.
    expect(await constraintOf(stage)).toMatchObject({ displayName: 'By hand', description: 'Ask us.' });
    const pruned = await runWith(stage, 'apply', { ingress: [EGRESS.replace('egress', 'ingress')] }, { prune: 'true' });
    expect(pruned).toMatchObject({ exitCode: 0, outputs: { to_remove: '0' } });
    expect(await policyOf(stage)).toMatchObject({ spec: { rules: [{ enforce: true }] } });
  });

  it('is not replaced unasked where it is no list', async () => {
    const condition = `has(${FIELD}) && ${FIELD}.startsWith('projects/acme-agents/')`;
    const customConstraints = [{ id: EGRESS_ID, condition, displayName: 'By hand', description: 'Ask us.' }];
    const stage = await set({ world: guardedWorld({ customConstraints, orgPolicies: [enforced] }) });
    const before = await constraintOf(stage);
    const refused = await runWith(stage, 'apply', { egress: [EGRESS] });
    expect(refused).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'check-failed' } });
    expect(refused.log).toContain(`instead of ALLOW CREATE, UPDATE if ${condition}`);
    expect(annotations(refused.log, 'error')[0]).toContain('was not made by this config and is no list of approved');
    expect(stage.writes()).toEqual([]);
    expect(await constraintOf(stage)).toEqual(before);
    expect(await runWith(stage, 'apply', { egress: [EGRESS], rest: TAKE_OVER })).toMatchObject({ exitCode: 0 });
    expect(await constraintOf(stage)).toMatchObject({ description: expect.stringContaining('guardrail=egress]') });
    expect(await runWith(stage, 'plan', { egress: [EGRESS] })).toMatchObject({ outputs: { changes: 'false' } });
    expect(await decisions(stage)).toEqual(OWN_ACCEPTED);
  });

  it('is not replaced unasked where a policy has rules of its own', async () => {
    const condition = { expression: "resource.matchTag('1/a', 'b')" };
    const rules = [{ enforce: false }, { condition, enforce: true }];
    const { customConstraints } = asDeclared({ egress: [EGRESS] });
    const orgPolicies = [{ on: PROJECT, constraint: EGRESS_ID, spec: { rules } }];
    const stage = await set({ world: guardedWorld({ customConstraints, orgPolicies }) });
    const theirs = await policyOf(stage);
    for (const action of ['plan', 'verify', 'apply']) {
      const result = await runWith(stage, action, { egress: [EGRESS] });
      expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'check-failed' } });
      expect(annotations(result.log, 'error')[0]).toContain(JSON.stringify({ rules }));
    }
    // Pruning does not touch it either.
    const pruned = await runWith(stage, 'apply', { ingress: [INGRESS] }, { prune: 'true' });
    expect(pruned).toMatchObject({ exitCode: 0, outputs: { to_remove: '0' } });
    expect(guardrailWrites(stage)).toEqual([`POST ${ORGANIZATION}/customConstraints`, `POST ${PROJECT}/policies`]);
    expect(stage.writes()).toHaveLength(2);
    expect(await policyOf(stage)).toEqual(theirs);
    expect(await runWith(stage, 'apply', { egress: [EGRESS], rest: TAKE_OVER })).toMatchObject({ exitCode: 0 });
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
    const stage = await set({ world: guardedWorld(asDeclared({ egress: [EGRESS] })) });
    stage.emulator.world.set({ orgPolicy: { foreignWrites: 2 } });
    const result = await runWith(stage, 'apply', { egress: [EGRESS], dryRun: true });
    expect(result).toMatchObject({ exitCode: 0 });
    const patches = stage.requests('PATCH', `policies/${EGRESS_ID}`);
    expect(patches.map(({ status }) => status)).toEqual([409, 409, 200]);
    expect(new Set(patches.map(({ body }) => (body as { etag: string }).etag)).size).toBe(3);
    expect(await policyOf(stage)).toMatchObject({ dryRunSpec: { rules: [{ enforce: true }] } });
  });

  it('say so when the name of a deleted constraint is not given again', async () => {
    const stage = await set({ world: guardedWorld(asDeclared({ egress: [EGRESS] })) });
    await orgpolicy(stage, 'DELETE', `${ORGANIZATION}/customConstraints/${EGRESS_ID}`);
    const result = await runWith(stage, 'apply', { egress: [EGRESS] });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'api-error' } });
    expect(result.log).toContain('the name of a deleted custom constraint cannot be used again');
  });
});

describe('without the rights', () => {
  const rest = 'gateways:\n  egress: egress\nagents:\n  - engine: all\n';

  it.each(['orgpolicy.customConstraints.get', 'orgpolicy.policy.get'])(
    '%s the layer is not readable, and only a config that declares it fails',
    async (permission) => {
      const stage = await set({ world: guardedWorld({ denied: [permission] }) });
      for (const action of ['plan', 'verify', 'apply', '']) {
        const result = await runWith(stage, action, { egress: [EGRESS], ingress: [INGRESS], rest });
        expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'permission-denied', to_bind: '2' } });
        const [error] = annotations(result.log, 'error');
        expect(error).toContain('The guardrails of organization 5550001 are not readable');
        expect(error).toContain(permission);
        expect(error).toContain('roles/orgpolicy.policyViewer');
        expect(result.summary).toContain('guardrail-not-readable');
        expect(result.summary).toContain(action === 'verify' ? '2 bindings' : '2 to bind');
      }
      expect(stage.writes()).toEqual([]);
      const alone = await runWith(stage, 'plan', { egress: [EGRESS] });
      expect(alone).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'permission-denied', changes: 'false' } });
      expect(alone.log + alone.summary).not.toContain('as declared');
      const without = await stage.run('apply', {}, { files: { 'agent-gateway.yaml': CONFIG } });
      expect(without).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
    },
  );

  it('to read, the files for gcloud are written all the same', async () => {
    const lines = { egress: [EGRESS], ingress: [INGRESS] };
    const files = async (denied: string[]): Promise<string[]> => {
      const stage = await set({ world: guardedWorld({ denied }) });
      const { outputs } = await runWith(stage, 'plan', lines);
      return (JSON.parse(outputs.guardrail_files ?? '') as string[]).map((file) => readFileSync(file, 'utf8'));
    };
    const written = await files(['orgpolicy.policy.get']);
    expect(written).toHaveLength(4);
    expect(written).toEqual(await files([]));
  });

  it('to write, the layer fails and the bindings are done', async () => {
    const stage = await set({ world: guardedWorld({ denied: ['orgpolicy.policies.create'] }) });
    const result = await runWith(stage, 'apply', { egress: [EGRESS], rest });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'permission-denied' } });
    expect(result.log).toContain('orgpolicy.policies.create');
    expect(stage.emulator.world.engine(SUPPORT).binding).toEqual({ egress: EGRESS });
    expect(guardrailWrites(stage)).toEqual([`POST ${ORGANIZATION}/customConstraints`, `POST ${PROJECT}/policies`]);
    expect(result.summary).toContain('failed');
  });

  it('a disabled API is named, and the other layers are planned', async () => {
    const projects = [
      { id: 'acme-agents', number: '101010', organization: '5550001', disabledApis: ['orgpolicy.googleapis.com'] },
    ];
    const stage = await set({ world: guardedWorld({ projects }) });
    const result = await runWith(stage, 'plan', { egress: [EGRESS], rest });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'api-disabled', to_bind: '2' } });
    const [error] = annotations(result.log, 'error');
    expect(error).toContain('orgpolicy.googleapis.com is disabled in project');
    expect(error).toContain('the guardrails cannot be read');
    expect(error).toContain('gcloud services enable orgpolicy.googleapis.com');
    expect((await runWith(stage, 'apply', { egress: [EGRESS] })).outputs.failure_reason).toBe('api-disabled');
    expect(stage.writes()).toEqual([]);
  });

  it('to list engines, guardrails alone are planned and applied', async () => {
    const stage = await set({ world: guardedWorld({ denied: ['aiplatform.reasoningEngines.list'] }) });
    const result = await runWith(stage, 'apply', { egress: [EGRESS] });
    expect(result).toMatchObject({ exitCode: 0, outputs: { changes: 'true' } });
    expect(annotations(result.log, 'warning')[0]).toContain('aiplatform.reasoningEngines.list');
    expect(guardrailWrites(stage)).toHaveLength(2);
    const engines = await runWith(stage, 'plan', { egress: [EGRESS], rest });
    expect(engines).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'permission-denied' } });
  });
});
