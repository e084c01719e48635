import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { FAILURE_REASONS } from '../../src/failure.js';
import { readApplyInputs, readPlanInputs, readVerifyInputs } from '../../src/inputs.js';
import { OUTPUT_NAMES } from '../../src/outputs.js';
import { VERSION } from '../../src/version.js';
import { readAction, ROOT, type ActionMetadata, type Value } from './support/metadata.js';

const FOLDERS = ['', 'plan', 'apply', 'verify'] as const;
type Folder = (typeof FOLDERS)[number];

const actions: Record<Folder, ActionMetadata> = {
  '': readAction(''),
  plan: readAction('plan'),
  apply: readAction('apply'),
  verify: readAction('verify'),
};

const ALL: Folder[] = ['', 'plan', 'apply', 'verify'];
const ROOT_PLAN_APPLY: Folder[] = ['', 'plan', 'apply'];
const ROOT_APPLY: Folder[] = ['', 'apply'];

/** Which action takes which input, and its default: the public interface. */
const INPUTS: Record<string, [actions: Folder[], fallback: string]> = {
  config: [ALL, ''],
  project_id: [ALL, ''],
  region: [ALL, ''],
  engines: [ALL, ''],
  egress_gateway: [ALL, ''],
  ingress_gateway: [ALL, ''],
  allow: [ALL, ''],
  api_version: [ALL, 'v1beta1'],
  access_token: [ALL, ''],
  universe: [ALL, 'googleapis.com'],
  request_reason: [ALL, ''],
  github_token: [ALL, '${{ github.token }}'],
  comment: [ROOT_PLAN_APPLY, 'auto'],
  comment_label: [ROOT_PLAN_APPLY, ''],
  apply: [[''], 'true'],
  plan_file: [['apply'], ''],
  plan_digest: [['apply'], ''],
  approval: [ROOT_APPLY, 'none'],
  propagation_wait: [ROOT_APPLY, '120'],
  timeout: [['', 'apply', 'verify'], '30'],
  prune: [ALL, 'false'],
  rollback: [ROOT_APPLY, 'false'],
  fail_on_changes: [['plan'], 'false'],
  issue: [['verify'], 'false'],
};

const OUTPUTS: Record<string, Folder[]> = {
  changes: ALL,
  to_register: ALL,
  to_grant: ALL,
  to_bind: ALL,
  to_remove: ALL,
  plan_file: ROOT_PLAN_APPLY,
  plan_digest: ROOT_PLAN_APPLY,
  engines: ALL,
  guardrail_files: ['', 'plan'],
  endpoints: ALL,
  agent_gateway_config: ROOT_PLAN_APPLY,
  comment_url: ROOT_PLAN_APPLY,
  failure_reason: ALL,
};

const written = (value: Value): string => ('text' in value ? value.text : `\${{ ${value.expression} }}`);
const sorted = (names: Iterable<string>): string[] => [...names].sort();

/** Descriptions by action of everything that has this name. */
function descriptions(kind: 'inputs' | 'outputs', name: string): string[] {
  return FOLDERS.flatMap((folder) => actions[folder][kind].get(name)?.description ?? []);
}

describe.each(FOLDERS)('the action "%s"', (folder) => {
  const action = actions[folder];

  it('has exactly its inputs, with their defaults', () => {
    const expected = Object.entries(INPUTS).flatMap(([name, [folders, fallback]]) =>
      folders.includes(folder) ? [[name, fallback] as const] : [],
    );
    const found = [...action.inputs].map(([name, { value }]) => [name, written(value)] as const);
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
  });

  it('has exactly its outputs', () => {
    const expected = Object.keys(OUTPUTS).filter((name) => OUTPUTS[name]?.includes(folder));
    expect(sorted(action.outputs.keys())).toEqual(expected.sort());
  });

  it('describes everything', () => {
    const texts = [...action.inputs.values(), ...action.outputs.values()].map(({ description }) => description);
    expect(texts.filter((text) => text.trim().length < 10)).toEqual([]);
  });
});

describe('what several actions have in common', () => {
  it.each(Object.keys(INPUTS))('the input %s has one description', (name) => {
    expect(new Set(descriptions('inputs', name)).size).toBe(1);
  });

  it.each(Object.keys(OUTPUTS))('the output %s has one description', (name) => {
    expect(new Set(descriptions('outputs', name)).size).toBe(1);
  });
});

