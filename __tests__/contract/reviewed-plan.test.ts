import { readFileSync } from 'node:fs';
import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { declaredWorld } from './support/declared.js';
import type { StepResult } from './support/runner.js';
import { annotations, CONFIG, SUPPORT, useStages, world, type Stage } from './support/stage.js';

const set = useStages();

/** The same world for each test, and a plan of it that was reviewed. */
let stage: Stage;
let reviewed: StepResult;
const begin = async (): Promise<void> => {
  stage = await set({ world: world(), config: CONFIG });
};
beforeAll(async () => {
  await begin();
  reviewed = await stage.run('plan');
});
beforeEach(begin);

const file = (): string => reviewed.outputs.plan_file ?? '';
const digest = (): string => reviewed.outputs.plan_digest ?? '';

interface PlanFile {
  digest: string;
  changes: { layer: string; member?: string; egress?: { to: string } }[];
}

/** Applies a changed copy of the reviewed plan, found at a path of the workspace. */
function applyTampered(tamper: (plan: PlanFile) => void, inputs: Record<string, string> = {}): Promise<StepResult> {
  const plan = JSON.parse(readFileSync(file(), 'utf8')) as PlanFile;
  tamper(plan);
  const files = { 'plan.json': JSON.stringify(plan) };
  return stage.run('apply', { plan_file: 'plan.json', ...inputs }, { files });
}

describe('a reviewed plan', () => {
  it('is applied by its file and its digest while the world is as it was', async () => {
    const result = await stage.run('apply', { plan_file: file(), plan_digest: digest() });
    expect(result).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
    expect(stage.emulator.world.engine(SUPPORT).binding).toHaveProperty('egress');
  });

  it('is found by a path that is relative to the workspace', async () => {
    const result = await applyTampered(() => undefined);
    expect(result).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
  });

  it('is refused by its file when the world has changed, with the difference', async () => {
    stage.emulator.world.addService({ id: 'their-service', urls: ['https://tickets.example.com'] });
    const result = await stage.run('apply', { plan_file: file() });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'plan-changed' } });
    const [error] = annotations(result.log, 'error');
    expect(error).toMatch(/reviewed: endpoint ticket-system: create .*ticket-system/);
    expect(error).toMatch(/now: +endpoint ticket-system: adopt .*their-service/);
    expect(error).not.toContain('binding');
    expect(stage.writes()).toEqual([]);
  });

  it('is refused by its digest when the world has changed', async () => {
    stage.emulator.world.bind(SUPPORT, { ingress: 'ingress' });
    const result = await stage.run('apply', { plan_digest: digest() });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'plan-changed' } });
    expect(annotations(result.log, 'error')[0]).toContain(digest());
    expect(stage.writes()).toEqual([]);
  });

  it('is refused when the config has changed', async () => {
    const files = { 'agent-gateway.yaml': CONFIG.replace('tickets.', 'billing.') };
    const result = await stage.run('apply', { plan_file: file() }, { files });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'plan-changed' } });
    expect(annotations(result.log, 'error')[0]).toContain('https://billing.example.com');
    expect(stage.writes()).toEqual([]);
  });

  it('is refused after it was applied, since there is nothing left of it', async () => {
    const applied = await set({ world: declaredWorld(CONFIG), config: CONFIG });
    const result = await applied.run('apply', { plan_file: file() });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'plan-changed' } });
    expect(applied.writes()).toEqual([]);
  });
});

describe('a plan file that was tampered with', () => {
  const attacker = 'allAuthenticatedUsers';

  it('is refused with another member in it', async () => {
    const result = await applyTampered(({ changes }) => {
      for (const change of changes) if (change.layer === 'grant') change.member = attacker;
    });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'plan-changed' } });
    expect(annotations(result.log, 'error')[0]).toContain(attacker);
    expect(stage.writes()).toEqual([]);
  });

  it('is refused with a change taken out, although it still carries the digest of the whole', async () => {
    const result = await applyTampered(
      (plan) => {
        plan.changes = plan.changes.filter(({ layer }) => layer !== 'binding');
      },
      { plan_digest: digest() },
    );
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'plan-changed' } });
    expect(stage.writes()).toEqual([]);
  });

  it('cannot make apply do anything but the live plan, even with a digest of its own', async () => {
    const result = await applyTampered((plan) => {
      plan.digest = `sha256:${'0'.repeat(64)}`;
      for (const change of plan.changes)
        if (change.egress) change.egress.to = 'projects/evil/locations/x/agentGateways/y';
    });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'plan-changed' } });
    expect(stage.writes()).toEqual([]);
  });
});

describe('a plan file that is none', () => {
  // What else is none: unit tests of plan files.
  it('is invalid input, as one of another version is', async () => {
    const files = { 'plan.json': '{"schemaVersion": 2, "scope": {}, "changes": []}' };
    const result = await stage.run('apply', { plan_file: 'plan.json' }, { files });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'invalid-input' } });
    expect(annotations(result.log, 'error')[0]).toContain('plan.json');
    expect(stage.writes()).toEqual([]);
  });

  it('is reported when it is missing, with everything else that is wrong, before anything is asked of Google', async () => {
    const result = await stage.run('apply', { plan_file: 'plan.json', region: 'us-central-1' });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'invalid-input' } });
    expect(result.log).toContain('input region');
    expect(result.log).toContain('plan.json');
    expect(stage.emulator.requests).toEqual([]);
  });
});
