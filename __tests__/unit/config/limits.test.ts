import { describe, expect, it } from '@jest/globals';
import { MOST_PROBLEMS, nearest, suggestion } from '../../../src/config/problems.js';
import { normalizeUrl } from '../../../src/config/url.js';
import { readYaml } from '../../../src/config/yaml-source.js';
import { build, FILE_HEAD } from './helpers.js';

/** Well below the size that a file may have, so that it is the limit at hand that refuses it. */
const MANY = 200_000;
const list = (count: number, make: (index: number) => string): string =>
  Array.from({ length: count }, (_, i) => make(i)).join('');

describe('a file that is more than any desired state can be', () => {
  it.each<[what: string, text: string, says: string]>([
    ['items', `x: [${'a,'.repeat(MANY)}]`, 'words and signs'],
    ['mistakes', `x: [${','.repeat(MANY)}]`, 'words and signs'],
    ['lines', '\n'.repeat(MANY), 'words and signs'],
    ['comments', '#\n'.repeat(MANY), 'words and signs'],
    ['closing brackets', ']'.repeat(MANY), 'words and signs'],
    ['directives', '%\n'.repeat(MANY), 'words and signs'],
    ['dashes', '- '.repeat(MANY), 'words and signs'],
    ['brackets within brackets', '['.repeat(101), 'nested too deeply'],
    ['braces within braces', `${'{a: '.repeat(101)}1${'}'.repeat(101)}`, 'nested too deeply'],
    ['blocks within blocks', list(1_400, (depth) => `${' '.repeat(depth)}a:\n`), 'nested too deeply'],
    ['escapes in one word', `x: "${'\\q'.repeat(MANY)}"`, 'backslashes'],
  ])('is refused with one problem for too many %s', (_what, text, says) => {
    const { problems } = readYaml('f.yaml', text);
    expect(problems).toEqual([expect.objectContaining({ message: expect.stringContaining(says) as unknown })]);
  });

  it('may have brackets in its texts', () => {
    const text = `${FILE_HEAD}agents: [${list(300, (index) => `{engine: "[${index}"},{engine: '{'},`)}]\n# ${'['.repeat(500)}\n`;
    expect(build(text, { egress_gateway: 'egress' }).problems).toEqual([]);
  });

  it('may have a thousand agents with the same list', () => {
    const head = `${FILE_HEAD}endpoints:\n  some-api: {urls: [https://x.example.com]}\nagents:\n`;
    const agents = list(
      1_000,
      (index) => `  - engine: Agent ${index}\n    allow: ${index === 0 ? '&list [some-api]' : '*list'}\n`,
    );
    const { desired, problems } = build(head + agents);
    expect(problems).toEqual([]);
    expect(new Set(desired?.agents.map(({ allow }) => allow.join()))).toEqual(new Set(['some-api']));
  });
});

describe('aliases', () => {
  const laughs = list(26, (index) => {
    const [here, before] = [index, index - 1].map((at) => String.fromCharCode(97 + at));
    return `${here}: &${here} [${index === 0 ? '1' : Array(9).fill(`*${before}`).join(',')}]\n`;
  });

  it.each([
    ['of aliases of aliases', laughs],
    ['of one long list', `x: &x [${'a,'.repeat(20_000)}]\nagents: [${'*x,'.repeat(1_000)}]\n`],
    [
      'as keys and values',
      `x: &x {${list(300, (index) => `k${index}: 1,`)}}\ny: {${list(500, (index) => `k${index}: *x,`)}}\n`,
    ],
  ])('%s are counted as what they stand for', (_what, text) => {
    const { problems, value } = readYaml('f.yaml', text);
    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining('values, aliases written out')]);
    expect(value).toBeUndefined();
  });

  it('stand for the last anchor before them, also one within a key or a list', () => {
    const { value, problems } = readYaml('f.yaml', 'a: &x 1\nb: *x\nc: [&x 2, *x]\nd: *x\n&k key: *k\n');
    expect(problems).toEqual([]);
    expect(value).toEqual({ a: 1, b: 1, c: [2, 2], d: 2, key: 'key' });
  });

  it.each([
    ['a: *nowhere', 'Unresolved alias'],
    ['a: [*later, &later 1]', 'Unresolved alias'],
    ['a: &a {b: [*a]}', 'within its own anchor'],
  ])('%s: a problem', (text, says) => {
    expect(readYaml('f.yaml', text).problems).toEqual([
      expect.objectContaining({ message: expect.stringContaining(says) as unknown }),
    ]);
  });
});

