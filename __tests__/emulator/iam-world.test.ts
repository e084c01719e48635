import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { startEmulator, type Decision, type WorldInput } from '../../emulator/index.js';
import { ENGINE_A, ENGINE_B, withEmulator, type Json } from './helpers.js';
import {
  AGENT_A,
  AGENT_B,
  BINDINGS,
  EVERY_AGENT,
  HOST_RULE,
  NUMBERED,
  POLICIES,
  policy,
  rule,
  v2World,
} from './iam-helpers.js';

const PROJECT = 'projects/acme-agents';
const rules = [{ description: 'A to example', principals: [`engine:${ENGINE_A}`], condition: HOST_RULE }];
const accessPolicies: WorldInput['accessPolicies'] = [{ id: 'agent-egress', rules }];
const startingWith = (more: Partial<WorldInput>): Promise<unknown> =>
  withEmulator(v2World(more), () => Promise.resolve());

describe('access policies of a world', () => {
  it('are those of the API, with the principals of engines written out', async () => {
    const full = { displayName: 'Egress', annotations: { a: '1' }, boundTo: [PROJECT] };
    await withEmulator(v2World({ accessPolicies: [{ id: 'agent-egress', rules, ...full }] }), async (_, call) => {
      expect((await call('GET', `${POLICIES}/agent-egress`)).body).toMatchObject({
        ...policy({ displayName: 'Egress', annotations: { a: '1' } }),
        name: `${NUMBERED}/accessPolicies/agent-egress`,
        uid: expect.any(String),
        etag: expect.any(String),
      });
      expect((await call('GET', `${BINDINGS}/agent-egress`)).body).toMatchObject({
        policy: `${PROJECT}/locations/global/accessPolicies/agent-egress`,
        policyKind: 'ACCESS',
        target: { resource: `//cloudresourcemanager.googleapis.com/${PROJECT}` },
      });
    });
  });

  it('name services by both forms of their project', async () => {
    const services: WorldInput['services'] = [
      { id: 'example-api', urls: [], resourceId: 'agentregistry-1' },
      { id: 'tools', kind: 'mcp', urls: [], resourceId: 'agentregistry-2' },
    ];
    const named = [{ principals: [EVERY_AGENT], services: ['example-api', 'tools'] }];
    await withEmulator(
      v2World({ services, accessPolicies: [{ id: 'agent-egress', rules: named }] }),
      async (_, call) => {
        const { details } = (await call('GET', `${POLICIES}/agent-egress`)).body as { details: { rules: Json[] } };
        const at = (project: string, entry: string): string => `'projects/${project}/locations/us-central1/${entry}'`;
        const both = (entry: string): string => `${at('101010', entry)}, ${at('acme-agents', entry)}`;
        const condition = [
          '(destination.is_registered == true) && (',
          `(destination.agent_registry.endpoint.name in [${both('endpoints/agentregistry-1')}]) || `,
          `(destination.agent_registry.mcp_server.name in [${both('mcpServers/agentregistry-2')}]))`,
        ].join('');
        expect(details.rules[0]?.conditions).toEqual({ 'iap.googleapis.com': { expression: condition } });
      },
    );
  });

  it('may hold what only the server writes: deleted members, and rules without a condition', async () => {
    const deleted = `deleted:${AGENT_A}?uid=7`;
    const stored = [{ principals: [deleted, AGENT_B], description: 'Stale' }];
    const settings = { iam: { ruleWithoutCondition: 'rejected' as const } };
    await withEmulator(
      v2World({ settings, accessPolicies: [{ id: 'agent-egress', rules: stored }] }),
      async (_, call) => {
        const { body } = await call('GET', `${POLICIES}/agent-egress`);
        expect(body).toHaveProperty('details.rules.0.principals', [deleted, AGENT_B]);
        expect((await call('PATCH', `${POLICIES}/agent-egress`, body)).status).toBe(400);
      },
    );
  });

  it.each<[string, Partial<WorldInput>, RegExp]>([
    [
      'twice',
      { accessPolicies: [...accessPolicies, ...accessPolicies] },
      /access policy agent-egress: it is there twice/,
    ],
    [
      'on a node that is not there',
      { accessPolicies: [{ id: 'abc', on: 'folders/1', rules }] },
      /there is no folders\/1/,
    ],
    ['bound to one', { accessPolicies: [{ id: 'abc', boundTo: ['folders/1'], rules }] }, /there is no folders\/1/],
    [
      'for an engine',
      { accessPolicies: [{ id: 'abc', rules: [{ principals: ['engine:1'] }] }] },
      /engine:1: there is no engine/,
    ],
    [
      'for a service',
      { accessPolicies: [{ id: 'abc', rules: [{ principals: [AGENT_A], services: ['x'] }] }] },
      /there is no service x/,
    ],
    [
      'with a condition that is none',
      { accessPolicies: [{ id: 'abc', rules: [{ principals: [AGENT_A], condition: 'a ==' }] }] },
      /Invalid CEL condition/,
    ],
    [
      'without their policy',
      { policyBindings: [{ id: 'abc', policy: 'nope', target: PROJECT }] },
      /policy binding abc: Policy .*nope' was not found/,
    ],
    [
      'at a target',
      { accessPolicies, policyBindings: [{ id: 'abc', policy: 'agent-egress', target: '//x/y' }] },
      /there is no \/\/x\/y/,
    ],
  ])('are refused %s', async (_what, more, message) => {
    await expect(startingWith(more)).rejects.toThrow(message);
  });

  it.each<[string, string]>([
    ['an id out of the pattern', '{ id: A, rules: [{ principals: [x] }] }'],
    ['no rules', '{ id: abc, rules: [] }'],
    ['two kinds of conditions', '{ id: abc, rules: [{ principals: [x], condition: a, services: [b] }] }'],
    ['an unknown key', '{ id: abc, rules: [{ principals: [x], effekt: DENY }] }'],
  ])('are refused with %s, by line and column', async (_what, text) => {
    const world = `projects: [{ id: a, number: "1" }]\naccessPolicies:\n  - ${text}`;
    await expect(startEmulator({ world, worldFile: 'w.yaml' })).rejects.toThrow(/w\.yaml:3:\d+: accessPolicies\.0/);
  });
});

