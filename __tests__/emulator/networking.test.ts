import { describe, expect, it } from '@jest/globals';
import { baseWorld, EGRESS, ENGINE_A, PLACE, withEmulator, type Json } from './helpers.js';

const GATEWAYS = `networkservices/v1/${PLACE}/agentGateways`;
const EXTENSIONS = `networkservices/v1/${PLACE}/authzExtensions`;
const POLICIES = `networksecurity/v1/${PLACE}/authzPolicies`;
const REGISTRY = '//agentregistry.googleapis.com/projects/acme-agents/locations';
const egress = (...registries: string[]): Json => ({
  googleManaged: { governedAccessPath: 'AGENT_TO_ANYWHERE' },
  registries,
});

describe('agent gateways', () => {
  it('are named by project ID and show direction, registries and, for egress, a card', async () => {
    await withEmulator(baseWorld(), async (_, call) => {
      expect((await call('GET', GATEWAYS.replace('acme-agents', '101010'))).body.agentGateways).toHaveLength(2);
      expect((await call('GET', `${GATEWAYS}/egress`)).body).toMatchObject({
        name: EGRESS,
        googleManaged: { governedAccessPath: 'AGENT_TO_ANYWHERE' },
        registries: [`${REGISTRY}/us-central1`],
        agentGatewayCard: { rootCertificates: [expect.stringContaining('BEGIN CERTIFICATE')] },
      });
      expect((await call('GET', `${GATEWAYS}/ingress`)).body).not.toHaveProperty('agentGatewayCard');
      const missing = await call('GET', `${GATEWAYS}/nope`);
      expect(missing).toMatchObject({
        status: 404,
        body: { error: { message: `Resource '${PLACE}/agentGateways/nope' was not found` } },
      });
    });
  });

  it('are created, changed and deleted by operations', async () => {
    await withEmulator(baseWorld(), async (emulator, call) => {
      const started = await call(
        'POST',
        `${GATEWAYS}?agentGatewayId=second`,
        egress(`${REGISTRY}/us-central1`, `${REGISTRY}/global`),
      );
      expect(started.body).toMatchObject({
        done: false,
        metadata: { verb: 'create', target: `${PLACE}/agentGateways/second` },
      });
      expect((await call('GET', `${GATEWAYS}/second`)).status).toBe(404);
      expect((await call('POST', `${GATEWAYS}?agentGatewayId=second`, egress())).status).toBe(409);
      emulator.world.advance(60_000);
      const { etag } = (await call('GET', `${GATEWAYS}/second`)).body;
      expect(
        (await call('PATCH', `${GATEWAYS}/second?updateMask=description`, { description: 'x', etag: 'old' })).status,
      ).toBe(409);
      await call('PATCH', `${GATEWAYS}/second?updateMask=description`, { description: 'x', etag });
      emulator.world.advance(60_000);
      expect((await call('GET', `${GATEWAYS}/second`)).body).toMatchObject({ description: 'x' });
      await call('DELETE', `${GATEWAYS}/second`);
      emulator.world.advance(60_000);
      expect((await call('GET', `${GATEWAYS}/second`)).status).toBe(404);
    });
  });

  it('refuse registries that do not go together', async () => {
    await withEmulator(baseWorld(), async (_, call) => {
      const bad = [
        egress(`${REGISTRY}/us-central1`, `${REGISTRY}/us-east1`),
        egress(`${REGISTRY}/us-central1`, `${REGISTRY}/global`, `${REGISTRY}/us`),
        egress('projects/acme-agents/locations/global'),
        { registries: [] },
      ];
      for (const body of bad) expect((await call('POST', `${GATEWAYS}?agentGatewayId=second`, body)).status).toBe(400);
    });
  });

  it('stay while engines are bound to them', async () => {
    await withEmulator(
      baseWorld({ engines: [{ id: ENGINE_A, displayName: 'a', egress: 'egress' }] }),
      async (emulator, call) => {
        expect(await call('DELETE', `${GATEWAYS}/egress`)).toMatchObject({
          status: 400,
          body: { error: { status: 'FAILED_PRECONDITION' } },
        });
        emulator.world.bind(ENGINE_A, null);
        expect((await call('DELETE', `${GATEWAYS}/egress`)).status).toBe(200);
      },
    );
  });

  it('can be limited to one per direction, as older pages have it', async () => {
    await withEmulator(baseWorld({ settings: { networking: { oneGatewayPerDirection: true } } }), async (_, call) => {
      const second = await call('POST', `${GATEWAYS}?agentGatewayId=second`, egress());
      expect(JSON.stringify(second.body)).toContain('Another Agent Gateway is already active');
    });
  });
});

