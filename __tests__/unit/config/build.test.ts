import { describe, expect, it } from '@jest/globals';
import { buildDesired } from '../../../src/config/build.js';
import { NO_INPUTS } from '../../../src/config/raw-inputs.js';
import { build, desiredOf, FILE_HEAD } from './helpers.js';

const COMPLETE = `version: 1
project: acme-agents
region: us-central1

gateways:
  egress: egress
  ingress: ingress

endpoints:
  google-apis:
    presets: [runtime, gemini, sessions, memory-bank, tracing, logging]
  stripe-api:
    display_name: Stripe
    urls: [https://API.stripe.com/]
    protocol: http-json
    carry_over: true

agents:
  - engine: Support agent
    allow: [google-apis, stripe-api]
  - engine: "4405152104998502400"
    allow: [google-apis]

checks:
  gateway-dry-run: error
  quota-near: off
migrate: false
move: false
`;
const AGENTS = 'gateways: {egress: egress}\nagents: [{engine: all}]\n';

describe('a complete file', () => {
  const desired = desiredOf(COMPLETE);

  it('becomes the desired state', () => {
    expect(desired).toMatchObject({
      project: 'acme-agents',
      region: 'us-central1',
      config: 'agent-gateway.yaml',
      partial: false,
      allowGiven: false,
      gateways: {
        egress: { id: 'egress', location: 'us-central1', origin: { line: 6, column: 11 } },
        ingress: { id: 'ingress', location: 'us-central1' },
      },
      endpoints: [
        { key: 'google-apis', displayName: 'google-apis', urls: [], protocol: 'JSONRPC', carryOver: false },
        {
          key: 'stripe-api',
          displayName: 'Stripe',
          presets: [],
          urls: [{ url: 'https://api.stripe.com', origin: { line: 14, column: 12 } }],
          protocol: 'HTTP_JSON',
          carryOver: true,
          origin: { kind: 'file', file: 'agent-gateway.yaml', line: 12, column: 3 },
        },
      ],
      agents: [
        { selector: { kind: 'displayName', text: 'Support agent' }, allow: ['google-apis', 'stripe-api'] },
        { selector: { kind: 'id', id: '4405152104998502400', origin: { line: 21 } }, allow: ['google-apis'] },
      ],
      checkLevels: { 'gateway-dry-run': { level: 'error' }, 'quota-near': { level: 'off', origin: { line: 26 } } },
    });
    expect(desired).not.toHaveProperty('only');
    expect(desired.gateways.egress).not.toHaveProperty('project');
  });

  it('keeps the order of presets and their places', () => {
    expect(desired.endpoints[0]?.presets.map(({ name }) => name)).toEqual([
      'runtime',
      'gemini',
      'sessions',
      'memory-bank',
      'tracing',
      'logging',
    ]);
    expect(desired.endpoints[0]?.presets[1]?.origin).toMatchObject({ line: 11, column: 24 });
  });
});

