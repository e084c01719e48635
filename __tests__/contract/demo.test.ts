import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ROOT } from './support/metadata.js';

describe('the demo', () => {
  it('needs nothing that is not committed, and tells how a lost binding is caught', () => {
    // A copy without node_modules, sources and tests: all it may use is here.
    const copy = mkdtempSync(path.join(tmpdir(), 'demo-'));
    for (const part of ['package.json', 'demo', 'dist', 'emulator/worlds']) {
      cpSync(path.join(ROOT, part), path.join(copy, part), { recursive: true });
    }
    const { status, stdout, stderr } = spawnSync(process.execPath, ['demo/demo.js'], { cwd: copy, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const text of [
      '2 to register, 5 to grant, 3 to bind, 0 to remove',
      'Support agent: verified: egress egress, ingress ingress',
      'No changes: the world is as declared.',
      'Not as declared: 1 binding',
      'Its traffic does not pass the gateway: nothing that it calls is checked there.',
      'failure_reason "changes-found"',
    ]) {
      expect(stdout).toContain(text);
    }
  });
});