describe('access policies in the running world', () => {
  it('are written, bound, unbound and removed behind everybody’s back', async () => {
    await withEmulator(v2World({ accessPolicies }), async ({ world }, call) => {
      const item = `${POLICIES}/agent-egress`;
      const before = (await call('GET', item)).body;
      world.accessPolicies.addRule('agent-egress', { principals: [AGENT_B], effect: 'DENY' });
      const after = (await call('GET', item)).body;
      expect(after).toMatchObject({ uid: before.uid, details: { rules: [rule(), { effect: 'DENY' }] } });
      expect(after.etag).not.toBe(before.etag);
      expect(() => world.accessPolicies.addRule('agent-egress', { principals: ['x'] })).toThrow('Invalid principal');
      world.accessPolicies.set({ id: 'agent-egress', rules, boundTo: [PROJECT] });
      expect(world.accessPolicies.get('agent-egress')).toMatchObject({
        policy: { uid: before.uid, details: { rules: [rule()] } },
        boundTo: ['//cloudresourcemanager.googleapis.com/projects/101010'],
      });
      world.accessPolicies.set({ id: 'guardrail', on: 'folders/77', rules });
      world.accessPolicies.bind({
        id: 'second',
        policy: 'folders/77/locations/global/accessPolicies/guardrail',
        target: PROJECT,
      });
      expect(world.accessPolicies.boundTo().map(({ name }) => name)).toEqual([
        `${NUMBERED}/policyBindings/agent-egress`,
        `${NUMBERED}/policyBindings/second`,
      ]);
      expect([world.accessPolicies.ids(), world.accessPolicies.ids('folders/77')]).toEqual([
        ['agent-egress'],
        ['guardrail'],
      ]);
      world.accessPolicies.unbind('second');
      world.accessPolicies.remove('agent-egress');
      expect(world.accessPolicies.boundTo()).toEqual([]);
      expect((await call('GET', item)).status).toBe(404);
      expect(() => world.accessPolicies.get('agent-egress')).toThrow('There is no access policy agent-egress');
      expect(() => world.accessPolicies.unbind('second')).toThrow('There is no policy binding second');
    });
  });

  it('over HTTP as well, with decisions that know the request', async () => {
    await withEmulator(v2World(), async ({ world }, call) => {
      const input = {
        id: 'agent-egress',
        rules: [
          {
            principals: [AGENT_A],
            condition: "destination.unregistered.path == '/v1' && destination.unregistered.method == 'POST'",
          },
          { principals: [AGENT_B], services: ['tools'] },
          {
            effect: 'DENY',
            principals: [AGENT_B],
            condition: 'destination.agent_registry.mcp_server.tool.annotations.destructive_hint',
          },
          {
            effect: 'DENY',
            principals: [AGENT_B],
            condition: "destination.agent_registry.mcp_server.tool.name == 'pay'",
          },
        ],
      };
      world.addService({ id: 'tools', kind: 'mcp', urls: ['https://mcp.example.com'] });
      expect((await call('POST', '_emulator/access-policies', input)).body).toMatchObject({
        policy: { details: {} },
        boundTo: [],
      });
      const bound = await call('POST', '_emulator/policy-bindings', {
        id: 'bound',
        policy: 'agent-egress',
        target: PROJECT,
      });
      expect(bound.status).toBe(200);
      expect((await call('POST', '_emulator/access-policies', { id: 'x' })).status).toBe(400);
      const ask = async (principal: string, query: string): Promise<unknown> => {
        const { body } = await call('GET', `_emulator/decide?principal=${encodeURIComponent(principal)}&${query}`);
        return (body.rule as Json | undefined)?.index ?? body.reason;
      };
      expect(await ask(AGENT_A, 'host=a.example&path=/v1&method=POST')).toBe(0);
      expect(await ask(AGENT_A, 'host=a.example&path=/v1')).toBe('no-rule');
      expect(await ask(AGENT_B, 'host=mcp.example.com&mcp=tools/call&name=get')).toBe(1);
      expect(await ask(AGENT_B, 'host=mcp.example.com&mcp=tools/call&name=drop&hints=read_only,destructive')).toBe(2);
      expect(await ask(AGENT_B, 'host=mcp.example.com&mcp=tools/call&name=pay&hints=nonsense')).toBe(3);
      expect((await call('GET', '_emulator/world')).body).toMatchObject({
        accessPolicies: [{ name: `${NUMBERED}/accessPolicies/agent-egress` }],
        policyBindings: [{ name: `${NUMBERED}/policyBindings/bound` }],
      });
    });
  });
});