describe('project and region', () => {
  const rest = 'version: 1\ngateways: {egress: egress}\nagents: [{engine: all}]\n';

  it.each([
    ['input over file', `${rest}project: in-the-file`, { project_id: 'from-input' }, 'from-default', 'from-input'],
    ['file over default', `${rest}project: in-the-file`, {}, 'from-default', 'in-the-file'],
    ['default', rest, {}, 'from-default', 'from-default'],
    ['unquoted number', `${rest}project: 101010`, {}, undefined, '101010'],
    ['quoted number', `${rest}project: "101010"`, {}, undefined, '101010'],
    ['domain', `${rest}project: "example.com:acme-agents"`, {}, undefined, 'example.com:acme-agents'],
  ])('%s', (_, text, inputs, project, expected) => {
    const more = project === undefined ? {} : { project };
    expect(build(text, { region: 'us-central1', ...inputs }, more)).toMatchObject({
      problems: [],
      desired: { project: expected },
    });
  });

  it.each([
    [{ project_id: 'Acme' }, 'input project_id: "Acme" is not a project ID or number.'],
    [{ project_id: 'projects/acme-agents' }, 'input project_id: "projects/acme-agents" is not a project ID or number.'],
    [{ project_id: 'a' }, 'input project_id: "a" is not a project ID or number.'],
    [{ project_id: '012345' }, 'input project_id: "012345" is not a project ID or number.'],
    [{ project_id: 'x\u001b[2J\n::error::' }, 'input project_id: "x\\u001b[2J\\n::error::" is not a project'],
    [
      { region: 'us-centrl1' },
      'input region: "us-centrl1" is not a region of Agent Runtime. Did you mean "us-central1"?',
    ],
    [
      { region: 'US-Central1' },
      'input region: "US-Central1" is not a region of Agent Runtime. Did you mean "us-central1"?',
    ],
    [{ region: 'nowhere' }, 'input region: "nowhere" is not a region of Agent Runtime. Write one such as us-central1'],
    [{ region: 'global' }, 'input region: Agents run in a region, not in "global".'],
  ])('%j', (inputs, expected) => {
    const { desired, problems } = build(FILE_HEAD + AGENTS, inputs);
    expect(desired).toBeUndefined();
    expect(problems).toEqual([expect.stringContaining(expected)]);
  });

  it.each(['us-central1', 'europe-west15', 'us', 'eu'])('knows %s', (region) => {
    expect(build(FILE_HEAD + AGENTS, { region }).desired?.region).toBe(region);
  });

  it('names the ways to give what is missing', () => {
    const { problems } = build(rest);
    expect(problems).toEqual([
      expect.stringMatching(/^input project_id: .*project_id.*"project".*GOOGLE_CLOUD_PROJECT/),
      expect.stringMatching(/^input region: .*input region.*"region"/),
    ]);
  });

  it('checks only the form of a region in another universe', () => {
    const other = (region: string) => build(FILE_HEAD + AGENTS, { region }, { universe: 's3nsapis.fr' }).problems;
    expect(other('u-france-east1')).toEqual([]);
    expect(other('nowhere')).toEqual([]);
    expect(other('No Where')).toEqual([
      'input region: "No Where" is not a region. Write lower-case letters, digits and hyphens.',
    ]);
    expect(other('global')).toHaveLength(1);
  });

  it('names a project of the file that YAML reads as another number', () => {
    expect(build(`${rest}project: 0123456`, { region: 'us-central1' }).problems[0]).toContain('4:10: "0123456" is not');
  });
});

