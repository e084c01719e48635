import { beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { newFolder, type Job, type StepResult } from './support/runner.js';
import { annotations, commandsIn, CONFIG, SCOPE, useStages, world, type Stage } from './support/stage.js';

/*
 * Input that is made to break things: refused (or fine) within 5 seconds and 300 MB, never with a stack trace, and nothing is
 * sent. The seconds are a limit that ends the process, not a test of speed: the machine may be busy.
 */

const KILL_AFTER_MS = 5_000;
const MOST_MB = 300;
const COMMANDS = ['add-mask', 'error'];

const set = useStages();
let stage: Stage;
let measure: string;
beforeAll(async () => {
  stage = await set({ world: world() });
  measure = path.join(newFolder('measure'), 'measure.cjs');
  const write = 'require("node:fs").writeFileSync(process.env.PEAK_FILE, String(process.resourceUsage().maxRSS))';
  writeFileSync(measure, `process.on('exit', () => ${write});\n`);
});

interface Measured extends StepResult {
  /** NaN when the process was killed. */
  readonly peakMb: number;
}

async function runBounded(folder: string, inputs: Readonly<Record<string, string>>, job: Job = {}): Promise<Measured> {
  const peakFile = path.join(newFolder('peak'), 'kilobytes');
  writeFileSync(peakFile, '');
  let timer: NodeJS.Timeout | undefined;
  const result = await stage.run(folder, inputs, {
    ...job,
    env: { NODE_OPTIONS: `--require ${measure}`, PEAK_FILE: peakFile, ...job.env },
    onStart: (child) => (timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS)),
  });
  clearTimeout(timer);
  const peakMb = Number(readFileSync(peakFile, 'utf8') || NaN) / 1024;
  return { ...result, peakMb };
}

function expectRefused(result: Measured): string {
  expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'invalid-input' } });
  expect(result.peakMb).toBeLessThan(MOST_MB);
  expect(result.log).not.toMatch(/^\s+at .+:\d+:\d+|node:internal|Cannot read|call stack/m);
  expect(commandsIn(result.log).filter((command) => !COMMANDS.includes(command))).toEqual([]);
  // A summary of more than 1 MiB is dropped by the runner, and nobody reads such a log.
  expect(Math.max(result.log.length, result.summary.length)).toBeLessThan(1_000_000);
  expect(result.summary).toContain('invalid-input');
  expect(stage.emulator.requests).toEqual([]);
  return annotations(result.log, 'error').at(-1) ?? '';
}

const HEAD = 'version: 1\nproject: acme-agents\nregion: us-central1\n';
const MB = 1024 * 1024;
const upTo = (head: string, unit: string, tail = '', size = MB): string =>
  head + unit.repeat(Math.floor((size - head.length - tail.length) / unit.length)) + tail;
const many = (count: number, make: (index: number) => string): string =>
  Array.from({ length: count }, (_, i) => make(i)).join('');
const LETTERS = 'a b c d e f g h i j k l m n o p'.split(' ');
const LAUGHS = LETTERS.map(
  (name, at) =>
    `${name}: &${name} [${Array(9)
      .fill(at === 0 ? 'lol' : `*${LETTERS[at - 1] ?? ''}`)
      .join()}]\n`,
).join('');
const ENDPOINTS = `${HEAD}endpoints:\n${many(3_000, (index) => ` key${index}-x: {presets: [iap]}\n`)}`;

describe('a config that is hostile', () => {
  it.each<[what: string, text: string, says: string]>([
    ['aliases of aliases', LAUGHS, 'values'],
    [
      'one list a thousand times',
      `${HEAD}x: &x [${'a,'.repeat(20_000)}]\nagents: [${'*x,'.repeat(1_000)}]\n`,
      'values',
    ],
    ['a list within itself', `${HEAD}agents: &a [*a]\n`, 'within its own anchor'],
    ['10 MB', upTo(HEAD, '# comment\n', '', 10 * MB), '1 MB'],
    ['1 MB of items', upTo(`${HEAD}agents: [`, 'a,', ']'), 'words and signs'],
    ['1 MB of mistakes', upTo('x: [', ',', ']'), 'words and signs'],
    ['1 MB of brackets', upTo('', '['), 'nested too deeply'],
    ['1 MB of dashes', upTo('', '- '), 'words and signs'],
    ['1 MB of escapes', upTo('x: "', '\\q', '"'), 'backslashes'],
    ['a key of 1 MB', upTo('', 'a', ': 1\n'), 'agent-gateway.yaml:1:1'],
    ['a value of 1 MB', upTo(`${HEAD}project: "`, 'a', '"\n'), 'given twice'],
    ['a URL of 1 MB', upTo(`${HEAD}endpoints: {some-api: {urls: ["https://`, '.', 'x."]}}\n'), 'longer than 2000'],
    ['as many items as there may be', `${HEAD}agents: [${'{},'.repeat(24_000)}]\n`, 'more than these 500 problems'],
    ['as many unknown keys', HEAD + many(14_000, (index) => `k${index}: 1\n`), 'more than these 500 problems'],
    [
      'as many unknown words',
      `${ENDPOINTS}agents: [{engine: a, allow: [${many(9_000, (index) => `qq${index}zz,`)}]}]\n`,
      'more than these 500 problems',
    ],
    [
      'keys of the language',
      `${HEAD}__proto__: {polluted: 1}\nconstructor: {prototype: 1}\ntoString: 1\n`,
      '"__proto__" is not allowed',
    ],
    ['merge keys and tags', `${HEAD}<<: {agents: []}\nx: !!js/function 'process.exit(0)'\n`, 'tags are not supported'],
    [
      'control characters',
      `${HEAD}agents: [{engine: "\\e[2K\\n::error::x", allow: ["\u0085::add-mask::x"]}]\n`,
      'not declared',
    ],
    ['an ID of 100,000 digits', `${HEAD}agents: [{engine: "${'9'.repeat(100_000)}"}]\n`, 'longer than any name or ID'],
    ['latin1 in an escape', `${HEAD}agents: [{engine: "\\xe9\\x85\\ud800"}]\n`, 'control characters'],
    ['NUL', `${HEAD}agents: \0\n`, 'not UTF-8 text'],
    [
      'numbers for texts',
      'version: 1\nproject: 1e400\nregion: 0x7f\nagents: [{engine: 123456789012345678901234567890}]\n',
      '"123456789012345678901234567890"',
    ],
  ])('is refused: %s', async (_what, text, says) => {
    const result = await runBounded('plan', { egress_gateway: 'egress' }, { files: { 'agent-gateway.yaml': text } });
    expect(expectRefused(result)).toContain(says);
  });

  it.each<[what: string, bytes: Buffer]>([
    ['UTF-16', Buffer.from(`\ufeff${CONFIG}`, 'utf16le')],
    ['UTF-16, the other way round', Buffer.from(`\ufeff${CONFIG}`, 'utf16le').swap16()],
    ['Latin-1', Buffer.from(`${CONFIG}# caf\u00e9\n`, 'latin1')],
    ['bytes', Buffer.from(Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7919) % 256))],
  ])('is refused in another encoding, and from outside the workspace: %s', async (_what, bytes) => {
    const config = path.join(newFolder('elsewhere'), 'agent-gateway.yaml');
    writeFileSync(config, bytes);
    expect(expectRefused(await runBounded('verify', { config }))).toContain('is not UTF-8 text');
  });

  it.each(['/dev/zero', '/', '/proc/self/environ', `/${'x'.repeat(300)}`])(
    'is refused as a path: %j',
    async (config) => {
      expect(expectRefused(await runBounded('plan', { config, ...SCOPE }))).toContain('input config: ');
    },
  );
});

