import { beforeAll, describe, expect, it } from '@jest/globals';
import type { StepResult } from './support/runner.js';
import { BILLING, commandsIn, enginesOf, SUPPORT, TOKEN, useStages, world, type Stage } from './support/stage.js';

const set = useStages();
const COMMANDS = ['add-mask', 'group', 'endgroup', 'error', 'warning', 'debug'];
const ESC = String.fromCharCode(27);
const EVIL = [
  'x',
  '::set-output name=changes::false',
  '::add-path::/tmp/evil',
  '  ::set-env name=NODE_OPTIONS::--require=/tmp/evil.js',
  '::stop-commands::pause',
  '##[set-output name=changes;]false',
  '\r::error::forged',
  `${ESC}[2K${ESC}[1A`,
  '\u2028::error::forged',
  '<script>alert(1)</script><img src=x onerror=alert(1)>',
  '| a | b |',
  '@octocat #1 [link](https://evil.example.com) `code` **bold** </details>',
].join('\n');
/** A display name may have 63 characters. */
const NAMES = ['::error::a\n::set-output name=x::y##[error]<b>', '</details>|@octocat<script>\r\n::add-mask::true'];

const evil = world({
  engines: [
    { id: SUPPORT, displayName: `${NAMES[0] ?? ''}${EVIL}`, description: EVIL, labels: { a: EVIL }, env: { A: EVIL } },
    { id: BILLING, displayName: NAMES[1] ?? '' },
  ],
  services: [
    { id: 'their-service', displayName: NAMES[0] ?? '', description: EVIL, urls: ['https://tickets.example.com'] },
    { id: 'odd-service', displayName: NAMES[1] ?? '', description: EVIL, urls: ['https://odd.example.com/<script>'] },
  ],
});
const CONFIG = `version: 1
project: acme-agents
region: us-central1
gateways: { egress: egress }
endpoints:
  ticket-system:
    display_name: "::error::x ##[error]<script>|@octocat"
    urls: [https://tickets.example.com, https://more.example.com]
agents:
  - { engine: all, allow: [ticket-system] }
`;

function expectHarmless({ log, summary }: StepResult): void {
  expect(commandsIn(log).filter((command) => !COMMANDS.includes(command))).toEqual([]);
  expect(log).not.toContain('##[');
  expect(log).not.toContain(ESC);
  expect(log).not.toMatch(/[\r\u2028]/);
  expect(log.match(/^::add-mask::.*$/gm)).toEqual(expect.not.arrayContaining(['::add-mask::true']));
  expect(log).not.toMatch(/^\s*::error::/m);
  expect(summary).not.toMatch(/<(?!\/?(?:code|details|summary|br|sub)>)/);
  expect(summary).not.toMatch(/@octocat|\]\(https|\*\*bold|`code`/);
  const tags = (name: string): number => summary.split(`<${name}>`).length - summary.split(`</${name}>`).length;
  expect([tags('details'), tags('code'), tags('summary')]).toEqual([0, 0, 0]);
}

/** Rows of a table all have as many cells as its head. */
function expectTables({ summary }: StepResult): void {
  const tables = summary.split('\n\n').filter((part) => part.startsWith('|'));
  expect(tables.length).toBeGreaterThan(0);
  for (const table of tables) {
    const cells = table
      .trim()
      .split('\n')
      .map((row) => row.split('|').length);
    expect(new Set(cells).size).toBe(1);
  }
}

describe('names and descriptions that are commands, HTML and Markdown', () => {
  let stage: Stage;
  let planned: StepResult;
  let applied: StepResult;
  beforeAll(async () => {
    stage = await set({ world: evil, config: CONFIG });
    planned = await stage.run('plan');
    applied = await stage.run('apply');
  });

  it('are nothing but text in the log and the summary', () => {
    for (const result of [planned, applied]) {
      expect(result.exitCode).toBe(0);
      expectHarmless(result);
      expectTables(result);
    }
  });

  it('do not keep the job from being done, and come out whole', () => {
    expect(applied.outputs).toMatchObject({ to_bind: '2', changes: 'true', failure_reason: '' });
    expect(enginesOf(applied)[NAMES[1] ?? '']).toMatchObject({ status: 'changed' });
    expect(enginesOf(applied)[`${NAMES[0] ?? ''}${EVIL}`]).toMatchObject({ status: 'changed' });
    expect(Object.keys(applied.outputs)).not.toContain('x');
  });

  it('are harmless in the difference that verify shows', async () => {
    stage.emulator.world.bind(SUPPORT, null);
    const result = await stage.run('verify');
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'changes-found' } });
    expectHarmless(result);
  });
});

describe('messages of Google that are commands', () => {
  it('are harmless in the error of an operation', async () => {
    const stage = await set({
      world: evil,
      config: CONFIG,
      settings: { engineUpdate: { outcome: { code: 13, message: EVIL } } },
    });
    const result = await stage.run('apply');
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'bind-failed' } });
    expectHarmless(result);
  });

  it.each([400, 403, 500])('are harmless in an answer with status %d', async (status) => {
    const stage = await set({ world: evil, config: CONFIG });
    stage.emulator.interceptors.push({
      before: ({ path }) =>
        path.endsWith(':setIamPolicy')
          ? Response.json({ error: { code: status, message: EVIL, status: EVIL } }, { status })
          : undefined,
    });
    const result = await stage.run('apply');
    expect(result.exitCode).toBe(1);
    expectHarmless(result);
  });
});

describe('a config that is hostile itself', () => {
  it('is harmless in the annotations of its mistakes', async () => {
    const stage = await set({ world: world() });
    const quoted = JSON.stringify(EVIL);
    const files = {
      'agent-gateway.yaml': `version: 1\n${quoted}: 1\nregion: ${quoted}\nagents: [{ engine: ${quoted}, allow: [${quoted}] }]\n`,
    };
    const result = await stage.run('plan', { egress_gateway: EVIL, request_reason: EVIL }, { files });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'invalid-input' } });
    expectHarmless(result);
  });
});

describe('RUNNER_DEBUG=1', () => {
  it('logs method, URL, status and milliseconds of every request, and no token', async () => {
    const stage = await set({ world: world(), config: CONFIG });
    const { log } = await stage.run('apply', {}, { env: { RUNNER_DEBUG: '1' } });
    const lines = [...log.matchAll(/^::debug::(GET|POST|PATCH) (http:\S+) (\d{3}) (\d+) ms$/gm)];
    expect(lines).toHaveLength(stage.emulator.requests.length);
    const seen = lines.map(([, method = '', url = '', status = '']) => `${method} ${new URL(url).pathname} ${status}`);
    const sent = stage.emulator.requests.map(({ api, method, path, status }) => `${method} /${api}${path} ${status}`);
    expect(seen.sort()).toEqual(sent.sort());
    expect(log.replace(/^::add-mask::.*$/gm, '')).not.toContain(TOKEN);
  });

  it('is what it takes: without it no request is logged', async () => {
    const stage = await set({ world: world(), config: CONFIG });
    expect((await stage.run('plan')).log).not.toContain('::debug::');
  });
});