describe('gateways', () => {
  const full = 'projects/net-hub/locations/us-central1/agentGateways/egress';
  const agents = `${FILE_HEAD}agents: [{engine: all}]\n`;

  it.each([
    ['my-gateway', { location: 'us-central1', id: 'my-gateway' }],
    [full, { project: 'net-hub', location: 'us-central1', id: 'egress' }],
    [full.replace('net-hub', '101010'), { project: '101010', location: 'us-central1', id: 'egress' }],
  ])('%s', (text, expected) => {
    const desired = desiredOf(`${agents}gateways:\n  ingress: ${text}\n`, { egress_gateway: text });
    expect(desired.gateways.egress).toEqual({ ...expected, origin: { kind: 'input', input: 'egress_gateway' } });
    expect(desired.gateways.ingress).toMatchObject({ ...expected, origin: { kind: 'file', line: 6, column: 12 } });
  });

  it('unbinds with none, and leaves alone what is not named', () => {
    expect(desiredOf(agents, { egress_gateway: 'none' }).gateways).toEqual({ egress: 'none' });
    expect(desiredOf(`${agents}gateways: {ingress: none}`).gateways).toEqual({ ingress: 'none' });
  });

  it('lets an input win over the file', () => {
    const desired = desiredOf(`${agents}gateways: {egress: a, ingress: b}`, { egress_gateway: 'c' });
    expect(desired.gateways).toMatchObject({ egress: { id: 'c' }, ingress: { id: 'b' } });
  });

  it.each([
    ['My_Gateway', 'is not the name of a gateway. Write a short name such as my-gateway, or projects/'],
    ['a'.repeat(64), 'is not the name of a gateway.'],
    ['projects/net-hub/agentGateways/egress', 'is not the name of a gateway.'],
    ['projects/NET/locations/us-central1/agentGateways/egress', 'is not the name of a gateway.'],
    [`${full}/x`, 'is not the name of a gateway.'],
    [`//networkservices.googleapis.com/${full}`, 'is not the name of a gateway.'],
  ])('refuses %s', (text, expected) => {
    const { problems } = build(agents, { ingress_gateway: text });
    expect(problems).toEqual([expect.stringContaining(expected)]);
    expect(problems[0]).toMatch(/^input ingress_gateway: /);
  });

  it("takes one of another region, for the plan's check to refuse", () => {
    const desired = desiredOf(agents, { ingress_gateway: full.replace('us-central1', 'us-east1') });
    expect(desired.gateways.ingress).toMatchObject({ location: 'us-east1' });
  });

  it('refuses a blank name in the file', () => {
    expect(build(`${agents}gateways: {egress: " "}`).problems).toEqual([
      expect.stringContaining('Write none to unbind'),
    ]);
  });
});

describe('endpoints', () => {
  const withEndpoint = (key: string, body: string) =>
    build(`${FILE_HEAD}agents: [{engine: all}]\nendpoints:\n  ${key}: ${body}\n`).problems;

  it.each(['abc', 'Abcd', 'a_bcd', '1abc', 'abc-', 'a'.repeat(64), '"a b c d"', 'yes', '0123'])(
    'refuses the key %s',
    (key) => {
      expect(withEndpoint(key, '{presets: [gemini]}')).toEqual([expect.stringContaining('cannot be a service ID')]);
    },
  );

  it.each(['abcd', 'a--b', 'constructor', 'prototype', 'a'.repeat(63)])('takes the key %s', (key) => {
    expect(withEndpoint(key, '{presets: [gemini]}')).toEqual([]);
  });

  it.each([
    ['{}', '6:3: The endpoint "some-api" has no hosts. Give it presets, urls or both.'],
    ['{display_name: x}', '6:3: The endpoint "some-api" has no hosts.'],
    ['{urls: [https://x.com, "https://X.com/"]}', '6:36: "https://x.com" is listed twice.'],
    ['{presets: [gemini, gemini]}', '6:32: The preset "gemini" is listed twice.'],
    ['{urls: [x.com]}', '6:21: "x.com" cannot be registered: it does not begin with https://. Write "https://x.com".'],
    ['{presets: [gemini], display_name: "  "}', '6:47: The display name "  " is blank'],
    [
      '{presets: [gemini], display_name: "a\\nb"}',
      '6:47: The display name "a\\nb" is blank or holds control characters',
    ],
  ])('%s', (body, expected) => {
    expect(withEndpoint('some-api', body)).toEqual([expect.stringContaining(expected)]);
  });

  it('reads every protocol', () => {
    const text = ['jsonrpc', 'http-json', 'grpc']
      .map((protocol) => `  api-${protocol}: {urls: [https://${protocol}.example.com], protocol: ${protocol}}\n`)
      .join('');
    const { endpoints } = desiredOf(`${FILE_HEAD}agents: [{engine: all}]\nendpoints:\n${text}`);
    expect(endpoints.map(({ protocol }) => protocol)).toEqual(['JSONRPC', 'HTTP_JSON', 'GRPC']);
  });
});

