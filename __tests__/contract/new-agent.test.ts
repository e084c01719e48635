import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { Plan } from '../../src/plan/types.js';
import { plainText } from './support/day-two.js';
import { declaredWorld } from './support/declared.js';
import type { StepResult } from './support/runner.js';
import { annotations, CONFIG, EGRESS, enginesOf, INGRESS, useStages, world, type Stage } from './support/stage.js';

const set = useStages();

/** A config of an agent that is not deployed yet, behind both gateways. */
const NEW_AGENT = CONFIG.replace('egress: egress', 'egress: egress\n  ingress: ingress').replace(
  'engine: all',
  'engine: New agent',
);
const open = (): Promise<Stage> => set({ world: world({ engines: [] }), config: NEW_AGENT });

type Json = Readonly<Record<string, unknown>>;

/** What a deploy step does with the REST API: creates or updates an engine, and waits until that is done. */
async function deploy(stage: Stage, method: 'POST' | 'PATCH', path: string, body: Json): Promise<void> {
  const engines = `${stage.emulator.url}/aiplatform/v1beta1/projects/acme-agents/locations/us-central1/reasoningEngines`;
  const headers = { authorization: 'Bearer deploy-step', 'content-type': 'application/json' };
  const answer = await fetch(`${engines}${path}`, { method, headers, body: JSON.stringify(body) });
  expect(answer.status).toBe(200);
  const { name } = (await answer.json()) as { name: string };
  stage.emulator.world.advance(30 * 60_000);
  const operation = await fetch(`${stage.emulator.url}/aiplatform/v1beta1/${name}`, { headers });
  expect(await operation.json()).toMatchObject({ done: true, response: {} });
}

const errorsIn = ({ outputs }: StepResult): string[] =>
  (JSON.parse(readFileSync(outputs.plan_file ?? '', 'utf8')) as Plan).checks
    .filter(({ level }) => level === 'error')
    .map(({ id }) => id);
const configIn = ({ outputs }: StepResult): Json => JSON.parse(outputs.agent_gateway_config ?? '') as Json;
const patches = (stage: Stage): unknown[] => stage.requests('PATCH', /\/reasoningEngines\/\d+$/);
const SOURCE = {
  sourceCodeSpec: { pythonSpec: { version: '3.12', entrypointModule: 'agent', entrypointObject: 'app' } },
};

describe('a plan before the engine exists', () => {
  it('fails for the engine alone, and has the config for its deploy step all the same', async () => {
    const stage = await open();
    const planned = await stage.run('plan');
    expect(planned).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'check-failed' } });
    expect(errorsIn(planned)).toEqual(['engine-not-found']);
    const missing = 'No engine with the display name "New agent"';
    expect(annotations(planned.log, 'error').join()).toContain(missing);
    expect(plainText(planned.summary)).toContain(missing);
    expect(configIn(planned)).toEqual({
      agentToAnywhereConfig: { agentGateway: EGRESS },
      clientToAgentConfig: { agentGateway: INGRESS },
    });
    expect(stage.writes()).toEqual([]);
  });

  it('tells a gateway that is not there from an engine that is not there yet', async () => {
    const stage = await set({
      world: world({ engines: [] }),
      config: NEW_AGENT.replace('egress: egress', 'egress: misspelt'),
    });
    expect(errorsIn(await stage.run('plan'))).toEqual(['engine-not-found', 'gateway-not-found']);
  });

  it('has no config, and no plan file, where nothing could be planned', async () => {
    const stage = await open();
    stage.emulator.world.deny('aiplatform.reasoningEngines.list');
    expect(await stage.run('plan')).toMatchObject({
      exitCode: 1,
      outputs: { failure_reason: 'permission-denied', agent_gateway_config: '', plan_file: '' },
    });
  });
});

describe('an engine that is born with that config', () => {
  it('is bound already: the action grants, and updates no engine', async () => {
    const stage = await open();
    const planned = await stage.run('plan');
    await deploy(stage, 'POST', '', {
      displayName: 'New agent',
      spec: { identityType: 'AGENT_IDENTITY', ...SOURCE, deploymentSpec: { agentGatewayConfig: configIn(planned) } },
    });
    const applied = await stage.run('');
    expect(applied).toMatchObject({
      exitCode: 0,
      outputs: { changes: 'true', to_register: '1', to_grant: '1', to_bind: '0', failure_reason: '' },
    });
    expect(enginesOf(applied)['New agent']).toMatchObject({
      egress: EGRESS,
      ingress: INGRESS,
      status: 'bound',
      governance: 'governed',
    });
    expect(patches(stage)).toEqual([]);
    const { id, principal } = stage.emulator.world.engine('New agent');
    expect(applied.log).toContain(`"New agent" (${id}): as declared, nothing to do; governed`);
    expect(plainText(applied.summary)).toContain('1 engine with an unchanged binding');
    expect(plainText(applied.summary)).toContain(`| New agent ${id} | egress | ingress | governed |`);
    expect(stage.decide(principal, 'tickets.example.com')).toMatchObject({ allowed: true, enforced: true });
    expect(await stage.run('verify')).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
  });

  it('was granted before its code came, when its identity was made first', async () => {
    const stage = await open();
    await deploy(stage, 'POST', '', { displayName: 'New agent', spec: { identityType: 'AGENT_IDENTITY' } });
    const applied = await stage.run('');
    expect(applied).toMatchObject({ exitCode: 0, outputs: { to_register: '1', to_grant: '1', to_bind: '1' } });
    const { id, principal } = stage.emulator.world.engine('New agent');
    expect(stage.decide(principal, 'tickets.example.com')).toMatchObject({ allowed: true });
    const before = patches(stage).length;
    const mask = 'spec.sourceCodeSpec,spec.deploymentSpec.agentGatewayConfig';
    await deploy(stage, 'PATCH', `/${id}?updateMask=${mask}`, {
      spec: { ...SOURCE, deploymentSpec: { agentGatewayConfig: configIn(applied) } },
    });
    expect(await stage.run('')).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
    expect(patches(stage)).toHaveLength(before + 1);
    expect(await stage.run('verify')).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
  });

  it('loses its binding to a deploy that sends the whole spec without it, and verify says so', async () => {
    const start = world({ engines: [{ id: '7001', displayName: 'New agent', source: 'source' }] });
    const stage = await set({ world: declaredWorld(NEW_AGENT, start), config: NEW_AGENT });
    const { id } = stage.emulator.world.engine('New agent');
    await deploy(stage, 'PATCH', `/${id}?updateMask=spec`, { spec: { identityType: 'AGENT_IDENTITY', ...SOURCE } });
    const found = await stage.run('verify');
    expect(found).toMatchObject({
      exitCode: 1,
      outputs: { failure_reason: 'changes-found', to_bind: '1', to_grant: '0' },
    });
    expect(found.log).toContain(`"New agent" (${id}) is not bound to egress gateway egress.`);
    expect(found.log).toContain(`"New agent" (${id}) is not bound to ingress gateway ingress.`);
    expect(plainText(found.summary)).toContain(`"New agent" (${id}) is not bound to ingress gateway ingress`);
  });
});
