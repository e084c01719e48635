import { describe, expect, it } from '@jest/globals';
import type { WorldInput } from '../../emulator/index.js';
import { annotations, SCOPE, SUPPORT, useStages, world } from './support/stage.js';

const set = useStages();
const engine = { id: SUPPORT, displayName: 'Support agent' };
const BIND = { ...SCOPE, engines: 'Support agent', egress_gateway: 'egress' };

interface Case {
  readonly check: string;
  readonly when: string;
  readonly world: WorldInput;
  readonly inputs: Record<string, string>;
  /** What the message has to name. */
  readonly names: string[];
}

const CASES: Case[] = [
  {
    check: 'engine-not-found',
    when: 'no engine has the name',
    world: world(),
    inputs: { ...BIND, engines: 'Sales agent' },
    names: ['Sales agent', 'acme-agents', 'us-central1'],
  },
  {
    check: 'engine-not-found',
    when: 'no engine has the ID',
    world: world(),
    inputs: { ...BIND, engines: '99' },
    names: ['"99"'],
  },
  {
    check: 'engine-not-found',
    when: 'there is no engine at all',
    world: world({ engines: [] }),
    inputs: { ...BIND, engines: 'all' },
    names: ['acme-agents'],
  },
  {
    check: 'engine-ambiguous',
    when: 'two engines have the name',
    world: world({ engines: [engine, { ...engine, id: '77' }] }),
    inputs: BIND,
    names: ['Support agent', `reasoningEngines/${SUPPORT}`, 'reasoningEngines/77'],
  },
  {
    check: 'engine-without-agent-identity',
    when: 'the engine runs as a service account',
    world: world({
      engines: [{ ...engine, identity: 'service-account', serviceAccount: 'a@acme-agents.iam.gserviceaccount.com' }],
    }),
    inputs: BIND,
    names: ['Support agent', SUPPORT, 'SERVICE_ACCOUNT'],
  },
  {
    check: 'engine-without-agent-identity',
    when: 'the engine has no identity type',
    world: world({ engines: [{ ...engine, identity: 'none' }] }),
    inputs: BIND,
    names: ['Support agent', SUPPORT, 'not set'],
  },
  {
    check: 'gateway-not-found',
    when: 'there is no such gateway',
    world: world(),
    inputs: { ...BIND, egress_gateway: 'egres' },
    names: ['projects/acme-agents/locations/us-central1/agentGateways/egres'],
  },
  {
    check: 'gateway-wrong-direction',
    when: 'an ingress gateway is named for egress',
    world: world(),
    inputs: { ...BIND, egress_gateway: 'ingress' },
    names: ['agentGateways/ingress', 'AGENT_TO_ANYWHERE', 'CLIENT_TO_AGENT'],
  },
  {
    check: 'gateway-wrong-direction',
    when: 'the gateway is not managed by Google',
    world: world({ gateways: [{ id: 'egress', path: 'egress', selfManaged: true }] }),
    inputs: BIND,
    names: ['agentGateways/egress', 'not managed by Google'],
  },
];

describe('apply stops before its first write', () => {
  it.each(CASES)('with $check when $when', async ({ check, world: input, inputs, names }) => {
    const stage = await set({ world: input });
    const result = await stage.run('apply', inputs);
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'check-failed' } });
    const errors = annotations(result.log, 'error').join('\n');
    for (const text of [...names, `[${check}]`]) expect(errors).toContain(text);
    expect(result.summary).toContain(`<code>${check}</code>`);
    expect(stage.writes()).toEqual([]);
  });
});

describe('checks', () => {
  it('are all reported by one plan', async () => {
    const stage = await set({ world: world({ engines: [{ ...engine, identity: 'none' }], gateways: [] }) });
    const result = await stage.run('plan', { ...BIND, engines: 'Support agent, Sales agent', ingress_gateway: 'door' });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'check-failed' } });
    const errors = annotations(result.log, 'error').join('\n');
    expect(errors).toContain('[engine-not-found]');
    expect(errors).toContain('[engine-without-agent-identity]');
    expect(errors.match(/\[gateway-not-found]/g)).toHaveLength(2);
  });

  it('point at the line of the file', async () => {
    const config = [
      'version: 1',
      'project: acme-agents',
      'region: us-central1',
      'gateways:',
      '  egress: egres',
      'agents:',
      '  - engine: Sales agent',
    ].join('\n');
    const stage = await set({ world: world(), config });
    const { log } = await stage.run('plan');
    expect(log).toMatch(/^::error title=gateway-not-found,file=agent-gateway\.yaml,line=5,col=11::/m);
    expect(log).toMatch(/^::error title=engine-not-found,file=agent-gateway\.yaml,line=7,col=13::/m);
  });

  it('fail verify too', async () => {
    const stage = await set({ world: world() });
    const result = await stage.run('verify', { ...BIND, engines: 'Sales agent' });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'check-failed' } });
  });
});