describe.each(['plan', 'apply', 'verify'] as const)('the JavaScript action %s', (folder) => {
  it('runs its own entry of dist/ on Node 24', () => {
    const { runs } = actions[folder];
    expect(runs.using).toBe('node24');
    const main = 'main' in runs ? runs.main : '';
    const entry = path.resolve(ROOT, folder, main);
    expect(entry).toBe(path.join(ROOT, 'dist', folder, 'index.js'));
    expect(existsSync(entry)).toBe(true);
  });

  it('sets the outputs that it declares', () => {
    expect(sorted(OUTPUT_NAMES[folder])).toEqual(sorted(actions[folder].outputs.keys()));
  });

  it('reads the inputs that it declares, and no others', () => {
    const read = new Set<string>();
    const { env } = process;
    process.env = new Proxy(env, {
      get: (target, name) => {
        if (typeof name === 'string' && name.startsWith('INPUT_')) read.add(name.slice('INPUT_'.length).toLowerCase());
        return Reflect.get(target, name) as unknown;
      },
    });
    try {
      ({ plan: readPlanInputs, apply: readApplyInputs, verify: readVerifyInputs })[folder]();
    } finally {
      process.env = env;
    }
    expect(sorted(read)).toEqual(sorted(actions[folder].inputs.keys()));
  });
});

describe('the root action', () => {
  const root = actions[''];
  const steps = new Map(root.steps.map((step) => [step.id, step]));

  it('runs plan and apply of the same version', () => {
    const used = root.steps.filter(({ uses }) => uses !== '');
    expect(used.map(({ id, uses }) => [id, uses])).toEqual([
      ['plan', '$/plan'],
      ['apply', '$/apply'],
    ]);
  });

  it.each([
    ['plan', []],
    ['apply', ['plan_digest']],
  ] as const)('forwards every input that %s knows too, and nothing else', (id, own) => {
    const given = steps.get(id)?.with ?? new Map<string, Value>();
    const shared = [...actions[id].inputs.keys()].filter((name) => root.inputs.has(name));
    expect(sorted(given.keys())).toEqual(sorted([...shared, ...own]));
    for (const name of shared) {
      // A plan that waits for an approval must not write what approves it.
      const silenced = id === 'plan' && name === 'comment';
      const approving =
        "inputs.apply == 'true' && inputs.approval != 'none' && inputs.approval != '' && 'never' || inputs.comment";
      expect(given.get(name)).toEqual({ expression: silenced ? approving : `inputs.${name}` });
    }
  });

  it('hands apply the digest of the plan it has just shown', () => {
    expect(steps.get('apply')?.with.get('plan_digest')).toEqual({ expression: 'steps.plan.outputs.plan_digest' });
  });

  it('passes no input to nobody', () => {
    const forwarded = new Set(root.steps.flatMap((step) => [...step.with.keys()]));
    expect([...root.inputs.keys()].filter((name) => !forwarded.has(name))).toEqual(['apply']);
    expect(steps.get('apply')?.condition).toContain('inputs.apply');
  });

  it.each([...root.outputs.keys()])('takes the output %s from apply, or from plan', (name) => {
    const value = root.outputs.get(name)?.value;
    const from = (['apply', 'plan'] as const).filter((id) => actions[id].outputs.has(name));
    const sources = value && 'expression' in value ? value.expression.split(' || ') : [];
    const steps = sources.filter((source) => /^steps\.(plan|apply)\./.test(source));
    expect(steps).toEqual(from.map((id) => `steps.${id}.outputs.${name}`));
  });
});

describe('the version', () => {
  it('in requests is that of package.json', () => {
    const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(VERSION).toBe(version);
  });
});

describe('failure reasons', () => {
  it('are the documented ones', () => {
    expect(sorted(FAILURE_REASONS)).toEqual(
      sorted([
        'invalid-input',
        'auth-failed',
        'permission-denied',
        'api-disabled',
        'check-failed',
        'plan-changed',
        'not-approved',
        'register-failed',
        'grant-failed',
        'bind-failed',
        'not-bound',
        'timeout',
        'changes-found',
        'cancelled',
        'api-error',
      ]),
    );
  });
});
