import { describe, expect, it } from '@jest/globals';
import { BILLING, EGRESS, enginesOf, INGRESS, SCOPE, SUPPORT, useStages, world } from './support/stage.js';

const set = useStages();

/** Support agent has ingress already, Billing agent has nothing. */
const withIngress = world({
  engines: [
    { id: SUPPORT, displayName: 'Support agent', ingress: 'ingress' },
    { id: BILLING, displayName: 'Billing agent' },
  ],
});
const both = world({
  engines: [
    { id: SUPPORT, displayName: 'Support agent', egress: 'egress', ingress: 'ingress' },
    { id: BILLING, displayName: 'Billing agent', egress: 'egress', ingress: 'ingress' },
  ],
});

describe('the PATCH that replaces the whole binding', () => {
  it('keeps ingress when only egress_gateway is given', async () => {
    const stage = await set({ world: withIngress });
    const result = await stage.run('apply', { ...SCOPE, engines: 'all', egress_gateway: 'egress' });
    expect(result).toMatchObject({ exitCode: 0, outputs: { to_bind: '2', to_register: '0', to_grant: '0' } });
    expect(stage.emulator.world.engine('Support agent').binding).toEqual({ egress: EGRESS, ingress: INGRESS });
    expect(stage.emulator.world.engine('Billing agent').binding).toEqual({ egress: EGRESS });
    const rows = enginesOf(result);
    expect(rows['Support agent']).toMatchObject({ egress: EGRESS, ingress: INGRESS, status: 'changed' });
    expect(rows['Billing agent']).toMatchObject({ egress: EGRESS, ingress: null, status: 'changed' });
  });

  it('keeps ingress when egress comes from the file', async () => {
    const config = [
      'version: 1',
      'project: acme-agents',
      'region: us-central1',
      'gateways: { egress: egress }',
      'agents: [{ engine: Support agent }]',
    ].join('\n');
    const stage = await set({ world: withIngress, config });
    expect(await stage.run('apply')).toMatchObject({ exitCode: 0, outputs: { to_bind: '1' } });
    expect(stage.emulator.world.engine('Support agent').binding).toEqual({ egress: EGRESS, ingress: INGRESS });
    expect(stage.emulator.world.engine('Billing agent').binding).toEqual({});
  });

  it('names the whole message in the mask, with the etag in the body and not in the mask', async () => {
    const stage = await set({ world: withIngress });
    const { etag } = stage.emulator.world.engine('Support agent');
    await stage.run('apply', { ...SCOPE, engines: 'Support agent', egress_gateway: 'egress' });
    expect(stage.requests('PATCH', SUPPORT)).toMatchObject([
      {
        query: { updateMask: 'spec.deploymentSpec.agentGatewayConfig' },
        body: {
          etag,
          spec: {
            deploymentSpec: {
              agentGatewayConfig: {
                agentToAnywhereConfig: { agentGateway: EGRESS },
                clientToAgentConfig: { agentGateway: INGRESS },
              },
            },
          },
        },
      },
    ]);
  });

  it('sends nothing the second time', async () => {
    const stage = await set({ world: withIngress });
    const inputs = { ...SCOPE, engines: 'all', egress_gateway: 'egress' };
    await stage.run('apply', inputs);
    const before = stage.writes().length;
    const result = await stage.run('apply', inputs);
    expect(result).toMatchObject({ exitCode: 0, outputs: { changes: 'false', to_bind: '0' } });
    expect(stage.writes()).toHaveLength(before);
  });

  it('takes an ID and a number for the same project', async () => {
    const stage = await set({ world: both, settings: { aiplatform: { bindingNames: 'number' } } });
    const gateway = 'projects/101010/locations/us-central1/agentGateways/egress';
    stage.emulator.world.bind('Support agent', { egress: gateway, ingress: 'ingress' });
    const result = await stage.run('apply', {
      project_id: '101010',
      region: 'us-central1',
      engines: `projects/acme-agents/locations/us-central1/reasoningEngines/${SUPPORT}`,
      egress_gateway: 'egress',
      ingress_gateway: gateway.replace('/egress', '/ingress'),
    });
    expect(result).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
    expect(stage.writes()).toEqual([]);
  });
});

describe('unbinding', () => {
  it('takes one direction away and keeps the other with none', async () => {
    const stage = await set({ world: both });
    const result = await stage.run('apply', { ...SCOPE, engines: 'Support agent', egress_gateway: 'none' });
    expect(result).toMatchObject({ exitCode: 0, outputs: { to_bind: '1' } });
    expect(stage.emulator.world.engine('Support agent').binding).toEqual({ ingress: INGRESS });
    expect(stage.emulator.world.engine('Billing agent').binding).toEqual({ egress: EGRESS, ingress: INGRESS });
  });

  it('says unbound when no direction is left', async () => {
    const stage = await set({ world: both });
    const inputs = { ...SCOPE, engines: 'all', egress_gateway: 'none', ingress_gateway: 'none' };
    const result = await stage.run('apply', inputs);
    expect(result).toMatchObject({ exitCode: 0, outputs: { to_bind: '2' } });
    expect(enginesOf(result)['Support agent']).toMatchObject({
      egress: null,
      ingress: null,
      status: 'unbound',
      governance: 'not-bound',
    });
    expect(stage.emulator.world.engine('Billing agent').binding).toEqual({});
    expect(await stage.run('verify', inputs)).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
  });

  it('leaves a direction alone that is not given', async () => {
    const stage = await set({ world: both });
    const result = await stage.run('apply', {
      ...SCOPE,
      engines: 'all',
      egress_gateway: 'egress',
      ingress_gateway: '',
    });
    expect(result).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
    expect(stage.writes()).toEqual([]);
    expect(stage.emulator.world.engine('Support agent').binding).toEqual({ egress: EGRESS, ingress: INGRESS });
  });
});

describe('an engine that was deployed anew', () => {
  it('is granted and bound again under its new principal', async () => {
    const stage = await set({ world: withIngress });
    const inputs = {
      ...SCOPE,
      engines: 'Support agent',
      egress_gateway: 'egress',
      allow: 'https://tickets.example.com',
    };
    await stage.run('apply', inputs);
    const { principal } = stage.emulator.world.recreateEngine('Support agent');
    const result = await stage.run('apply', inputs);
    expect(result).toMatchObject({ exitCode: 0, outputs: { to_register: '0', to_grant: '1', to_bind: '1' } });
    expect(enginesOf(result)['Support agent']).toMatchObject({ principal, egress: EGRESS, governance: 'governed' });
    expect(stage.decide(principal, 'tickets.example.com')).toMatchObject({ allowed: true, enforced: true });
  });
});
