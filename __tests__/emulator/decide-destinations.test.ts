import { describe, expect, it } from '@jest/globals';
import type { RequestDetails, SettingsInput } from '../../emulator/index.js';
import { PLACE } from './helpers.js';
import { ALLOWED, allow, ask, DENIED, deny, HOST, ID_FORM, named, NUMBER_FORM, when } from './decide-helpers.js';

describe('the destination of a request', () => {
  const registered = 'destination.is_registered';
  it.each([
    [`${registered} == true`, true],
    [`!${registered}`, false],
    [named(ID_FORM), true],
    [named(NUMBER_FORM), true],
    [named(`/${ID_FORM ?? ''}`), false],
    [named(ID_FORM?.replace('agentregistry-1', 'example-api')), false],
    [`destination.agent_registry.endpoint.name != '${ID_FORM ?? ''}'`, false],
    ["destination.agent_registry.resource_type == 'ENDPOINT'", true],
    ["destination.agent_registry.resource_type in ['AGENT', 'MCP_SERVER']", false],
    ["destination.agent_registry.location == 'us-central1'", true],
    ["destination.agent_registry.project_id == 'acme-agents'", true],
    ["destination.agent_registry.project_id == '101010'", false],
    ["destination.agent_registry.agent.name == ''", true],
    [`destination.unregistered.host == '${HOST}'`, false],
  ])('that is registered: %s is %s', async (condition, allowed) => {
    expect(await ask({ rules: [when(condition)] })).toMatchObject({ allowed });
  });

  it.each([
    [`${registered} == false`, true],
    ["destination.unregistered.host in ['a.example.org', 'api.partner.example']", true],
    ["destination.unregistered.host.endsWith('.partner.example')", true],
    ["destination.unregistered.path == '/v1/orders'", true],
    ["destination.unregistered.path.startsWith('/v2')", false],
    ["destination.unregistered.method in ['POST', 'post']", true],
    ["destination.unregistered.method == 'GET'", false],
    ["destination.agent_registry.endpoint.name == ''", true],
  ])('that is not registered: %s is %s', async (condition, allowed) => {
    const details = { method: 'post', path: '/v1/orders' };
    expect(await ask({ rules: [when(condition)], host: 'API.partner.example', details })).toMatchObject({ allowed });
  });

  it('is not registered when the registry is not attached', async () => {
    const gateways = [{ id: 'egress', path: 'egress' as const, registries: ['global'] }];
    const rules = [when(`${registered} == false && destination.unregistered.host == '${HOST}'`)];
    expect(await ask({ rules, world: { gateways } })).toMatchObject(ALLOWED);
  });

  it.each([
    ['both', true, true],
    ['number', false, true],
    ['id', true, false],
  ] as const)('is named by its project in %s forms, by a switch', async (destinationNames, byId, byNumber) => {
    const settings = { iam: { destinationNames } };
    expect(await ask({ rules: [when(named(ID_FORM))], settings })).toMatchObject({ allowed: byId });
    expect(await ask({ rules: [when(named(NUMBER_FORM))], settings })).toMatchObject({ allowed: byNumber });
    expect(await ask({ rules: [when(named(NUMBER_FORM, ID_FORM))], settings })).toMatchObject(ALLOWED);
  });

  it('that is not registered has its method, port and wildcards as the switches say', async () => {
    const host = 'api.partner.example:8443';
    const answer = async (attribute: string, value: string, iam: SettingsInput['iam'] = {}): Promise<boolean> => {
      const rules = [when(`destination.unregistered.${attribute} == '${value}'`)];
      return (await ask({ rules, host, settings: { iam } })).allowed;
    };
    expect(await answer('method', 'GET')).toBe(true);
    expect(await answer('method', 'get', { unregisteredMethod: 'lower' })).toBe(true);
    expect(await answer('method', 'GET', { unregisteredMethod: 'lower' })).toBe(false);
    expect(await answer('host', host)).toBe(true);
    expect(await answer('host', 'api.partner.example', { unregisteredPort: 'stripped' })).toBe(true);
    expect(await answer('host', host, { unregisteredPort: 'stripped' })).toBe(false);
    expect(await answer('host', '*.partner.example:8443')).toBe(false);
    expect(await answer('host', '*.partner.example:8443', { wildcardHosts: 'match' })).toBe(true);
    expect(await answer('host', '*.other.example', { wildcardHosts: 'match' })).toBe(false);
  });

  it('may be another agent', async () => {
    const condition = `destination.agent_registry.agent.name in ['${PLACE}/agents/agentregistry-3']`;
    expect(await ask({ rules: [when(condition)], host: 'helper.example.com' })).toMatchObject(ALLOWED);
    expect(await ask({ rules: [allow({ services: ['helper'] })], host: 'helper.example.com' })).toMatchObject(ALLOWED);
    const all = [allow({ services: ['helper', 'tools', 'example-api'] })];
    for (const host of [HOST, 'mcp.example.com', 'helper.example.com'])
      expect(await ask({ rules: all, host })).toMatchObject(ALLOWED);
  });
});

describe('a request to an MCP server', () => {
  const server = 'destination.agent_registry.mcp_server';
  const host = 'mcp.example.com';
  const call = (name: string, ...hints: ('destructive' | 'read_only')[]): RequestDetails => ({
    mcp: { method: 'tools/call', name, hints },
  });
  const tools = when(
    `(${server}.name in ['${PLACE}/mcpServers/agentregistry-2']) && (${server}.method == 'tools') && (${server}.tool.name in ['get_invoice'])`,
  );

  it('is allowed tool by tool', async () => {
    expect(await ask({ rules: [tools], host, details: call('get_invoice') })).toMatchObject(ALLOWED);
    expect(await ask({ rules: [tools], host, details: call('pay_invoice') })).toMatchObject(DENIED);
    const other = { mcp: { method: 'prompts/get', name: 'get_invoice' } };
    expect(await ask({ rules: [tools], host, details: other })).toMatchObject(DENIED);
    expect(await ask({ rules: [when(`${server}.prompt.name == 'get_invoice'`)], host, details: other })).toMatchObject(
      ALLOWED,
    );
  });

  it('is denied by what the tool says of itself, without a guard', async () => {
    const rules = [
      allow({ services: ['tools'] }),
      deny({ services: undefined, condition: `${server}.tool.annotations.destructive_hint == true` }),
    ];
    expect(await ask({ rules, host, details: call('drop', 'destructive') })).toMatchObject({
      reason: 'denied-by-rule',
    });
    expect(await ask({ rules, host, details: call('read', 'read_only') })).toMatchObject(ALLOWED);
    expect(await ask({ rules: [allow({ services: ['tools', 'example-api'] }), ...rules], details: {} })).toMatchObject(
      ALLOWED,
    );
  });

  it.each(['initialize', 'tools/list', 'ping'])('needs a rule for %s, or none by a switch', async (method) => {
    const details = { mcp: { method } };
    const settings: SettingsInput = { iam: { mcpBaseMethods: 'allowed' } };
    expect(await ask({ rules: [tools], host, details })).toMatchObject(DENIED);
    const open = { allowed: true, reason: 'mcp-base-method' };
    expect(await ask({ rules: [tools], host, details, settings })).toMatchObject(open);
    expect(await ask({ rules: [deny({ services: ['tools'] })], host, details, settings })).toMatchObject({
      reason: 'denied-by-rule',
    });
    expect(await ask({ rules: [tools], details, settings })).toMatchObject(DENIED);
    expect(await ask({ rules: [tools], host, details: call('pay_invoice'), settings })).toMatchObject(DENIED);
  });
});