describe('more problems than anybody reads', () => {
  const keys = list(4_000, (index) => `  key${index}-x: {presets: [iap]}\n`);
  const words = Array.from({ length: 10_000 }, (_, index) => `word${index}`).join(',');

  it.each<[what: string, text: string, inputs: Record<string, string>]>([
    ['unknown keys', FILE_HEAD + list(10_000, (index) => `k${index}: 1\n`), {}],
    ['keys given twice', FILE_HEAD + 'a: 1\n'.repeat(10_000), {}],
    ['keys that are none', FILE_HEAD + '? [a]\n'.repeat(5_000), {}],
    ['items of another type', `${FILE_HEAD}agents: [${'a,'.repeat(20_000)}]\n`, {}],
    ['keys that are no service ID', `${FILE_HEAD}endpoints:\n${list(5_000, (index) => ` e${index}: {}\n`)}`, {}],
    [
      'endpoints that are not declared',
      `${FILE_HEAD}endpoints:\n${keys}agents: [{engine: a, allow: [${words}]}]\n`,
      {},
    ],
    ['items of an input', `${FILE_HEAD}endpoints:\n${keys}`, { engines: 'all', allow: words }],
  ])('%s: the first of them, and that there are more', (_what, text, inputs) => {
    const { desired, problems } = build(text, { egress_gateway: 'egress', ...inputs });
    expect(desired).toBeUndefined();
    expect(problems).toHaveLength(MOST_PROBLEMS + 1);
    expect(problems.at(-1)).toContain(`more than these ${MOST_PROBLEMS} problems`);
    expect(problems.join('\n').length).toBeLessThan(1_000_000);
  });

  it('as many as are shown are shown as they are', () => {
    const { problems } = build(FILE_HEAD + list(MOST_PROBLEMS - 1, (index) => `k${index}: 1\n`), {
      egress_gateway: 'e',
    });
    expect(problems).toHaveLength(MOST_PROBLEMS);
    expect(problems.at(-1)).toContain('No engine is selected');
  });

  it('a long list of candidates is cut, and nothing in it can do harm', () => {
    const candidates = ['\u202e\n', ...Array.from({ length: 100 }, (_, index) => `candidate-${index}`)];
    const text = suggestion('zzzzzz', candidates, 'endpoints');
    expect(text).toMatch(/^The endpoints are: \\u202e\\u000a, candidate-0, .*, candidate-48, and 51 more\.$/);
    expect(
      nearest(
        'candidate-99',
        Array.from({ length: 10_000 }, (_, index) => `x${index}`),
      ),
    ).toBeUndefined();
  });
});

describe('a URL that is very long', () => {
  it.each([
    ['dots', `https://${'.'.repeat(900_000)}x.`],
    ['labels', `https://${'a.'.repeat(450_000)}com`],
    ['blanks', `https://${' '.repeat(900_000)}x`],
    ['colons', `https://x${':1'.repeat(450_000)}`],
    ['user information', `https://${'u@'.repeat(450_000)}x.com`],
  ])('is refused for its length, whatever it is made of: %s', (_what, url) => {
    expect(normalizeUrl(url)).toMatchObject({ message: expect.stringContaining('longer than 2000') as unknown });
  });

  it('up to there it is taken apart', () => {
    expect(normalizeUrl(`https://${'.'.repeat(1_900)}x..`)).toMatchObject({
      fix: 'Write https:// and one full host name.',
    });
    expect(normalizeUrl('https://api.stripe.com...')).toMatchObject({ fix: 'Write "https://api.stripe.com".' });
  });
});
