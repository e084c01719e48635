import { describe, expect, it } from '@jest/globals';
import {
  canonicalGatewayName,
  formatEngineName,
  formatGatewayName,
  formatLocation,
  formatServiceName,
  gatewayEquals,
  iapRegistryOf,
  iapResourceOf,
  parseEngineName,
  parseExtensionName,
  parseGatewayName,
  parseRegistryResource,
  parseServiceName,
  engineOfMember,
  principalOf,
  projectRefOf,
  ResourceNameError,
  sameProject,
} from '../../../src/google/names.js';

const acme = { id: 'acme-agents', number: '101010' };
const location = 'projects/acme-agents/locations/us-central1';

describe('parse and format', () => {
  it.each([
    ['reasoningEngines', parseEngineName, formatEngineName],
    ['agentGateways', parseGatewayName, formatGatewayName],
    ['services', parseServiceName, formatServiceName],
  ])('%s round trip', (collection, parse, format) => {
    const name = `${location}/${collection}/x-1`;
    expect(parse(name)).toEqual({ project: 'acme-agents', location: 'us-central1', id: 'x-1' });
    expect(format({ project: 'acme-agents', location: 'us-central1', id: 'x-1' })).toBe(name);
  });

  it.each([
    '',
    'egress',
    `${location}/agentGateways`,
    `${location}/agentGateways/`,
    `${location}/agentGateways/a/b`,
    `${location}/agentGateways/a b`,
    `${location}/agentGateways/..`,
    `${location}/agentGateways/.`,
    `${location}/agentGateways/-`,
    `${location}/agentGateways/%2e%2e`,
    `${location}/agentGateways/a?b`,
    `${location}/agentGateways/a#b`,
    `${location}/agentGateways/a\\b`,
    `${location}/agentGateways/a\u0000`,
    `${location}/agentGateways/a\u200b`,
    `${location}/agentGateways/\u2024\u2024`,
    `${location}/agentGateways/*`,
    'projects/-/locations/us-central1/agentGateways/a',
    'projects/../locations/us-central1/agentGateways/a',
    'projects/acme-agents/locations/-/agentGateways/a',
    `//${location}/agentGateways/a`,
    `https:///${location}/agentGateways/a`,
    `${location}/services/a`,
    'projects//locations/us-central1/agentGateways/a',
    `folders/1/${location}/agentGateways/a`,
  ])('%j is not the name of a gateway', (name) => {
    expect(parseGatewayName(name)).toBeUndefined();
  });

  it.each([
    '//networkservices.googleapis.com/',
    'https://networkservices.googleapis.com/v1/',
    'https://networkservices.googleapis.com/v1beta1/',
  ])('takes names with %s in front', (prefix) => {
    expect(parseGatewayName(`${prefix}${location}/agentGateways/egress`)?.id).toBe('egress');
    expect(parseExtensionName(`${prefix}${location}/authzExtensions/iap`)?.id).toBe('iap');
  });

  it('refuses to format what would lead elsewhere', () => {
    expect(() => formatEngineName({ project: 'p', location: 'l', id: '' })).toThrow(ResourceNameError);
    expect(() => formatEngineName({ project: '..', location: 'l', id: '1' })).toThrow(ResourceNameError);
    expect(() => formatLocation('p', 'a/b')).toThrow(ResourceNameError);
    for (const other of ['-', '%2f', 'a?b', 'a#b', 'a\\b', 'a b', 'a\n', 'a\u0000']) {
      expect(() => formatLocation(other, 'l')).toThrow(ResourceNameError);
      expect(() => formatLocation('p', other)).toThrow(ResourceNameError);
    }
  });

  it.each(['endpoints', 'agents', 'mcpServers'])('reads a registryResource of %s', (collection) => {
    expect(parseRegistryResource(`projects/101010/locations/us-central1/${collection}/agentregistry-1`)).toEqual({
      project: '101010',
      location: 'us-central1',
      collection,
      id: 'agentregistry-1',
    });
  });
});

describe('projects', () => {
  it('reads both names from Resource Manager', () => {
    expect(projectRefOf({ name: 'projects/101010', projectId: 'acme-agents' })).toEqual(acme);
    expect(() => projectRefOf({ name: 'projects/acme-agents', projectId: 'acme-agents' })).toThrow(ResourceNameError);
  });

  it('are the same by ID and by number', () => {
    expect(sameProject('acme-agents', '101010', [acme])).toBe(true);
    expect(sameProject('101010', '101010', [])).toBe(true);
    expect(sameProject('acme-agents', '101010', [])).toBe(false);
    expect(sameProject('acme-agents', 'other', [acme])).toBe(false);
  });
});

