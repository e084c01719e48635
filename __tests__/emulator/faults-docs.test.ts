import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { FAULT_KINDS, readFaults } from '../../emulator/faults/schema.js';

const ROOT = path.resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

describe('docs/faults.md', () => {
  const blocks = [...read('docs/faults.md').matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, text = '']) => text);

  it('has examples that the emulator takes as they are', () => {
    expect(blocks).toHaveLength(2);
    for (const text of blocks) expect(readFaults(parse(text)).length).toBeGreaterThan(0);
  });

  it('has an example of every kind', () => {
    const shown = blocks.flatMap((text) => readFaults(parse(text))).map(({ kind }) => kind);
    expect([...new Set(shown)].sort()).toEqual([...FAULT_KINDS].sort());
  });

  it('names files that are there', () => {
    const files = [...read('docs/faults.md').matchAll(/emulator\/[\w/.-]+\.(?:yaml|ts)/g)].map(([file]) => file);
    expect(files.length).toBeGreaterThan(2);
    for (const file of files) expect(read(file)).not.toBe('');
  });
});
