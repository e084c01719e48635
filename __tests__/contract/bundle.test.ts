import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ROOT } from './support/metadata.js';

const folder = path.join(ROOT, 'dist/shared');
const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8');

describe('the bundle', () => {
  it.each([
    ['the auth library, which a step with a token does without', 'class GoogleAuth {'],
    ["GitHub's client, which a step without a pull request does without", 'function getOctokit('],
  ])('has %s in a file of its own', (_what, text) => {
    const chunks = readdirSync(folder).filter((name) => /^\d+\.index\.js$/.test(name));
    expect(read('index.js')).not.toContain(text);
    expect(chunks.filter((name) => read(name).includes(text))).toHaveLength(1);
  });
});
