import { beforeAll, describe, expect, it } from '@jest/globals';
import type { StepResult } from './support/runner.js';
import { annotations, CONFIG, SCOPE, useStages, world, type Stage } from './support/stage.js';

const set = useStages();

/** Lines of the error that sums everything up, without its first. */
const problems = ({ log }: StepResult): string[] => (annotations(log, 'error').at(-1) ?? '').split('\n').slice(1);

let stage: Stage;
beforeAll(async () => {
  stage = await set({ world: world() });
});

function expectInvalid(result: StepResult): void {
  expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'invalid-input', changes: 'false' } });
  expect(stage.emulator.requests).toEqual([]);
}

describe('a file with every kind of mistake, and inputs that are no better', () => {
  const file = `version: 2
project: Acme Agents
region: us-central-1
gatewais: { egress: egress }
gateways:
  egress: projects/acme-agents/locations/europe-west4/agentGateways/egress
  ingress: ""
endpoints:
  APIs:
    urls: [https://*.example.com]
  path-and-port:
    urls: ["https://example.com:8443/v1", "http://plain.example.com"]
  unknown-preset:
    presets: [runtme]
  no-hosts: {}
  wrong-type:
    urls: https://example.com
    carry_over: "yes"
  empty-list:
    urls: []
agents:
  - engine: 4405152104998502400
  - engine: Support agent
    allow: [stripe-apy]
  - engine: projects/other-project/locations/us-central1/reasoningEngines/1
checks:
  gateway-dry-ran: error
  gateway-conflict: warn
  engine-not-found: "off"
migrate: true
move: sometimes
guardrails:
  organization: "5550001"
  enforce_on: projects/acme-agents
`;
  const inputs = {
    region: 'us-centrl1',
    api_version: 'v2',
    universe: 'https://googleapis.com',
    request_reason: 'line one\nline two',
    comment: 'sometimes',
    comment_label: 'one\ntwo',
    plan_digest: 'abc',
    approval: 'everybody',
    propagation_wait: '-1',
    timeout: 'soon',
    prune: 'yes',
    rollback: 'always',
  };
  let result: StepResult;
  beforeAll(async () => {
    const env = { CLOUDSDK_API_ENDPOINT_OVERRIDES_IAP: 'http://iap.example.com/' };
    result = await stage.run('apply', inputs, { files: { 'agent-gateway.yaml': file }, env });
  });

  it('is refused before anything is asked of Google', () => {
    expectInvalid(result);
  });

  it.each([
    ['a version that is not known', 1, 10, '1'],
    ['a project that is none', 2, 10, 'acme-agents'],
    ['an unknown key', 4, 1, '"gateways"'],
    ['an empty gateway', 7, 12, 'none'],
    ['a key that is no service ID', 9, 3, 'lower-case'],
    ['a wildcard', 10, 12, 'exact host names'],
    ['a path and a port', 12, 12, '"https://example.com"'],
    ['http', 12, 43, '"https://plain.example.com"'],
    ['an unknown preset', 14, 15, '"runtime"'],
    ['an endpoint without hosts', 15, 3, 'presets, urls'],
    ['text where a list should be', 17, 11, 'list'],
    ['text where a truth value should be', 18, 17, 'true or false'],
    ['an empty list', 20, 11, 'at least one'],
    ['a number that YAML rounds', 22, 13, '"4405152104998502400"'],
    ['an endpoint that is not declared', 24, 13, 'endpoints'],
    ['an unknown check', 27, 3, '"gateway-dry-run"'],
    ['a level that is none', 28, 21, 'warning'],
    ['a move that is no truth value', 31, 7, 'true or false'],
    ['guardrails that approve nothing', 32, 1, 'List the approved gateways under egress, ingress or both'],
  ])('names the place of %s and the fix', (_what, line, column, text) => {
    const place = `agent-gateway.yaml:${line}:${column}: `;
    expect(problems(result)).toContainEqual(expect.stringContaining(place));
    expect(problems(result).find((problem) => problem.startsWith(place))).toContain(text);
  });

  it('are shown on the lines of the file, as many as the runner shows of one step', () => {
    const lines = [...result.log.matchAll(/^::error title=invalid-input,file=agent-gateway\.yaml,line=(\d+),/gm)];
    expect(lines.map(([, line]) => Number(line))).toEqual([1, 2, 4, 7, 9, 10, 12, 12]);
    expect(result.log.match(/^::error /gm)).toHaveLength(9);
  });

  it.each([
    ['region', '"us-central1"'],
    ['api_version', 'v1beta1, v1'],
    ['universe', 'googleapis.com'],
    ['request_reason', 'one line'],
    ['comment', 'auto, always, never'],
    ['comment_label', 'one line'],
    ['plan_digest', 'sha256:'],
    ['approval', 'none, comment'],
    ['propagation_wait', 'seconds'],
    ['timeout', 'minutes'],
    ['prune', 'true or false'],
    ['rollback', 'true or false'],
    ['CLOUDSDK_API_ENDPOINT_OVERRIDES_IAP', 'https:'],
  ])('names the input %s and the fix', (input, text) => {
    const found = problems(result).find((problem) => problem.startsWith(`input ${input}: `));
    expect(found).toContain(text);
  });

  it('lists each problem once, in the log and in the summary', () => {
    expect(new Set(problems(result)).size).toBe(problems(result).length);
    expect(result.summary.split('<br>').length - 1).toBe(problems(result).length);
  });
});

