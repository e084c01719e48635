import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { applyCommand } from '../../../src/commands/apply.js';
import { planCommand } from '../../../src/commands/plan.js';
import { parseReviewedPlan, PlanFileError, readPlanFile } from '../../../src/commands/plan-file.js';
import { InvalidInput } from '../../../src/commands/session.js';
import { service } from '../../support/builders.js';
import { command, CONFIG, inputs, type Command } from '../../support/commands.js';
import { thrownBy } from '../../support/errors.js';

let run: Command;
beforeEach(() => {
  run = command();
});
afterEach(() => run.cleanUp());

const at = (name: string): string => path.join(run.folder, name);
function write(content: string | Buffer, name = 'plan.json'): string {
  writeFileSync(at(name), content);
  return at(name);
}

const SCOPE = { project: 'acme-agents', projectNumber: '101010', region: 'us-central1' };
const planOf = (changes: unknown, more: object = {}): string =>
  JSON.stringify({ schemaVersion: 1, scope: SCOPE, digest: 'sha256:0', changes, ...more });
const GRANT = { layer: 'grant', action: 'create', key: 'k', member: 'm' };
const BINDING = {
  layer: 'binding',
  action: 'create',
  engine: 'e',
  displayName: '',
  egress: { from: null, to: null },
  ingress: { from: null, to: null },
};

describe('a file that is no plan', () => {
  it.each<[what: string, content: string | Buffer]>([
    ['nothing', ''],
    ['UTF-16', Buffer.from(`\ufeff${planOf([])}`, 'utf16le')],
    ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['NUL', Buffer.alloc(1000)],
    ['null', 'null'],
    ['an array of plans', `[${planOf([])}]`],
    ['brackets in brackets', '['.repeat(1_000_000)],
    [
      'nested text in a scope',
      planOf([], { scope: { ...SCOPE, more: JSON.parse('['.repeat(200) + ']'.repeat(200)) as unknown } }),
    ],
    [
      'a nested change',
      `{"schemaVersion":1,"scope":${JSON.stringify(SCOPE)},"changes":[{"layer":"grant","action":"","key":"","member":"","x":${'['.repeat(50_000)}${']'.repeat(50_000)}}]}`,
    ],
    ['a million empty changes', planOf(Array(1_000_000).fill(0)).replaceAll('0', '{}')],
    ['changes of another type', planOf([1, 'x', null, [], {}])],
    ['changes that are no list', planOf({ 0: GRANT, length: 1 })],
    [
      'interfaces of another type',
      planOf([{ layer: 'endpoint', action: '', key: '', service: '', interfaces: [{ url: 1 }] }]),
    ],
    ['directions of another type', planOf([{ ...BINDING, egress: 'egress' }])],
    ['a layer of another name', planOf([{ ...GRANT, layer: '__proto__' }])],
    ['a scope of another type', planOf([], { scope: [] })],
    ['a version of another type', planOf([], { schemaVersion: '1' })],
    ['a private key', `-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n`],
    ['credentials', JSON.stringify({ type: 'service_account', private_key: 'hunter2' })],
    ['JSON with something behind it', '{"a": "hunter2"} hunter2'],
  ])('is refused, and nothing of it is quoted: %s', async (_what, content) => {
    const error = await thrownBy(() => readPlanFile(write(content)));
    expect(error).toBeInstanceOf(PlanFileError);
    expect(String(error)).toContain('plan.json');
    expect(String(error)).not.toMatch(/hunter2|PRIVATE|\[\[/);
  });

  it('is not even opened when it is a folder, a pipe, a device, or too large', async () => {
    mkdirSync(at('folder'));
    execFileSync('mkfifo', [at('pipe')]);
    write(Buffer.alloc(20 * 1024 * 1024 + 1, ' '), 'large');
    const said = await Promise.all(
      [at('folder'), at('pipe'), '/dev/zero', at('large'), at('none'), 'a\0b', at('x'.repeat(5000))].map(async (file) =>
        String(await thrownBy(() => readPlanFile(file))).replace(/^.* ((?:is|does|cannot) .*)$/s, '$1'),
      ),
    );
    expect(said).toEqual([
      'is not a file.',
      'is not a file.',
      'is not a file.',
      'is larger than 20 MB.',
      'does not exist.',
      expect.stringMatching(/^cannot be read/),
      'cannot be read (ENAMETOOLONG).',
    ]);
  });

  it('is told on one line, however it is named', async () => {
    const error = await thrownBy(() => readPlanFile(at('a\n::error::b\u202e')));
    expect(String(error)).not.toMatch(/[\n\u202e]/);
  });
});

describe('a plan with keys of the language', () => {
  it.each(['__proto__', 'constructor', 'toString'])('%s changes nothing but the digest', (key) => {
    const plain = parseReviewedPlan(JSON.parse(planOf([GRANT])));
    const text = planOf([GRANT]).replace('"member":"m"', `"member":"m","${key}":{"action":"keep","polluted":true}`);
    const reviewed = parseReviewedPlan(JSON.parse(text));
    expect(reviewed?.digest).toMatch(/^sha256:/);
    expect(reviewed?.digest).not.toBe(plain?.digest);
    expect(reviewed?.isAltered).toBe(true);
    expect(Object.prototype).not.toHaveProperty('polluted');
  });
});

describe('a service of somebody else that is adopted', () => {
  it('with another host is another plan: what was reviewed is not what would be reached', async () => {
    run.config(CONFIG);
    const { google } = run.on;
    google.engines.add('1', { displayName: 'Support agent' });
    const digestWith = async (...hosts: string[]): Promise<string> => {
      const theirs = service('theirs', ['api.stripe.com', ...hosts]);
      google.registry.services.set(theirs.name, theirs);
      const { outputs } = await planCommand(inputs(), run.session);
      expect(readFileSync(outputs.plan_file, 'utf8')).toContain('"action": "adopt"');
      return outputs.plan_digest;
    };
    expect(await digestWith('more.example.com')).not.toBe(await digestWith());
  });
});

describe('a plan file of another run', () => {
  it('is refused with the difference, whatever it says of itself', async () => {
    run.config(CONFIG);
    run.on.google.engines.add('1', { displayName: 'Support agent' });
    const { outputs } = await planCommand(inputs(), run.session);
    const text = readFileSync(outputs.plan_file, 'utf8');
    const forged = write(text.replaceAll('acme-agents/locations', 'victim/locations'));
    const { failures } = await applyCommand(inputs({ planFile: forged }), run.session);
    expect(failures.map(({ reason }) => reason)).toEqual(['plan-changed']);
    expect(run.on.google.writes()).toEqual([]);
  });

  it('that cannot be read is told with everything else, and nothing is sent', async () => {
    run.config(CONFIG.replace('us-central1', 'nowhere'));
    const error = await thrownBy(() => applyCommand(inputs({ planFile: write('hunter2') }), run.session));
    expect(error).toBeInstanceOf(InvalidInput);
    expect((error as InvalidInput).problems.map(({ message }) => message)).toEqual([
      expect.stringContaining('is not a plan file of this version'),
      expect.stringContaining('"nowhere"'),
    ]);
    expect(run.on.google.calls).toEqual([]);
  });
});
