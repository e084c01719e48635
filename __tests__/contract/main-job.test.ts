import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { StepResult } from './support/runner.js';
import { checksIn, EGRESS, enginesOf, INGRESS, readScenario, useStages, type Stage } from './support/stage.js';

const set = useStages();
const DEMO = readScenario('demo');
const DIGEST = /^sha256:[0-9a-f]{64}$/;

let stage: Stage;
let planned: StepResult;
let writesOfPlan: number;
let applied: StepResult;
let again: StepResult;
let verified: StepResult;

beforeAll(async () => {
  stage = await set(DEMO);
  planned = await stage.run('plan');
  writesOfPlan = stage.writes().length;
  applied = await stage.run('apply', { plan_digest: planned.outputs.plan_digest ?? '' });
  again = await stage.run('plan');
  verified = await stage.run('verify');
});

describe('plan', () => {
  it('says what would be done', () => {
    expect(planned.exitCode).toBe(0);
    expect(planned.outputs).toMatchObject({
      changes: 'true',
      to_register: '2',
      to_grant: '5',
      to_bind: '3',
      to_remove: '0',
      failure_reason: '',
    });
    expect(enginesOf(planned)['Support agent']).toMatchObject({ egress: null, ingress: null, status: 'pending' });
    expect(checksIn(planned)).toEqual([]);
  });

  it('writes nothing, although reading an IAP policy is a POST', () => {
    expect(stage.requests('POST', ':getIamPolicy').length).toBeGreaterThan(0);
    expect(writesOfPlan).toBe(0);
  });

  it('leaves a plan file under RUNNER_TEMP that says the same as its outputs', () => {
    const file = planned.outputs.plan_file ?? '';
    expect(file.startsWith(`${planned.temp}/`)).toBe(true);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      schemaVersion: 1,
      scope: { project: 'acme-agents', projectNumber: '101010', region: 'us-central1' },
      digest: planned.outputs.plan_digest,
      summary: { register: 2, grant: 5, bind: 3, remove: 0 },
    });
    expect(planned.outputs.plan_digest).toMatch(DIGEST);
  });

  it('lists changes by layer: endpoints, grants, bindings', () => {
    const { changes } = JSON.parse(readFileSync(planned.outputs.plan_file ?? '', 'utf8')) as {
      changes: { layer: string }[];
    };
    const layers = changes.map(({ layer }) => ['endpoint', 'grant', 'binding'].indexOf(layer));
    expect(layers).toEqual([...layers].sort());
    expect(new Set(layers)).toEqual(new Set([0, 1, 2]));
  });

  it('writes a step summary', () => {
    expect(planned.summary).toContain('## Agent Gateway plan');
    expect(planned.summary).toContain('Support agent');
    expect(planned.summary).toContain('2 to register, 5 to grant, 3 to bind');
  });
});

describe('apply', () => {
  it('registers, grants and binds', () => {
    expect(applied.exitCode).toBe(0);
    expect(applied.outputs).toMatchObject({ changes: 'true', to_bind: '3', failure_reason: '' });
    const row = { egress: EGRESS, ingress: INGRESS, status: 'changed', governance: 'governed' };
    expect(enginesOf(applied)).toMatchObject({ 'Support agent': row, 'Billing agent': row, 'Research agent': row });
  });

  it('sets every output, JSON where JSON is promised', () => {
    const { endpoints, agent_gateway_config: config } = applied.outputs;
    const stripe = stage.emulator.world.service('payments-stripe');
    expect(JSON.parse(endpoints ?? '')).toMatchObject({
      'stripe-api': {
        service: 'projects/acme-agents/locations/us-central1/services/payments-stripe',
        registryResource: stripe.registryResource,
        endpointId: stripe.resourceId,
      },
      'google-apis': { endpointId: stage.emulator.world.service('google-apis').resourceId },
    });
    expect(JSON.parse(config ?? '')).toEqual({
      agentToAnywhereConfig: { agentGateway: EGRESS },
      clientToAgentConfig: { agentGateway: INGRESS },
    });
    expect(applied.outputs).toMatchObject({ plan_digest: planned.outputs.plan_digest, comment_url: '' });
  });

  it('lets agents reach the hosts that they are granted, and no others', () => {
    const { decide } = stage;
    const { world } = stage.emulator;
    const { principal } = world.engine('Support agent');
    expect(decide(principal, 'acme.zendesk.example.com')).toMatchObject({ allowed: true, enforced: true });
    expect(decide(principal, 'us-central1-aiplatform.mtls.googleapis.com')).toMatchObject({ allowed: true });
    expect(decide(principal, 'api.stripe.com')).toMatchObject({ allowed: false, reason: 'no-grant' });
    expect(decide(principal, 'example.org')).toMatchObject({ allowed: false, reason: 'not-registered' });
    expect(decide(world.engine('Billing agent').principal, 'api.stripe.com')).toMatchObject({ allowed: true });
  });

  it('writes a step summary with the result', () => {
    expect(applied.summary).toContain('## Agent Gateway apply');
    expect(applied.summary).toContain('changed in this run');
  });
});

describe('afterwards', () => {
  it('plan finds nothing to do', () => {
    expect(again.exitCode).toBe(0);
    expect(again.outputs).toMatchObject({
      changes: 'false',
      to_register: '0',
      to_grant: '0',
      to_bind: '0',
      to_remove: '0',
    });
    expect(enginesOf(again)['Research agent']).toMatchObject({ status: 'bound', governance: 'governed' });
  });

  it('verify agrees', () => {
    expect(verified.exitCode).toBe(0);
    expect(verified.outputs).toMatchObject({ changes: 'false', failure_reason: '' });
    expect(Object.keys(enginesOf(verified))).toHaveLength(3);
  });

  it('a second apply writes nothing', async () => {
    const before = stage.writes().length;
    const result = await stage.run('apply');
    expect(result).toMatchObject({ exitCode: 0, outputs: { changes: 'false', failure_reason: '' } });
    expect(enginesOf(result)['Support agent']).toMatchObject({ status: 'bound', egress: EGRESS });
    expect(stage.writes()).toHaveLength(before);
  });
});
