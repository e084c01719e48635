import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { bundledPackages, notices, PERMISSIVE } from '../../scripts/notices.js';

const ROOT = path.resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

const sections = read('dist/THIRD_PARTY_NOTICES.txt')
  .split(`\n${'-'.repeat(80)}\n`)
  .map((section) => {
    const [, name = '', version = '', license = ''] = /^(\S+) (\S+) \((.+)\)\n/.exec(section) ?? [];
    return { name, version, license, text: section.split('\n').slice(1).join('\n').trim() };
  });

describe('dist/THIRD_PARTY_NOTICES.txt', () => {
  it('names every package of which the bundles say that it is in them', () => {
    const bundles = readdirSync(path.join(ROOT, 'dist'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.js'))
      .map((file) => read(path.join('dist', file)));
    const said = bundles.flatMap((text) => [
      ...text.matchAll(/CONCATENATED MODULE: \S*node_modules\/((?:@[^/]+\/)?[^/]+)\//g),
    ]);
    const names = [...new Set(said.map(([, name]) => name))];
    expect(names.length).toBeGreaterThan(5);
    expect(sections.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
  });

  it('has only permissive licenses, each with its text', () => {
    expect(sections.filter(({ license }) => !PERMISSIVE.includes(license))).toEqual([]);
    expect(sections.filter(({ text }) => text.length < 200)).toEqual([]);
  });

  it('has the versions of the lock file', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, { version?: string }> };
    const locked = Object.entries(packages).map(([folder, { version }]) => `${folder} ${String(version)}`);
    for (const { name, version } of sections) {
      expect(locked.some((entry) => entry.endsWith(`node_modules/${name} ${version}`))).toBe(true);
    }
  });
});

describe('the packages of a bundle', () => {
  it('are found in concatenated modules and in nested folders, each once', () => {
    const stats = {
      modules: [
        { name: './lib/a.js + 2 modules', modules: [{ name: './node_modules/zod/v4/core.js' }] },
        { name: './node_modules/@actions/github/node_modules/@actions/http-client/lib/index.js' },
        { name: './node_modules/zod/index.js' },
        { name: 'external "node:fs"' },
      ],
    };
    expect(bundledPackages(stats)).toEqual([
      'node_modules/zod',
      'node_modules/@actions/github/node_modules/@actions/http-client',
    ]);
  });

  it('stop the build when a license asks for more, or has no text', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'notices-'));
    const pack = (license: string, files: Record<string, string>): string => {
      const at = mkdtempSync(path.join(folder, 'package-'));
      writeFileSync(path.join(at, 'package.json'), JSON.stringify({ name: 'given', version: '1.0.0', license }));
      for (const [name, text] of Object.entries(files)) writeFileSync(path.join(at, name), text);
      return at;
    };
    const good = pack('MIT', { LICENSE: 'Do as you like.' });
    expect(notices([good, good])).toBe('given 1.0.0 (MIT)\n\nDo as you like.\n');
    expect(notices([pack('MIT', { 'README.md': '# Given\n\n## License\n\nDo as you like.' })])).toContain('Do as');
    expect(() => notices([good, pack('GPL-3.0', { LICENSE: 'Share.' })])).toThrow('given 1.0.0 (GPL-3.0): not one of');
    expect(() => notices([pack('MIT', {})])).toThrow('given 1.0.0 (MIT): no license file');
  });
});
