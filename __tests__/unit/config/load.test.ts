import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadConfig } from '../../../src/config/load.js';
import { formatProblem } from '../../../src/config/problems.js';
import { readTextFile } from '../../../src/config/read-file.js';

let workspace: string;
beforeEach(async () => {
  workspace = await mkdtemp(path.join(tmpdir(), 'config-'));
});
afterEach(() => rm(workspace, { recursive: true }));

const load = async (config: string) => {
  const { file, problems } = await loadConfig(config, workspace);
  return { file, problems: problems.map(formatProblem) };
};

describe('loadConfig', () => {
  it('reads the file that is named', async () => {
    await mkdir(path.join(workspace, 'deploy'));
    await writeFile(path.join(workspace, 'deploy', 'agents.yaml'), '\ufeffversion: 1 # ü\n');
    const expected = { file: { path: 'deploy/agents.yaml', text: 'version: 1 # ü\n' }, problems: [] };
    expect(await load('deploy/agents.yaml')).toEqual(expected);
    expect(await load('./deploy/../deploy/agents.yaml')).toEqual(expected);
    expect(await load(path.join(workspace, 'deploy', 'agents.yaml'))).toEqual(expected);
  });

  it('reads the default file if there is one', async () => {
    expect(await load('')).toEqual({ file: undefined, problems: [] });
    await writeFile(path.join(workspace, 'agent-gateway.yaml'), 'version: 1');
    expect(await load(' ')).toEqual({ file: { path: 'agent-gateway.yaml', text: 'version: 1' }, problems: [] });
  });

  it('shows a path outside the workspace as it is', async () => {
    await mkdir(path.join(workspace, 'repo'));
    await writeFile(path.join(workspace, 'shared.yaml'), 'x');
    const { file } = await loadConfig('../shared.yaml', path.join(workspace, 'repo'));
    expect(file?.path).toBe('../shared.yaml');
  });

  it('makes a path printable', async () => {
    await writeFile(path.join(workspace, 'a\nb.yaml'), 'x');
    expect((await load('a\nb.yaml')).file?.path).toBe('a\\u000ab.yaml');
  });

  it.each([
    ['missing.yaml', /"missing\.yaml" does not exist.*looked for in .*actions\/checkout/],
    ['plain/below', /"plain\/below" does not exist/],
    ['folder', /"folder" is not a file/],
    ['.', /"\." is not a file/],
    ['large', /"large" is larger than 1 MB/],
    ['latin1', /"latin1" is not UTF-8 text/],
    ['pipe', /"pipe" is not a file/],
    ['/dev/zero', /dev\/zero" is not a file/],
    ['utf16', /"utf16" is not UTF-8 text/],
    ['utf16-without-mark', /"utf16-without-mark" is not UTF-8 text/],
    ['loop', /"loop" cannot be read \(ELOOP\)/],
    ['dangling', /"dangling" does not exist/],
    ['to-folder', /"to-folder" is not a file/],
    ['nul\u0000byte', /"nul\\\\u0000byte" cannot be read/],
    ['x'.repeat(5000), /cannot be read \(ENAMETOOLONG\)/],
  ])('case %#', async (config, expected) => {
    await mkdir(path.join(workspace, 'folder'));
    await writeFile(path.join(workspace, 'plain'), 'x');
    await writeFile(path.join(workspace, 'large'), Buffer.alloc(1024 * 1024 + 1, 'x'));
    await writeFile(path.join(workspace, 'latin1'), Buffer.from('version: 1 # \xfc', 'latin1'));
    await writeFile(path.join(workspace, 'utf16'), Buffer.from('\ufeffversion: 1', 'utf16le'));
    await writeFile(path.join(workspace, 'utf16-without-mark'), Buffer.from('version: 1', 'utf16le'));
    await symlink('loop', path.join(workspace, 'loop'));
    await symlink('nowhere', path.join(workspace, 'dangling'));
    await symlink('folder', path.join(workspace, 'to-folder'));
    execFileSync('mkfifo', [path.join(workspace, 'pipe')]);
    const { file, problems } = await load(config);
    expect(file).toBeUndefined();
    expect(problems).toEqual([expect.stringMatching(expected)]);
    expect(problems[0]).toMatch(/^input config: /);
  });

  it('reads no more than it may, whatever size a file is said to have', async () => {
    // Linux says that files of /proc have none.
    const longer = existsSync('/proc/self/stat') ? '/proc/self/stat' : process.execPath;
    expect(await readTextFile(longer, 10)).toEqual({ error: 'too-large' });
  });

  describe('a link', () => {
    const repo = (): string => path.join(workspace, 'repo');
    beforeEach(async () => {
      await mkdir(path.join(repo(), 'deploy'), { recursive: true });
      await writeFile(path.join(workspace, 'secret.yaml'), 'password: hunter2');
      await writeFile(path.join(repo(), 'deploy', 'real.yaml'), 'version: 1');
    });
    const loadIn = (config: string, folder = repo()) => loadConfig(config, folder);

    it.each(['../secret.yaml', '/proc/self/environ', '/dev/zero'])(
      'out of the workspace is not followed: %s',
      async (to) => {
        await symlink(to, path.join(repo(), 'agent-gateway.yaml'));
        const { file, problems } = await loadIn('');
        expect(file).toBeUndefined();
        expect(problems.map(formatProblem)).toEqual([
          expect.stringContaining('input config: "agent-gateway.yaml" is a link that leads out of the workspace.'),
        ]);
      },
    );

    it('nor is one in the path', async () => {
      await symlink('..', path.join(repo(), 'up'));
      expect(await loadIn('up/secret.yaml')).toMatchObject({ problems: [{}] });
    });

    it('within the workspace is, also where the workspace itself is reached by a link', async () => {
      await symlink('deploy/real.yaml', path.join(repo(), 'agent-gateway.yaml'));
      await symlink('repo', path.join(workspace, 'linked'));
      for (const folder of [repo(), path.join(workspace, 'linked')]) {
        expect(await loadIn('', folder)).toEqual({
          file: { path: 'agent-gateway.yaml', text: 'version: 1' },
          problems: [],
        });
      }
    });

    it('that the workflow names itself may lie anywhere', async () => {
      await symlink('secret.yaml', path.join(workspace, 'outside.yaml'));
      expect((await loadIn('../outside.yaml')).problems).toEqual([]);
    });
  });

  it('is relative to GITHUB_WORKSPACE unless told otherwise', async () => {
    const before = process.env.GITHUB_WORKSPACE;
    await writeFile(path.join(workspace, 'agent-gateway.yaml'), 'x');
    try {
      process.env.GITHUB_WORKSPACE = workspace;
      expect((await loadConfig('')).file?.path).toBe('agent-gateway.yaml');
      process.env.GITHUB_WORKSPACE = '';
      expect((await loadConfig('package.json')).file?.path).toBe('package.json');
    } finally {
      if (before === undefined) delete process.env.GITHUB_WORKSPACE;
      else process.env.GITHUB_WORKSPACE = before;
    }
  });
});