describe('authorization', () => {
  it('shows the chain from policy to extension', async () => {
    await withEmulator(baseWorld(), async (_, call) => {
      expect((await call('GET', POLICIES)).body.authzPolicies).toMatchObject([
        {
          name: `${PLACE}/authzPolicies/egress-authz`,
          action: 'CUSTOM',
          policyProfile: 'REQUEST_AUTHZ',
          target: { resources: [EGRESS] },
          customProvider: { authzExtension: { resources: [`${PLACE}/authzExtensions/iap-authz`] } },
        },
      ]);
      expect((await call('GET', `${EXTENSIONS}/iap-authz`)).body).toMatchObject({
        service: 'iap.googleapis.com',
        failOpen: false,
        metadata: { iapPolicyVersion: 'V1' },
      });
    });
  });

  it('wants iapPolicyVersion and a timeout in range', async () => {
    await withEmulator(baseWorld(), async (emulator, call) => {
      const extension = { service: 'iap.googleapis.com', timeout: '1s', metadata: { iapPolicyVersion: 'V2' } };
      const path = `${EXTENSIONS}?authzExtensionId=second`;
      expect((await call('POST', path, { ...extension, metadata: {} })).status).toBe(400);
      expect((await call('POST', path, { ...extension, timeout: '60s' })).status).toBe(400);
      expect((await call('POST', path, extension)).status).toBe(200);
      emulator.world.advance(60_000);
      const patch = { metadata: { iapPolicyVersion: 'V1', iamEnforcementMode: 'DRY_RUN' } };
      expect((await call('PATCH', `${EXTENSIONS}/second?updateMask=metadata`, patch)).status).toBe(200);
      emulator.world.advance(60_000);
      expect((await call('GET', `${EXTENSIONS}/second`)).body).toMatchObject(patch);
      expect((await call('DELETE', `${EXTENSIONS}/iap-authz`)).status).toBe(400);
    });
  });

  it('refuses a request policy on ingress and an update without a mask', async () => {
    await withEmulator(baseWorld(), async (_, call) => {
      const policy = (gateway: string): Json => ({
        action: 'CUSTOM',
        target: { resources: [`${PLACE}/agentGateways/${gateway}`] },
        customProvider: { authzExtension: { resources: [`${PLACE}/authzExtensions/iap-authz`] } },
      });
      expect((await call('POST', `${POLICIES}?authzPolicyId=second`, policy('ingress'))).status).toBe(400);
      expect(
        (await call('POST', `${POLICIES}?authzPolicyId=second`, { ...policy('egress'), customProvider: undefined }))
          .status,
      ).toBe(400);
      expect((await call('POST', `${POLICIES}?authzPolicyId=second`, policy('egress'))).status).toBe(200);
      expect((await call('PATCH', `${POLICIES}/egress-authz`, { description: 'x' })).status).toBe(400);
    });
  });

  it('can store an empty policy although the operation ended well', async () => {
    await withEmulator(
      baseWorld({ settings: { networking: { authzPolicyCreate: 'stored-empty' } } }),
      async (emulator, call) => {
        const body = { action: 'DENY', target: { resources: [EGRESS] } };
        await call('POST', `${POLICIES}?authzPolicyId=second`, body);
        emulator.world.advance(60_000);
        expect((await call('GET', `${POLICIES}/second`)).body).not.toHaveProperty('action');
      },
    );
  });
});