describe('gateways', () => {
  const byId = `${location}/agentGateways/egress`;
  const byNumber = 'projects/101010/locations/us-central1/agentGateways/egress';

  it('are equal whichever name of the project they say', () => {
    expect(gatewayEquals(byId, byNumber, [acme])).toBe(true);
    expect(gatewayEquals(byId, `//networkservices.googleapis.com/${byNumber}`, [acme])).toBe(true);
    expect(gatewayEquals(byId, byNumber, [])).toBe(false);
    expect(gatewayEquals(byId, `${location}/agentGateways/other`, [acme])).toBe(false);
    expect(gatewayEquals(byId, byId.replace('us-central1', 'us-east1'), [acme])).toBe(false);
    expect(gatewayEquals('odd', 'odd', [acme])).toBe(true);
    expect(gatewayEquals('odd', byId, [acme])).toBe(false);
  });

  it('have one canonical name, with the project ID', () => {
    expect(canonicalGatewayName(byNumber, [acme])).toBe(byId);
    expect(canonicalGatewayName(byId, [acme])).toBe(byId);
    expect(canonicalGatewayName(byNumber, [])).toBe(byNumber);
    expect(() => canonicalGatewayName('egress', [acme])).toThrow(ResourceNameError);
  });
});

describe('IAP resources', () => {
  const id = 'agentregistry-00000000-0000-0000-1a2b-3c4d5e6f7a8b';

  it('carry the project number, whatever the registry answered', () => {
    const expected = `projects/101010/locations/us-central1/iap_web/agentRegistry/endpoints/${id}`;
    expect(iapResourceOf(`projects/101010/locations/us-central1/endpoints/${id}`, acme)).toBe(expected);
    expect(iapResourceOf(`projects/acme-agents/locations/us-central1/endpoints/${id}`, acme)).toBe(expected);
  });

  it.each([
    ['an empty ID', 'projects/101010/locations/us-central1/endpoints/'],
    ['no ID', 'projects/101010/locations/us-central1/endpoints'],
    ['a service', 'projects/101010/locations/us-central1/services/x'],
    ['nothing', ''],
    ['a step up', 'projects/101010/locations/us-central1/endpoints/..'],
    ['all of them', 'projects/101010/locations/us-central1/endpoints/-'],
    ['a blank', 'projects/101010/locations/us-central1/endpoints/ '],
    ['a slash more', `projects/101010/locations/us-central1/endpoints/${id}/`],
    ['a slash encoded', 'projects/101010/locations/us-central1/endpoints/%2f'],
    ['a query', `projects/101010/locations/us-central1/endpoints/?${id}`],
    ['a fragment', `projects/101010/locations/us-central1/endpoints/#${id}`],
    ['all locations', `projects/101010/locations/-/endpoints/${id}`],
    ['another project', `projects/7/locations/us-central1/endpoints/${id}`],
  ])('are refused for %s', (_what, name) => {
    expect(() => iapResourceOf(name, acme)).toThrow(ResourceNameError);
  });

  it('of a whole registry are asked for by name', () => {
    expect(iapRegistryOf(acme, 'us-central1')).toBe('projects/101010/locations/us-central1/iap_web/agentRegistry');
    expect(() => iapRegistryOf({ id: 'a', number: '' }, 'us-central1')).toThrow(ResourceNameError);
    expect(() => iapRegistryOf(acme, '')).toThrow(ResourceNameError);
  });
});

describe('engineOfMember', () => {
  const member =
    'principal://agents.global.org-5550001.system.id.goog/resources/aiplatform/projects/101010/locations/us-central1/reasoningEngines/4242';
  const engine = { project: '101010', location: 'us-central1', id: '4242' };

  it.each([
    member,
    `deleted:${member}?uid=123456`,
    member.replace('org-5550001', 'proj-101010'),
    member.replace('org-5550001', 'project-101010'),
  ])('finds the engine: %s', (text) => {
    expect(engineOfMember(text)).toEqual(engine);
  });

  it.each([
    '',
    'user:a@example.com',
    'deleted:user:a@example.com?uid=1',
    member.replace('principal:', 'principalSet:'),
    member.replace('principal://', ''),
    member.replace('agents.global', 'agents.example'),
    member.replace('system.id.goog', 'system.id.goog.example.com'),
    `${member}/more`,
    `${member}?uid=`,
    `x${member}`,
    member.replace('4242', '..'),
    `deleted:deleted:${member}`,
    `principal://iam.googleapis.com/${member.slice('principal://'.length)}`,
  ])('finds none in %s', (text) => {
    expect(engineOfMember(text)).toBeUndefined();
  });
});

describe('principalOf', () => {
  const identity =
    'agents.global.org-5550001.system.id.goog/resources/aiplatform/projects/101010/locations/us-central1/reasoningEngines/4242';

  it('puts the scheme in front, once', () => {
    expect(principalOf(identity)).toBe(`principal://${identity}`);
    expect(principalOf(`principal://${identity}`)).toBe(`principal://${identity}`);
    expect(principalOf(identity.replace('org-5550001', 'proj-101010'))).toMatch(
      /^principal:\/\/agents\.global\.proj-101010\./,
    );
  });

  it.each([
    undefined,
    '',
    'service-101010@gcp-sa-aiplatform-re.googleapis.com',
    'agent@acme-agents.iam.gserviceaccount.com',
    `${identity}/more`,
    identity.replace('org-5550001', 'folder-1'),
    identity.replace('4242', '*'),
    identity.replace('4242', '42 42'),
    identity.replace('us-central1', 'a\nb'),
    `x${identity}`,
  ])('knows that %j is no agent identity', (other) => {
    expect(principalOf(other)).toBeUndefined();
  });
});
