import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { FAULT_APIS } from '../../emulator/faults/schema.js';
import { APIS } from '../../emulator/server.js';
import { settingsSchema } from '../../emulator/settings.js';
import { worldSchema } from '../../emulator/world.js';

const DOCS = readFileSync('docs/emulator.md', 'utf8');
/** Rows of the tables of a section, as the texts in code font of each cell. */
const rows = (heading: string): string[][][] => {
  const section = DOCS.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const lines = section.split('\n').filter((line) => /^\|(?! -)/.test(line));
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text ?? '')),
  );
};

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const leavesOf = (value: unknown, path: string): [string, unknown][] =>
  isObject(value)
    ? Object.entries(value).flatMap(([key, below]: [string, unknown]) => leavesOf(below, `${path}.${key}`))
    : [[path, value]];

describe('docs/emulator.md', () => {
  it('has every switch of access policies with its default', () => {
    const said = DOCS.split('\n').flatMap((line) => {
      const [, name, values = ''] = /^\|[^|]*\| `((?:iam|gateway|operations)\.[\w.]+)` +\| (.+) \|$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, values.replaceAll('`', '').split(',')[0]?.trim()]];
    });
    const { iam, gateway, operations } = settingsSchema.parse({});
    const others = [
      ['gateway.withoutPolicyVersion', gateway.withoutPolicyVersion],
      ['operations.accessPolicyMs', String(operations.accessPolicyMs)],
    ];
    const built = leavesOf(iam, 'iam').map(([name, value]) => [name, String(value)]);
    expect(said.sort()).toEqual([...built, ...others].sort());
  });

  it('has values that the switches take', () => {
    const cells = rows('Switches of access policies').filter((row) => row[1]?.[0]?.includes('.') === true);
    for (const [, [name = ''] = [], values = []] of cells) {
      for (const value of values) {
        const given = value === 'true' || value === 'false' ? value === 'true' : value;
        const change = name.split('.').reduceRight<unknown>((below, key) => ({ [key]: below }), given);
        expect({ name, value, ...settingsSchema.safeParse(change) }).toMatchObject({ name, value, success: true });
      }
    }
    expect(cells.length).toBeGreaterThan(40);
  });

  it('has every API with its versions', () => {
    const named = rows('Start it').flatMap(([first = []]) => first);
    expect(named.sort()).toEqual(APIS.map(({ name }) => name).sort());
    expect([...named, 'oidc'].sort()).toEqual([...FAULT_APIS].sort());
    for (const { name, versions } of APIS)
      expect(DOCS).toMatch(new RegExp(`^\\|[^|]*\`${name}\`[^|]*\\| ${versions.join(', ')} +\\|`, 'm'));
  });

  it('has every key of a world', () => {
    const keys = rows('Worlds').flatMap(([first = []]) => first);
    expect(keys.sort()).toEqual(Object.keys(worldSchema.shape).sort());
  });
});