describe('file and inputs that contradict each other', () => {
  it('are told with both sides', async () => {
    const result = await stage.run(
      'plan',
      {
        region: 'europe-west4',
        engines: 'projects/other-project/locations/europe-west4/reasoningEngines/1',
        allow: 'ticket-sistem',
      },
      { files: { 'agent-gateway.yaml': CONFIG } },
    );
    expectInvalid(result);
    expect(problems(result)).toEqual([
      expect.stringMatching(/^input engines: .*"other-project".*"acme-agents"/),
      expect.stringMatching(/^input allow: .*"ticket-sistem".*"ticket-system"/),
    ]);
  });
});

describe('other input that cannot be meant', () => {
  const BIND = { ...SCOPE, engines: 'all', egress_gateway: 'egress' };

  it.each<[what: string, folder: string, inputs: Record<string, string>]>([
    [
      'values that are none',
      'plan',
      { fail_on_changes: 'yes', allow: ', ,', region: 'global', egress_gateway: 'My Gateway' },
    ],
    ['values that are none for a verification', 'verify', { issue: 'sometimes', prune: 'maybe' }],
    ['nothing where something is needed', 'plan', { engines: '', project_id: '', region: '' }],
    ['nothing to do', 'plan', { egress_gateway: '' }],
    ['a file that does not exist', 'plan', { config: 'deploy/agents.yaml' }],
    ['a time limit that is too long', 'apply', { timeout: '100000' }],
  ])('%s: refused, each input named once', async (_what, folder, inputs) => {
    const result = await stage.run(folder, { ...BIND, ...inputs });
    expectInvalid(result);
    const named = problems(result).map((problem) => problem.slice(0, problem.indexOf(': ')));
    expect(named.sort()).toEqual(
      Object.keys(inputs)
        .map((name) => `input ${name}`)
        .sort(),
    );
  });

  it('a file that is no YAML is refused with its line', async () => {
    const result = await stage.run('plan', {}, { files: { 'agent-gateway.yaml': 'version: 1\nproject: [acme\n' } });
    expectInvalid(result);
    expect(problems(result)[0]).toMatch(/^agent-gateway\.yaml:\d+:\d+: /);
  });
});

describe('an endpoint override', () => {
  it('is refused before a token is sent, and so is each of them', async () => {
    const overrides = {
      // plain http to another machine, another protocol, a password, a query, something that is no URL
      AIPLATFORM: 'http://aiplatform.example.com/',
      AGENTREGISTRY: 'ftp://127.0.0.1/',
      IAP: 'https://user:secret@iap.example.com/',
      NETWORKSERVICES: 'https://example.com/?key=1',
      IAM: 'iam',
    };
    const variables = Object.keys(overrides).map((api) => `CLOUDSDK_API_ENDPOINT_OVERRIDES_${api}`);
    const env = Object.fromEntries(Object.values(overrides).map((value, index) => [variables[index] ?? '', value]));
    const result = await stage.run('plan', {}, { files: { 'agent-gateway.yaml': CONFIG }, env });
    expectInvalid(result);
    const found = problems(result).sort();
    expect(found).toEqual(variables.sort().map((variable) => expect.stringContaining(variable)));
    expect(result.log).not.toContain('secret');
  });
});
