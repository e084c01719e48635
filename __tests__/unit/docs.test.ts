import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { generated } from '../../scripts/generated.js';
import * as presets from '../../src/config/presets.js';
import * as schema from '../../src/config/schema.js';
import { FAILURE_REASONS } from '../../src/failure.js';
import * as catalog from '../../src/plan/checks/catalog.js';
import { ALL } from '../../src/plan/checks/index.js';
import { VERSION } from '../../src/version.js';
import { readAction } from '../contract/support/metadata.js';

const ROOT = path.resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
/** First cells, in code font, of the table below a heading. */
const firstCells = (heading: string): string[] => {
  const section = read('README.md').split(`${heading}\n`)[1]?.split('\n#')[0] ?? '';
  return [...section.matchAll(/^\| `([^`]+)` /gm)].map(([, cell]) => cell ?? '');
};

describe('what is made of something else (npm run docs)', () => {
  const files = generated({ ...presets, ...schema, ...catalog }, read);
  it.each(Object.keys(files))('%s is up to date', (file) => {
    expect(files[file]).toBe(read(file));
  });
});

describe('README', () => {
  it('explains every failure reason of this version', () => {
    expect(firstCells('### Failure reasons').slice(1)).toEqual(FAILURE_REASONS);
  });
});

describe('docs/checks.md', () => {
  it('lists exactly the checks that there are at its top', () => {
    const rows = [...read('docs/checks.md').matchAll(/^\| \[`([^`]+)`\]\(#([^)]+)\) +\| (\w+) /gm)];
    expect(rows.map(([, id, anchor, level]) => [id, anchor, level]).sort()).toEqual(
      ALL.map(({ id, level }) => [id, id, level]).sort(),
    );
  });

  it('has an entry for every check, with its level', () => {
    const entries = [
      ...read('docs/checks.md').matchAll(/^## (\S+)\n\n(Error|Warning)(, its level cannot be changed)?\./gm),
    ];
    const said = entries.map(([, id, level, fixed]) => ({
      id,
      level: level?.toLowerCase(),
      fixed: fixed !== undefined,
    }));
    const built = catalog.CHECKS.filter(({ id }) => ALL.some((check) => check.id === id));
    expect(said.map((entry) => JSON.stringify(entry)).sort()).toEqual(
      built.map((check) => JSON.stringify(check)).sort(),
    );
    expect(built).toHaveLength(ALL.length);
    for (const { id, level } of ALL) expect(catalog.CHECKS).toContainEqual(expect.objectContaining({ id, level }));
  });
});

describe.each(['README.md', 'docs/day-two.md', 'docs/pull-requests.md', 'docs/terraform.md'])(
  'workflows in %s',
  (file) => {
    const blocks = [...read(file).matchAll(/^ *```yaml\n([\s\S]*?)^ *```/gm)].map(([, text = '']) => text);
    const used = blocks.flatMap((text) => stepsIn(parse(text)).map((step) => ({ ...step, text })));

    it('give the actions inputs that they have, and take outputs that they have', () => {
      expect(used.length).toBeGreaterThan(0);
      for (const { folder, inputs, id, text } of used) {
        const { inputs: known, outputs } = readAction(folder);
        expect(inputs.filter((name) => !known.has(name))).toEqual([]);
        const taken = [...text.matchAll(new RegExp(`steps\\.${id}\\.outputs\\.(\\w+)`, 'g'))].map(
          ([, name = '']) => name,
        );
        expect(taken.filter((name) => !outputs.has(name))).toEqual([]);
      }
    });
  },
);

/** Steps of this repository's actions, wherever they stand in a piece of a workflow. */
function stepsIn(value: unknown): { folder: string; id: string; inputs: string[] }[] {
  if (typeof value !== 'object' || value === null) return [];
  const step = value as { uses?: unknown; id?: unknown; with?: object };
  const [, folder] = /^OWNER\/bind-agent-gateway\/?(\w*)@v1$/.exec(String(step.uses)) ?? [];
  const id = typeof step.id === 'string' ? step.id : 'nobody';
  const own = folder === undefined ? [] : [{ folder, id, inputs: Object.keys(step.with ?? {}) }];
  return [...own, ...Object.values(value).flatMap(stepsIn)];
}

describe('version', () => {
  it('is that of the package', () => {
    expect((JSON.parse(read('package.json')) as { version: string }).version).toBe(VERSION);
  });
});
