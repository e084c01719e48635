import { afterEach, describe, expect, it } from '@jest/globals';
import { startEmulator, type Emulator, type WorldInput } from '../../emulator/index.js';
import { runAction, type StepResult } from './support/runner.js';
import { checksIn } from './support/stage.js';

let emulator: Emulator | undefined;
afterEach(() => emulator?.close());

async function planOf(world: WorldInput, config: string, folder: string): Promise<StepResult> {
  emulator = await startEmulator({ world });
  const files = { 'agent-gateway.yaml': config };
  return runAction(folder, { access_token: 'token-1' }, { env: emulator.env, files });
}

describe('a world with eight problems at once', () => {
  const world: WorldInput = {
    region: 'us-central1',
    projects: [{ id: 'acme-agents', number: '101010', organization: '5550001' }],
    gateways: [
      { id: 'egress', path: 'egress', registries: ['global'], card: false },
      { id: 'old', path: 'egress' },
      { id: 'ingress', path: 'ingress' },
    ],
    extensions: [{ id: 'iap', policyVersion: 'V1', enforcement: 'DRY_RUN', failOpen: true }],
    authzPolicies: [{ id: 'p', gateways: ['egress'], extension: 'iap' }],
    engines: [
      { id: '1', displayName: 'Old agent', createTime: '2026-03-01T00:00:00Z' },
      { id: '2', displayName: 'Support agent' },
      { id: '3', displayName: 'Somebody else', egress: 'old' },
    ],
  };
  const config = `version: 1
project: acme-agents
region: us-central1
gateways: {egress: egress, ingress: egress}
endpoints:
  stripe: {urls: [https://api.stripe.com]}
agents:
  - {engine: Old agent, allow: [stripe]}
  - {engine: Support agent, allow: [stripe]}
  - {engine: Missing agent, allow: [stripe]}
`;

  it.each(['plan', 'apply', 'verify'])('%s finds them in one run, errors first, and writes nothing', async (folder) => {
    const result = await planOf(world, config, folder);
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'check-failed' } });
    expect(checksIn(result)).toEqual([
      'engine-not-found',
      'engine-too-old',
      'gateway-conflict',
      'gateway-wrong-direction',
      'registry-not-attached',
      'gateway-dry-run',
      'gateway-fail-open',
      'gateway-not-ready',
      'image-before-gateway',
      'runtime-hosts-missing',
    ]);
    expect(emulator?.requests.filter(({ write }) => write)).toEqual([]);
  });
});
