import { describe, expect, it } from '@jest/globals';
import { covers, isAbout } from '../../../../src/plan/access/matches.js';
import type { Truth } from '../../../../src/plan/access/truth.js';
import { destination, PERMISSION, rule } from '../../../support/access.js';
import { memberOf, PROJECT, REGION, resourceOf } from '../../../support/builders.js';

const AGENT = memberOf('1');
const DOMAIN = 'agents.global.org-5550001.system.id.goog';
const NUMBER_FORM = resourceOf('stripe');
const ID_FORM = NUMBER_FORM.replace(PROJECT.number, PROJECT.id);
const NAME = 'destination.agent_registry.endpoint.name';
const about = (expression: string): Truth => isAbout(rule([AGENT], expression), AGENT, destination('stripe'));

describe('whether a rule is about an agent', () => {
  it.each<[string, Truth]>([
    [AGENT, true],
    [memberOf('2'), false],
    ['user:somebody@example.com', false],
    ['group:agents@example.com', false],
    [`principalSet://${DOMAIN}/*`, true],
    [`principalSet://${DOMAIN}/attribute.platform/aiplatform`, true],
    [`principalSet://${DOMAIN}/attribute.platformContainer/aiplatform/projects/${PROJECT.number}`, true],
    [`principalSet://${DOMAIN}/attribute.platformContainer/aiplatform/projects/202020`, false],
    [`principalSet://${DOMAIN}/attribute.platformContainer/aiplatform/projects/${PROJECT.id}`, 'unknown'],
    [`principalSet://${DOMAIN}/attribute.platform/run`, 'unknown'],
    ['principalSet://agents.global.org-999.system.id.goog/*', false],
    ['principalSet://goog/public:all', 'unknown'],
  ])('%s: %s', (member, expected) => {
    expect(covers(member, AGENT)).toBe(expected);
    expect(isAbout(rule([member]), AGENT, destination('stripe'))).toBe(expected);
  });

  it('not when the agent is taken out of it', () => {
    const everybody = `principalSet://${DOMAIN}/*`;
    const one = (excluded: string): Truth =>
      isAbout(rule([everybody], undefined, { excludedPrincipals: [excluded] }), AGENT, destination('stripe'));
    expect([one(AGENT), one(memberOf('2')), one('principalSet://goog/public:all')]).toEqual([false, true, 'unknown']);
  });

  it('only where it is about the permission of the gateway', () => {
    const one = (permissions: string[], excludedPermissions: string[] = []): Truth =>
      isAbout(
        rule([AGENT], undefined, { operation: { permissions, excludedPermissions } }),
        AGENT,
        destination('stripe'),
      );
    expect(one(['eventarc.googleapis.com/messageBuses.publish'])).toBe(false);
    expect(one([])).toBe(false);
    expect(one([PERMISSION, 'eventarc.googleapis.com/messageBuses.publish'])).toBe(true);
    expect(one(['iap.googleapis.com/*'])).toBe('unknown');
    expect(one([PERMISSION], [PERMISSION])).toBe(false);
    expect(isAbout({ effect: 'DENY', principals: [AGENT] }, AGENT, destination('stripe'))).toBe(false);
  });
});

describe('whether a rule is about a destination', () => {
  it.each<[string, Truth]>([
    [`${NAME} in ['${NUMBER_FORM}', '${ID_FORM}']`, true],
    // Which form is compared is not documented.
    [`${NAME} == '${NUMBER_FORM}'`, 'unknown'],
    [`${NAME} == '${ID_FORM}'`, 'unknown'],
    [`${NAME} != '${ID_FORM}'`, 'unknown'],
    [`${NAME} in ['${resourceOf('other')}']`, false],
    [`!(${NAME} in ['${resourceOf('other')}'])`, true],
    [`${NAME} == '/${NUMBER_FORM}'`, 'unknown'],
    [`${NAME} == 'projects/${PROJECT.id}/locations/${REGION}/endpoints/stripe'`, 'unknown'],
    [`${NAME} == 'projects/${PROJECT.id}/locations/${REGION}/endpoints/strip'`, false],
    ["destination.agent_registry.resource_type == 'ENDPOINT'", true],
    ["destination.agent_registry.resource_type == 'agentregistry.googleapis.com/Endpoint'", 'unknown'],
    ["destination.agent_registry.resource_type == 'MCP_SERVER'", false],
    [`destination.agent_registry.location == '${REGION}'`, true],
    [`destination.agent_registry.project_id == '${PROJECT.id}'`, true],
    [`destination.agent_registry.project_id == '${PROJECT.number}'`, 'unknown'],
    ['destination.is_registered == false', false],
    ['not CEL at all', 'unknown'],
  ])('%s: %s', (expression, expected) => {
    expect(about(expression)).toBe(expected);
  });

  it('every one, without a condition; which ones, is not known with a condition for something else', () => {
    expect(isAbout(rule([AGENT]), AGENT, destination('stripe'))).toBe(true);
    const conditions = { 'eventarc.googleapis.com': { expression: 'false' } };
    expect(isAbout(rule([AGENT], undefined, { conditions }), AGENT, destination('stripe'))).toBe('unknown');
  });

  it('a tool of an MCP server is a part of what is called, so nothing is sure', () => {
    const server = {
      ...destination('stripe'),
      resource: { ...destination('stripe').resource, collection: 'mcpServers' as const },
    };
    const one = (expression: string): Truth => isAbout(rule([AGENT], expression), AGENT, server);
    expect(one("destination.agent_registry.mcp_server.tool.name == 'delete_all'")).toBe('unknown');
    expect(one("destination.agent_registry.resource_type == 'MCP_SERVER'")).toBe(true);
    expect(one("destination.agent_registry.endpoint.name == 'x'")).toBe(false);
  });
});
