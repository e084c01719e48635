import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { NO_OUTPUTS, OUTPUT_NAMES, setOutputs, type Outputs } from '../../src/outputs.js';

const before = process.env.GITHUB_OUTPUT;
let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'bind-agent-gateway-test-'));
  file = path.join(folder, 'output');
  writeFileSync(file, '');
  process.env.GITHUB_OUTPUT = file;
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  if (before === undefined) delete process.env.GITHUB_OUTPUT;
  else process.env.GITHUB_OUTPUT = before;
});

/** What the runner reads: `name<<delimiter`, the value, the delimiter. */
function written(): Record<string, string> {
  const found = readFileSync(file, 'utf8').matchAll(/^(\w+)<<(.+)\n([^]*?)\n\2$/gm);
  return Object.fromEntries([...found].map(([, name = '', , value = '']) => [name, value]));
}

describe('setOutputs', () => {
  const engine = {
    name: 'projects/1/locations/l/reasoningEngines/1',
    displayName: 'a\nghadelimiter_x\nfailure_reason=none',
    principal: 'principal://x',
    egress: null,
    ingress: 'g',
    status: 'bound' as const,
    governance: 'governed' as const,
  };
  const outputs: Outputs = {
    ...NO_OUTPUTS,
    changes: true,
    to_bind: 2,
    engines: [engine],
    endpoints: { key: { service: 's', registryResource: 'r', endpointId: 'e' } },
    agent_gateway_config: { agentToAnywhereConfig: { agentGateway: 'g' } },
    failure_reason: 'not-bound',
  };

  it('writes texts as they are and everything else as JSON', () => {
    setOutputs(outputs, OUTPUT_NAMES.plan);
    const { engines, endpoints, agent_gateway_config: config, ...rest } = written();
    expect(rest).toMatchObject({
      changes: 'true',
      to_bind: '2',
      to_remove: '0',
      guardrail_files: '[]',
      failure_reason: 'not-bound',
    });
    expect([engines, endpoints, config].map((text) => JSON.parse(text ?? '') as unknown)).toEqual([
      outputs.engines,
      outputs.endpoints,
      outputs.agent_gateway_config,
    ]);
  });

  it.each(Object.keys(OUTPUT_NAMES) as (keyof typeof OUTPUT_NAMES)[])(
    'sets every output of %s, known or not',
    (action) => {
      setOutputs(NO_OUTPUTS, OUTPUT_NAMES[action]);
      expect(Object.keys(written()).sort()).toEqual([...OUTPUT_NAMES[action]].sort());
    },
  );
});

it.each(Object.keys(OUTPUT_NAMES) as (keyof typeof OUTPUT_NAMES)[])(
  '%s/action.yml lists exactly the outputs that are set',
  (action) => {
    const metadata = parse(readFileSync(path.join(action, 'action.yml'), 'utf8')) as { outputs: object };
    expect(Object.keys(metadata.outputs).sort()).toEqual([...OUTPUT_NAMES[action]].sort());
  },
);
