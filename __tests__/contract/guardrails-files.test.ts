import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { asDeclared, guardedWorld, orgpolicy, OTHER, runWith } from './support/guardrails.js';
import type { StepResult } from './support/runner.js';
import { CONFIG, EGRESS, INGRESS, useStages, type Stage } from './support/stage.js';

const set = useStages();
type Json = Record<string, unknown>;

const filesOf = ({ outputs }: StepResult): string[] => JSON.parse(outputs.guardrail_files ?? '') as string[];
const contentsOf = (result: StepResult): Json[] =>
  filesOf(result).map((file) => parse(readFileSync(file, 'utf8')) as Json);
/** Bodies of what was written so far; an etag is a matter of the moment. */
const bodies = (stage: Stage): Json[] =>
  stage.writes().map(({ body }) => Object.fromEntries(Object.entries(body as Json).filter(([key]) => key !== 'etag')));
const byName = (items: readonly Json[]): Json[] =>
  [...items].sort((a, b) => String(a.name).localeCompare(String(b.name)));

describe('guardrail_files', () => {
  it.each([false, true])('are what an apply sends, dry run %s', async (dryRun) => {
    const stage = await set({ world: guardedWorld() });
    const lines = { egress: [OTHER, EGRESS], ingress: [INGRESS], dryRun };
    const planned = await runWith(stage, 'plan', lines);
    expect(contentsOf(planned)).toHaveLength(4);
    await runWith(stage, 'apply', lines);
    expect(byName(contentsOf(planned))).toEqual(byName(bodies(stage)));
  });

  it('are what an apply sends for a change, too', async () => {
    const stage = await set({ world: guardedWorld(asDeclared({ egress: [EGRESS], dryRun: true })) });
    const lines = { egress: [OTHER, EGRESS] };
    const planned = await runWith(stage, 'plan', lines);
    await runWith(stage, 'apply', lines);
    expect(byName(contentsOf(planned))).toEqual(byName(bodies(stage)));
    // Nothing is left to do, and the files are there all the same.
    expect(contentsOf(await runWith(stage, 'plan', lines))).toEqual(contentsOf(planned));
  });

  it('stand below RUNNER_TEMP, constraint before policy', async () => {
    const stage = await set({ world: guardedWorld() });
    const planned = await runWith(stage, 'plan', { egress: [EGRESS], ingress: [INGRESS] });
    const files = filesOf(planned);
    expect(files.map((file) => file.replace(/^.*-(\w+-\w+\.yaml)$/, '$1'))).toEqual([
      'egress-constraint.yaml',
      'egress-policy.yaml',
      'ingress-constraint.yaml',
      'ingress-policy.yaml',
    ]);
    for (const file of files) expect(path.relative(planned.temp, file)).not.toMatch(/^\.\./);
  });

  it('do what they say when somebody else applies them', async () => {
    const stage = await set({ world: guardedWorld() });
    const lines = { egress: [EGRESS] };
    const [constraint, policy] = contentsOf(await runWith(stage, 'plan', lines));
    await orgpolicy(stage, 'POST', 'organizations/5550001/customConstraints', constraint);
    await orgpolicy(stage, 'POST', 'projects/acme-agents/policies', policy);
    expect(await runWith(stage, 'verify', lines)).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
  });

  it('are handed on by the root action, which applies guardrails like all else', async () => {
    const stage = await set({ world: guardedWorld() });
    const result = await runWith(stage, '', { egress: [EGRESS] });
    expect(result).toMatchObject({ exitCode: 0, outputs: { changes: 'true' } });
    expect(byName(contentsOf(result))).toEqual(byName(bodies(stage)));
  });

  it('are none without guardrails', async () => {
    const stage = await set({ world: guardedWorld() });
    expect(filesOf(await runWith(stage, 'plan', CONFIG))).toEqual([]);
  });
});
