import { describe, expect, it } from '@jest/globals';
import type { Desired } from '../../../src/config/desired.js';
import { run, stage, type Stage } from '../../support/apply.js';
import { agent, desired, endpoint, gateway, service, serviceNamed } from '../../support/builders.js';
import { notFound } from '../../support/errors.js';

/** A run of inputs alone: no other config's, and many of those may use one key. */
const want: Desired = desired({
  config: undefined,
  partial: true,
  gateways: { egress: gateway('egress') },
  endpoints: [endpoint('shared', ['https://a.example', 'https://ours.example'])],
  agents: [agent('1', ['shared'])],
});

function stageWithEngine(): Stage {
  const on = stage();
  on.google.engines.add('1');
  return on;
}

/** Another run had read the service before ours was written, and writes it now: while an engine is being bound. */
function writeOver(on: Stage): void {
  on.google.script('aiplatform.patchGatewayConfig', () =>
    on.google.registry.add(service('shared', ['https://a.example', 'https://theirs.example'])),
  );
}

const urlsOn = (on: Stage): string[] =>
  (on.google.registry.get('shared')?.interfaces ?? []).map(({ url }) => url).sort();
const ALL = ['https://a.example', 'https://ours.example', 'https://theirs.example'];

describe('a service that another run writes over after our write was read back', () => {
  it('gets our hosts once more before the run ends', async () => {
    const on = stageWithEngine();
    on.google.registry.add(service('shared', ['https://a.example']));
    writeOver(on);
    expect((await run(on, want)).result.failures).toEqual([]);
    expect(urlsOn(on)).toEqual(ALL);
  });

  it('does so when it was to be created and another run was faster', async () => {
    const on = stageWithEngine();
    on.google.script('agentregistry.createService', () =>
      on.google.registry.add(service('shared', ['https://a.example'])),
    );
    writeOver(on);
    expect((await run(on, want)).result.failures).toEqual([]);
    expect(urlsOn(on)).toEqual(ALL);
  });

  it('is a failure that says so when it cannot be looked at again', async () => {
    const on = stageWithEngine();
    on.google.registry.add(service('shared', ['https://a.example']));
    on.google.script('aiplatform.patchGatewayConfig', () => on.google.script('agentregistry.getService', notFound()));
    const { failures } = (await run(on, want)).result;
    expect(failures.map(({ reason }) => reason)).toEqual(['register-failed']);
    expect(failures[0]?.message).toContain(`Looking once more at endpoint shared (${serviceNamed('shared')})`);
  });
});

it('a service that this run has made itself is not looked at again: whoever else writes it has seen our hosts', async () => {
  const on = stageWithEngine();
  await run(on, want);
  const bound = on.google.calls.findIndex(({ method }) => method === 'aiplatform.patchGatewayConfig');
  expect(on.google.calls.slice(bound).map(({ method }) => method)).not.toContain('agentregistry.getService');
});
