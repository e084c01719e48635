import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { ROOT } from './support/metadata.js';
import { enginesOf, useStages } from './support/stage.js';

const set = useStages();
const read = (...parts: string[]): string => readFileSync(path.join(ROOT, ...parts), 'utf8');

interface Step {
  readonly uses?: string;
  readonly with?: Readonly<Record<string, string | boolean>>;
}
interface Workflow {
  readonly jobs: Readonly<
    Record<string, { readonly steps: readonly Step[]; readonly strategy?: { readonly matrix: { region: string[] } } }>
  >;
}

/** What stands behind the expressions of the examples. */
const SUPPORT = 'projects/101010/locations/us-central1/reasoningEngines/4405152104998502400';
const EXPRESSIONS: Readonly<Record<string, string>> = { '${{ steps.deploy.outputs.engine }}': SUPPORT };

const examples = readdirSync(path.join(ROOT, 'examples')).filter((name) =>
  existsSync(path.join(ROOT, 'examples', name, 'world.yaml')),
);

/** Inputs of each run of this action that an example's workflow starts, without what is about a pull request. */
function runsOf(name: string): Record<string, string>[] {
  const { jobs } = parse(read('examples', name, 'workflow.yml')) as Workflow;
  return Object.values(jobs).flatMap(({ steps, strategy }) =>
    (strategy?.matrix.region ?? ['']).flatMap((region) =>
      steps
        .filter(({ uses }) => uses?.startsWith('OWNER/bind-agent-gateway'))
        .map((step) => {
          const given = Object.entries(step.with ?? {}).filter(([input]) => !['approval', 'issue'].includes(input));
          const resolve = (value: string): string =>
            EXPRESSIONS[value] ?? value.replaceAll('${{ matrix.region }}', region);
          return Object.fromEntries(given.map(([input, value]) => [input, resolve(String(value))]));
        }),
    ),
  );
}

it('there are examples', () => {
  expect(examples).toEqual(expect.arrayContaining(['pull-request', 'after-deploy', 'verify', 'regions', 'guardrails']));
});

describe.each(examples.filter((name) => name !== 'after-deploy'))('the file of examples/%s', (name) => {
  it('is one that the published schema takes', () => {
    const schema = JSON.parse(read('schema/agent-gateway.schema.json')) as object;
    const validate = new Ajv2020({ strict: false }).compile(schema);
    validate(parse(read('examples', name, 'agent-gateway.yaml')));
    expect(validate.errors).toBeNull();
  });
});

describe.each(examples)('examples/%s', (name) => {
  const file = path.join('examples', name, 'agent-gateway.yaml');
  const config = existsSync(path.join(ROOT, file)) ? { config: read(file) } : {};

  it('is planned, applied, and then as declared', async () => {
    const stage = await set({ world: read('examples', name, 'world.yaml'), ...config });
    for (const inputs of runsOf(name)) {
      const planned = await stage.run('plan', inputs);
      expect(planned).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
      const applied = await stage.run('apply', inputs);
      expect(applied).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
      const verified = await stage.run('verify', inputs);
      expect(verified).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
      const engines = Object.values(enginesOf(verified)).filter(({ status }) => status !== 'bound');
      expect(engines).toEqual([]);
    }
    expect(stage.writes().length).toBeGreaterThan(0);
  });
});

describe('the roles of examples/cloud-setup', () => {
  it.each(['planner', 'binder'])('%s is the one of docs/permissions.md', (name) => {
    expect(read('docs/permissions.md')).toContain(read('examples/cloud-setup', `${name}.yaml`));
  });
});
