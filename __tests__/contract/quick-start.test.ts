import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { textOf } from './support/expressions.js';
import { MERGE_SHA } from './support/github.js';
import { ROOT } from './support/metadata.js';
import { useReviews, type Review } from './support/pull-request.js';
import type { StepResult } from './support/runner.js';
import { readScenario } from './support/stage.js';

const open = useReviews();
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

/** What the picture shows. After a change that is meant: `UPDATE_GOLDEN=1 npm test -- quick-start`, then `npm run picture`. */
const PICTURE = 'docs/images/plan-comment.md';

interface Workflow {
  readonly jobs: { readonly bind: { readonly steps: readonly { uses?: string; with?: Record<string, string> }[] } };
}

/** The two files of the quick start: the workflow, and the desired state. */
const [workflow = '', config = ''] = [...read('README.md').matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(
  ([, text = '']) => text,
);

/** Runs the quick start's own step as a job that this event started does. */
async function runStep(review: Review, event: string): Promise<StepResult> {
  const { steps } = (parse(workflow) as Workflow).jobs.bind;
  const step = steps.find(({ uses }) => uses === 'OWNER/bind-agent-gateway@v1');
  const contexts = { github: { event_name: event } };
  const inputs = Object.entries(step?.with ?? {}).map(([name, value]): [string, string] => {
    const [, expression] = /^\$\{\{(.*)\}\}$/.exec(value) ?? [];
    return [name, textOf(expression === undefined ? { text: value } : { expression }, contexts)];
  });
  expect(inputs).toEqual([['apply', event === 'push' ? 'true' : 'false']]);
  return review.run('', event, { inputs: Object.fromEntries(inputs) });
}

/** What people see of the comment, without what is another one in every run or version. */
const shown = (review: Review): string =>
  review
    .body()
    .replaceAll(review.github.url, 'https://github.com')
    .replace(/<!--[\s\S]*?-->\n?/g, '')
    .replace(/bind-agent-gateway [\w&#;.]+(?=<\/sub>)/, 'bind-agent-gateway')
    .trim();

describe('the quick start', () => {
  it('gives the plan in the picture on a pull request, is applied by the push, and then as declared', async () => {
    const scenario = readScenario('demo');
    expect(config).toBe(scenario.config);
    const review = await open({ world: scenario.world, config });

    expect(await runStep(review, 'pull_request')).toMatchObject({ exitCode: 0, outputs: { changes: 'true' } });
    expect(review.stage.writes()).toEqual([]);
    if (process.env.UPDATE_GOLDEN) writeFileSync(path.join(ROOT, PICTURE), `${shown(review)}\n`);
    expect(shown(review)).toBe(read(PICTURE).trim());

    review.github.pulls.splice(0, 1, { number: 7, merged: true, mergeCommit: MERGE_SHA });
    review.github.commits.set(MERGE_SHA, [7]);
    const applied = await runStep(review, 'push');
    expect(applied).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
    expect(shown(review)).toContain('Applied');

    expect(await runStep(review, 'push')).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
  });
});