describe('inputs that are hostile', () => {
  /** The environment takes 128 KB for each of them. */
  const LONG = 120_000;
  const words = many(LONG / 8, (index) => `w${index},`).slice(0, LONG);

  it('thousands of entries are told as the first of them', async () => {
    const inputs = {
      ...SCOPE,
      engines: words,
      allow: words,
      egress_gateway: 'x'.repeat(LONG),
      project_id: 'p'.repeat(LONG),
    };
    const result = await runBounded('apply', inputs, { files: { 'agent-gateway.yaml': ENDPOINTS } });
    expect(expectRefused(result)).toContain('more than these 500 problems');
  });

  it('thousands of entries that are right are no problem of their own', async () => {
    const allow = many(4_500, (index) => `https://h${index}.ex.com,`).slice(0, LONG);
    const inputs = { ...SCOPE, engines: many(9_000, (index) => `${index},`), allow, egress_gateway: 'Bad Name' };
    const result = await runBounded('apply', inputs, { files: { 'agent-gateway.yaml': ENDPOINTS } });
    expect(expectRefused(result)).toContain('1 problem with the inputs or the config');
  });

  it('each of them may be anything', async () => {
    const odd = '\u202e__proto__\u2028\n::set-output name=a::b\n##[error]\u0085\ufffd';
    const names = [
      'project_id',
      'region',
      'engines',
      'egress_gateway',
      'ingress_gateway',
      'allow',
      'api_version',
      'universe',
    ];
    const more = [
      'request_reason',
      'comment',
      'comment_label',
      'plan_digest',
      'plan_file',
      'approval',
      'timeout',
      'prune',
    ];
    const inputs = Object.fromEntries([...names, ...more, 'config', 'propagation_wait'].map((name) => [name, odd]));
    const problems = expectRefused(await runBounded('apply', inputs)).split('\n');
    for (const name of more) expect(problems).toContainEqual(expect.stringContaining(`input ${name}: `));
  });
});

describe('a plan file that is hostile', () => {
  const scope = '"scope":{"project":"p","projectNumber":"1","region":"r"}';
  const plan = (changes: string): string => `{"schemaVersion":1,${scope},"digest":"x","changes":${changes}}`;

  it.each<[what: string, text: string]>([
    ['10 MB of empty changes', upTo(plan('['), '{},', '{}]}', 10 * MB).replace('[}', '[')],
    ['20 MB of text', plan(`[{"layer":"grant","action":"a","key":"${'k'.repeat(19 * MB)}","member":1}]`)],
    [
      '100,000 levels',
      plan(`[{"layer":"grant","action":"","key":"","member":"","x":${'['.repeat(100_000)}${']'.repeat(100_000)}}]`),
    ],
    ['a private key', '-----BEGIN PRIVATE KEY-----\nhunter2\n'],
  ])('is refused: %s', async (_what, text) => {
    const result = await runBounded(
      'apply',
      { plan_file: 'plan.json' },
      { files: { 'plan.json': text, 'agent-gateway.yaml': CONFIG } },
    );
    expect(expectRefused(result)).toContain('is not a plan file of this version');
    expect(result.log + result.summary).not.toMatch(/hunter2|PRIVATE/);
  });

  it('is refused as a device', async () => {
    const result = await runBounded('apply', { plan_file: '/dev/zero' }, { files: { 'agent-gateway.yaml': CONFIG } });
    expect(expectRefused(result)).toContain('/dev/zero is not a file');
  });
});
