import { describe, expect, it } from '@jest/globals';
import { ACCESS_CONFIG, accessWorld, allowedPairs, DECLARED, FOREIGN, rulesIn } from './support/access.js';
import { annotations, useStages } from './support/stage.js';

const set = useStages();
const QUOTA = { iam: { operations: 'done', quota: { enabled: true } } } as const;

const OTHER = `version: 1
project: acme-agents
region: us-central1
gateways: {egress: egress}
endpoints:
  wiki: {urls: [https://wiki.example.com]}
agents:
  - {engine: Research agent, allow: [wiki]}
  - {engine: Billing agent, allow: [wiki]}
`;
const BOTH = ['Billing agent wiki.example.com', 'Research agent wiki.example.com', ...DECLARED].sort();

/** These wait for a minute to be over, as a run does whose quota is used up; all at the same time. */
describe('the quota of five reads and five writes a minute', () => {
  it.concurrent(
    'used up by others: the run waits for the next minute, and ends well',
    async () => {
      const stage = await set({ world: accessWorld(), config: ACCESS_CONFIG, settings: QUOTA });
      for (let plans = 0; plans < 2; plans += 1) await stage.run('plan');
      const result = await stage.run('apply');
      expect(result).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
      expect(stage.emulator.requests.filter(({ status }) => status === 429).length).toBeGreaterThan(0);
      expect(allowedPairs(stage)).toEqual(DECLARED);
    },
    180_000,
  );

  it.concurrent(
    'a run whose time is over before that says that a quota is used up',
    async () => {
      const stage = await set({ world: accessWorld(), config: ACCESS_CONFIG, settings: QUOTA });
      stage.emulator.faults.add([
        { kind: 'status', status: 429, match: { api: 'iam', method: 'POST' }, when: 'every' },
      ]);
      const result = await stage.run('apply', { timeout: '1' });
      expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'grant-failed' } });
      expect(result.log).toContain('A quota is used up');
      stage.emulator.faults.clear();
      expect(await stage.run('apply')).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
      expect(allowedPairs(stage)).toEqual(DECLARED);
    },
    180_000,
  );

  it.concurrent.each([
    ['a conflict is told at once', {}],
    ['a conflict is told by the operation', { concurrentWrite: 'lro', etagMismatch: '409', alreadyExists: 'ABORTED' }],
  ] as const)(
    'two configs of two repositories on one project applied at the same time, both sets of rules are there: %s',
    async (_when, iam) => {
      const stage = await set({ world: accessWorld(), config: ACCESS_CONFIG, settings: { iam: iam } });
      const jobs = [
        { env: { GITHUB_REPOSITORY: 'acme/support' } },
        { env: { GITHUB_REPOSITORY: 'acme/research' }, files: { 'agent-gateway.yaml': OTHER } },
      ];
      const results = await Promise.all(jobs.map((job) => stage.run('apply', {}, job)));
      expect(results.map(({ exitCode, outputs }) => [exitCode, outputs.failure_reason])).toEqual([
        [0, ''],
        [0, ''],
      ]);
      expect(allowedPairs(stage)).toEqual(BOTH);
      expect(rulesIn(stage)).toHaveLength(3);
      expect(stage.emulator.world.accessPolicies.boundTo()).toHaveLength(1);
      for (const job of jobs) {
        expect(await stage.run('plan', { prune: 'true' }, job)).toMatchObject({ outputs: { changes: 'false' } });
      }
    },
    300_000,
  );

  it.concurrent(
    'access-policy-bindings: five others are bound, and they are named',
    async () => {
      const others = [1, 2, 3, 4, 5].map((number) => ({
        id: `team-${number}`,
        rules: [{ principals: [FOREIGN], condition: 'destination.is_registered == false' }],
        boundTo: ['projects/acme-agents'],
      }));
      const stage = await set({ world: accessWorld({ accessPolicies: others }), config: ACCESS_CONFIG });
      const result = await stage.run('apply');
      expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'check-failed' } });
      for (const { id } of others) expect(annotations(result.log, 'error')[0]).toContain(`accessPolicies/${id}`);
      expect(stage.writes()).toEqual([]);
    },
    150_000,
  );
});
