import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadConfig } from '../../../src/config/load.js';
import { formatProblem } from '../../../src/config/problems.js';

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
    ['nul\u0000byte', /"nul\\\\u0000byte" cannot be read/],
    ['x'.repeat(5000), /cannot be read \(ENAMETOOLONG\)/],
  ])('case %#', async (config, expected) => {
    await mkdir(path.join(workspace, 'folder'));
    await writeFile(path.join(workspace, 'plain'), 'x');
    await writeFile(path.join(workspace, 'large'), Buffer.alloc(1024 * 1024 + 1, 'x'));
    await writeFile(path.join(workspace, 'latin1'), Buffer.from('version: 1 # \xfc', 'latin1'));
    execFileSync('mkfifo', [path.join(workspace, 'pipe')]);
    const { file, problems } = await load(config);
    expect(file).toBeUndefined();
    expect(problems).toEqual([expect.stringMatching(expected)]);
    expect(problems[0]).toMatch(/^input config: /);
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
