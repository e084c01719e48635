import { describe, expect, it } from '@jest/globals';
import { GOOGLE_APIS, keysOfHosts } from '../../../src/config/allow-input.js';
import { build, desiredOf, FILE_HEAD } from './helpers.js';

const SCOPE = { project_id: 'acme-agents', region: 'us-central1' };
const FILE = `${FILE_HEAD}endpoints:
  models: {presets: [gemini, logging]}
  stripe-api: {urls: [https://api.stripe.com]}
agents:
  - {engine: Support agent, allow: [models]}
  - {engine: "42"}
`;

describe('a run with inputs alone', () => {
  it('gives every engine the allow list', () => {
    const desired = desiredOf(undefined, {
      ...SCOPE,
      engines: 'Support agent, 42\nprojects/acme-agents/locations/us-central1/reasoningEngines/7',
      egress_gateway: 'egress',
      allow: 'runtime\ngemini\nhttps://API.stripe.com/',
    });
    expect(desired.endpoints).toMatchObject([
      { key: 'google-apis', displayName: 'Google APIs', presets: [{ name: 'runtime' }, { name: 'gemini' }], urls: [] },
      { key: 'api-stripe-com', displayName: 'api.stripe.com', urls: [{ url: 'https://api.stripe.com' }] },
    ]);
    expect(desired.agents.map(({ selector, allow }) => [selector.kind, allow])).toEqual([
      ['displayName', ['google-apis', 'api-stripe-com']],
      ['id', ['google-apis', 'api-stripe-com']],
      ['name', ['google-apis', 'api-stripe-com']],
    ]);
    expect(desired).not.toHaveProperty('only');
    expect(desired).not.toHaveProperty('file');
    expect(desired.checkLevels).toEqual({});
  });

  it('needs no allow list to bind', () => {
    expect(desiredOf(undefined, { ...SCOPE, engines: 'all', ingress_gateway: 'in' })).toMatchObject({
      endpoints: [],
      agents: [{ selector: { kind: 'all' }, allow: [] }],
    });
  });

  it('does not register a host twice that a preset lists', () => {
    const allow = 'https://logging.googleapis.com, runtime';
    const desired = desiredOf(undefined, { ...SCOPE, engines: 'all', allow });
    expect(desired.endpoints.map(({ key }) => key)).toEqual(['google-apis']);
    expect(desired.agents[0]?.allow).toEqual(['google-apis']);
  });

  it.each([
    ['geminy', '"geminy" is no endpoint of the file, no preset and no https:// URL. Did you mean "gemini"?'],
    ['zzzzzz', 'Write an https:// URL or a preset: runtime, gemini,'],
    ['api.x.com', '"api.x.com" cannot be registered: it does not begin with https://. Write "https://api.x.com".'],
    ['https://*.x.com', 'it has a wildcard'],
    ['__proto__', '"__proto__" is no endpoint of the file'],
  ])('refuses to allow %s', (allow, expected) => {
    const { problems } = build(undefined, { ...SCOPE, engines: 'all', allow });
    expect(problems).toEqual([expect.stringContaining(expected)]);
    expect(problems[0]).toMatch(/^input allow: /);
  });

  it('refuses engines of another place', () => {
    const engines = 'projects/other-one/locations/us-east1/reasoningEngines/7';
    expect(build(undefined, { ...SCOPE, engines, allow: 'gemini' }).problems).toEqual([
      expect.stringContaining('input engines: The engine "7" is in "us-east1"'),
      expect.stringContaining('input engines: The engine "7" is in project "other-one"'),
    ]);
  });
});

describe('inputs over a file', () => {
  it('narrows the run to the engines, with what the file allows', () => {
    const desired = desiredOf(FILE, { engines: '42' });
    expect(desired.only).toMatchObject([{ kind: 'id', id: '42', origin: { kind: 'input', input: 'engines' } }]);
    expect(desired.agents).toHaveLength(2);
  });

  it('replaces the allow list of every agent', () => {
    const desired = desiredOf(FILE, { allow: 'stripe-api' });
    expect(desired.agents.map(({ allow }) => allow)).toEqual([['stripe-api'], ['stripe-api']]);
    expect(desired).not.toHaveProperty('only');
  });

  it.each([
    ['a key', 'stripe-api', ['stripe-api'], []],
    ['a preset that an endpoint lists', 'logging', ['models'], []],
    ['a URL that an endpoint lists', 'https://api.stripe.com/', ['stripe-api'], []],
    ['a URL that a preset of an endpoint stands for', 'https://logging.mtls.googleapis.com', ['models'], []],
    ['a preset that none lists', 'storage', [GOOGLE_APIS], [GOOGLE_APIS]],
    ['a URL that none lists', 'https://x.example.com', ['x-example-com'], ['x-example-com']],
  ])('%s', (_, allow, keys, added) => {
    const desired = desiredOf(FILE, { allow });
    expect(desired.agents[0]?.allow).toEqual(keys);
    expect(desired.endpoints.map(({ key }) => key)).toEqual(['models', 'stripe-api', ...added]);
  });

  it('uses the engines where the file has no agents', () => {
    const text = `${FILE_HEAD}endpoints:\n  models: {presets: [gemini]}\n`;
    expect(desiredOf(text, { engines: 'all', allow: 'models' })).toMatchObject({
      agents: [{ selector: { kind: 'all' }, allow: ['models'] }],
    });
    expect(build(text).problems).toEqual([expect.stringContaining('input engines: No engine is selected.')]);
  });

  it('does not write presets into an endpoint of the file', () => {
    const text = `${FILE_HEAD}endpoints:\n  google-apis: {presets: [runtime]}\nagents: [{engine: all}]\n`;
    expect(build(text, { allow: 'storage' }).problems).toEqual([
      'input allow: The file declares "google-apis" without the preset "storage", and no other endpoint lists it. ' +
        'Add storage to its presets (agent-gateway.yaml:5:3).',
    ]);
  });
});

describe('keysOfHosts', () => {
  const keyOf = (host: string, declared: string[] = []) => keysOfHosts([host], new Set(declared)).get(host);

  it.each([
    ['api.stripe.com', 'api-stripe-com'],
    ['t.co', 't-co'],
    ['1password.com', 'host-1password-com'],
    ['xn--bcher-kva.example', 'xn--bcher-kva-example'],
  ])('%s becomes %s', (host, key) => {
    expect(keyOf(host)).toBe(key);
  });

  it.each([
    ['too short', 'x.y', [], /^x-y-[0-9a-f]{8}$/],
    ['taken by the file', 'api.stripe.com', ['api-stripe-com'], /^api-stripe-com-[0-9a-f]{8}$/],
    ['taken by the presets', 'google.apis', [], /^google-apis-[0-9a-f]{8}$/],
    ['too long', `${'a'.repeat(50)}.${'b'.repeat(50)}.example`, [], /^a{50}-b{3}-[0-9a-f]{8}$/],
  ])('%s', (_, host, declared, expected) => {
    expect(keyOf(host, declared)).toMatch(expected);
    expect(keyOf(host, declared)).toMatch(/^[a-z][a-z0-9-]{2,61}[a-z0-9]$/);
  });

  it('tells hosts apart that look alike, in any order', () => {
    const hosts = ['a.b.com', 'a-b.com'];
    const keys = keysOfHosts(hosts, new Set());
    expect(new Set(keys.values()).size).toBe(2);
    expect(keysOfHosts(hosts.reverse(), new Set())).toEqual(keys);
  });
});