describe('the sample world access-policies', () => {
  it('decides by its rules, and by those of the organization before all', async () => {
    await withEmulator(readFileSync('emulator/worlds/access-policies/world.yaml', 'utf8'), async (emulator) => {
      const { world } = emulator;
      const decide = (principal: string, host: string): Decision => emulator.decide(principal, host);
      const support = world.engine('Support agent').principal;
      expect(decide(support, 'aiplatform.googleapis.com')).toMatchObject({
        allowed: true,
        model: 'V2',
        rule: { index: 0 },
      });
      expect(decide(support, 'tickets.example.com')).toMatchObject({ allowed: false, reason: 'no-rule' });
      expect(decide(support, 'paste.example.net')).toMatchObject({
        reason: 'denied-by-rule',
        rule: { policy: 'organizations/5550001/locations/global/accessPolicies/org-guardrail' },
      });
      world.bind(ENGINE_B, { egress: 'egress' });
      const billing = world.engine(ENGINE_B).principal;
      expect(decide(billing, 'api.partner.example')).toMatchObject({ allowed: true, rule: { index: 1 } });
      world.bind(ENGINE_B, { egress: 'egress-v1' });
      expect(decide(billing, 'api.partner.example')).toMatchObject({ allowed: false, model: 'V1' });
      await Promise.resolve();
    });
  });
});
