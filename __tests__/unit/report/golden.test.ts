import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { CASES } from './golden-cases.js';

const FOLDER = path.resolve(import.meta.dirname, '../../golden');
const fileOf = (name: string): string => path.join(FOLDER, `${name}.md`);

/** Comments and summaries as they are posted. After a change that is meant: `UPDATE_GOLDEN=1 npm test -- golden`. */
describe('golden files', () => {
  const update = Boolean(process.env.UPDATE_GOLDEN);
  if (update) {
    mkdirSync(FOLDER, { recursive: true });
    for (const [name, render] of Object.entries(CASES)) writeFileSync(fileOf(name), render());
  }

  it.each(Object.entries(CASES))('%s', (name, render) => {
    expect(render()).toBe(readFileSync(fileOf(name), 'utf8'));
  });

  it('are all rendered by a case', () => {
    const files = readdirSync(FOLDER).filter((file) => file.endsWith('.md'));
    expect(files.sort()).toEqual(
      Object.keys(CASES)
        .map((name) => `${name}.md`)
        .sort(),
    );
  });
});