describe('agents of the file', () => {
  const withAgent = (agent: string) =>
    build(`${FILE_HEAD}endpoints:\n  google-apis: {presets: [gemini]}\nagents:\n  - ${agent}\n`);
  const name = 'projects/acme-agents/locations/us-central1/reasoningEngines/42';

  it.each([
    ['all', { kind: 'all' }],
    ['"42"', { kind: 'id', id: '42', text: '42' }],
    [name, { kind: 'name', project: 'acme-agents', id: '42', text: name }],
    // An ID and a number may be the same project.
    [name.replace('acme-agents', '101010'), { kind: 'name', project: '101010', id: '42' }],
    ['Support agent / tier 2', { kind: 'displayName', text: 'Support agent / tier 2' }],
    ['All', { kind: 'displayName', text: 'All' }],
  ])('selects %s', (engine, selector) => {
    const { desired } = withAgent(`{engine: ${engine}, allow: [google-apis]}`);
    expect(desired?.agents).toMatchObject([{ selector, allow: ['google-apis'] }]);
  });

  it('allows nothing when allow is left out', () => {
    expect(withAgent('{engine: all}').desired?.agents).toMatchObject([{ allow: [] }]);
  });

  it.each([
    ['{engine: " "}', '7:14: The engine is empty.'],
    [`{engine: "${'9'.repeat(21)}"}`, `7:14: "${'9'.repeat(21)}" is longer than any name or ID of an engine.`],
    [`{engine: ${'x'.repeat(501)}}`, 'x…" is longer than any name or ID of an engine.'],
    [`{engine: ${name}${'0'.repeat(20)}}`, 'is not the resource name of an engine.'],
    ['{engine: "Support\\nagent"}', 'holds control characters, and is no name or ID of an engine.'],
    ['{engine: "\\ud800"}', 'holds control characters, and is no name or ID of an engine.'],
    ['{engine: projects/x/reasoningEngines/1}', '7:14: "projects/x/reasoningEngines/1" is not the resource name'],
    [`{engine: ${name}a}`, 'is not the resource name of an engine.'],
    [
      `{engine: ${name.replace('us-central1', 'us-east1')}}`,
      '7:14: The engine "42" is in "us-east1", but the region of this run is "us-central1".',
    ],
    [
      `{engine: ${name.replace('acme', 'other')}}`,
      '7:14: The engine "42" is in project "other-agents", but the project of this run is "acme-agents".',
    ],
    ['{engine: all, allow: []}', '7:26: "agents[0].allow" is an empty list.'],
    [
      '{engine: all, allow: [google-api]}',
      '7:27: "google-api" is not declared under endpoints. Did you mean "google-apis"?',
    ],
    [
      '{engine: all, allow: [gemini]}',
      '7:27: "gemini" is not declared under endpoints. It is a preset of the endpoint "google-apis": allow that.',
    ],
    [
      '{engine: all, allow: [bigquery]}',
      '7:27: "bigquery" is not declared under endpoints. It is a preset: declare an endpoint with it under endpoints',
    ],
    [
      '{engine: all, allow: [https://x.com]}',
      '7:27: "https://x.com" is not declared under endpoints. Declare an endpoint with this URL',
    ],
    [
      '{engine: all, allow: [constructor]}',
      '7:27: "constructor" is not declared under endpoints. The declared endpoints are: google-apis.',
    ],
  ])('%s', (agent, expected) => {
    expect(withAgent(agent).problems).toEqual([expect.stringContaining(expected)]);
  });

  it('does not blame allow for endpoints that could not be read', () => {
    const { problems } = build(`${FILE_HEAD}endpoints: 3\nagents: [{engine: all, allow: [some-api]}]\n`);
    expect(problems).toEqual([expect.stringContaining('"endpoints" must be a map')]);
  });
});

describe.each(['move', 'migrate'] as const)('%s', (key) => {
  it.each([
    ['', false],
    [`${key}: false`, false],
    [`${key}: true`, true],
  ])('%j', (line, expected) => {
    expect(desiredOf(FILE_HEAD + AGENTS + line)[key]).toBe(expected);
  });
});

describe('nothing to do', () => {
  it.each([
    ['no engines', { egress_gateway: 'g' }, ['input engines: No engine is selected.']],
    ['engines and nothing for them', { engines: 'all' }, ['input egress_gateway: Nothing is declared for the engines']],
    [
      'empty lists',
      { engines: ',', allow: ' ,\n,' },
      ['input engines: This is an empty list.', 'input allow: This is an'],
    ],
  ])('%s', (_, inputs, expected) => {
    const { problems } = build(undefined, { project_id: 'acme-agents', region: 'us-central1', ...inputs });
    expect(problems).toEqual(expected.map((text) => expect.stringContaining(text)));
  });

  it('is not said of a file that could not be read', () => {
    expect(build('a: [').problems).toHaveLength(1);
    const args = { inputs: NO_INPUTS, defaults: {}, universe: 'googleapis.com', checks: [] };
    expect(buildDesired({ ...args, unreadable: true })).toEqual({ problems: [], lacksProject: false });
    expect(buildDesired(args).problems).toHaveLength(4);
  });

  it('is not said where the thing is there, but wrong', () => {
    expect(build(`${FILE_HEAD}agents: 3\nendpoints: 4\n`).problems).toHaveLength(2);
    expect(build(`${FILE_HEAD}agents: [{engine: all}]\ngateways: 4\n`).problems).toHaveLength(1);
  });

  it('is said of empty maps', () => {
    const { problems } = build(`${FILE_HEAD}agents: [{engine: all}]\ngateways: {}\nendpoints: {}\n`);
    expect(problems).toEqual([expect.stringContaining('Nothing is declared')]);
  });
});

it('reports problems of file and inputs together, the file first', () => {
  const { problems } = build('version: 1\nregion: us-centrl1\nagents: [{engine: 5}]\nmigrate: 5\n', {
    project_id: 'X',
    egress_gateway: 'Y',
    allow: 'z',
  });
  expect(problems.map((text) => text.split(': ', 1)[0])).toEqual([
    'agent-gateway.yaml:2:9',
    'agent-gateway.yaml:3:19',
    'agent-gateway.yaml:4:10',
    'input project_id',
    'input egress_gateway',
    'input allow',
  ]);
});

describe('a run that does not know all engines', () => {
  it.each([
    ['engines of the file', {}, false],
    ['engines of the input', { engines: '42' }, true],
    ['engines and allow of the inputs', { engines: '42', allow: 'gemini' }, true],
  ])('%s', (_, inputs, partial) => {
    expect(desiredOf(`${FILE_HEAD}endpoints: {models: {presets: [gemini]}}\n${AGENTS}`, inputs).partial).toBe(partial);
  });

  it('has the file that it is from, with its repository, and none with inputs alone', () => {
    const args = { defaults: {}, universe: 'googleapis.com', checks: [], repository: 'acme/agents' };
    const file = { path: 'agent-gateway.yaml', text: `${FILE_HEAD}${AGENTS}` };
    expect(buildDesired({ ...args, file, inputs: NO_INPUTS }).desired?.config).toBe('acme/agents:agent-gateway.yaml');
    const inputs = {
      ...NO_INPUTS,
      project_id: 'acme-agents',
      region: 'us-central1',
      engines: '42',
      egress_gateway: 'e',
    };
    expect(buildDesired({ ...args, inputs }).desired).toMatchObject({ config: undefined, agents: [{ allow: [] }] });
  });

  it('whose file agents are replaced by the inputs takes nothing from them', () => {
    const wanted = desiredOf(`${FILE_HEAD}endpoints: {models: {presets: [gemini]}}\n${AGENTS}`, {
      engines: '42',
      allow: 'models',
    });
    expect(wanted.only).toBeUndefined();
    expect(wanted.agents).toMatchObject([{ selector: { kind: 'id', id: '42' }, allow: ['models'] }]);
  });
});
