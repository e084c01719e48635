import { describe, expect, it } from '@jest/globals';
import type { WorldInput } from '../../emulator/index.js';
import {
  ACCESS_CONFIG,
  accessWorld,
  allowedPairs,
  DECLARED,
  FOREIGN,
  iamRequests,
  POLICY,
  RESEARCH,
  rulesIn,
} from './support/access.js';
import { annotations, BILLING, enginesOf, SUPPORT, useStages, type Stage } from './support/stage.js';

const set = useStages();
const QUICK = { iam: { operations: 'done' } } as const;
const V1 = { extensions: [{ id: 'iap-authz', policyVersion: 'V1' as const }] };
const MIGRATING = `${ACCESS_CONFIG}migrate: true\n`;

describe('the same file on a gateway of either kind', () => {
  /** Hosts, engines and everybody else are the same. */
  const decided = async (change: Partial<WorldInput>): Promise<Stage> => {
    const stage = await set({ world: accessWorld(change), config: ACCESS_CONFIG, settings: QUICK });
    const [before, result] = [allowedPairs(stage), await stage.run('apply')];
    expect(before).toEqual([]);
    expect(result).toMatchObject({ exitCode: 0, outputs: { to_grant: '3', failure_reason: '' } });
    expect(enginesOf(result)['Support agent']).toMatchObject({ governance: 'governed' });
    expect(await stage.run('verify')).toMatchObject({ exitCode: 0 });
    expect(allowedPairs(stage)).toEqual(DECLARED);
    return stage;
  };

  it('comes to the same decisions: V1 is written with allow policies alone, V2 with access policies alone', async () => {
    const v1 = await decided(V1);
    expect(iamRequests(v1)).toEqual([]);
    expect(v1.requests('POST', ':setIamPolicy')).toHaveLength(2);
    const v2 = await decided({});
    expect(iamRequests(v2)).toContain('POST accessPolicies');
    expect(v2.requests('POST', /IamPolicy$/)).toEqual([]);
  });
});

/** A gateway of the old kind, on which another team's agent and this config's own are granted already. */
async function oldGateway(config = MIGRATING): Promise<Stage> {
  const world = accessWorld({
    ...V1,
    engines: [
      { id: SUPPORT, displayName: 'Support agent' },
      { id: BILLING, displayName: 'Billing agent' },
      { id: RESEARCH, displayName: 'Research agent', egress: 'egress' },
    ],
    services: [
      {
        id: 'stripe-api',
        urls: ['https://api.stripe.com'],
        policy: [{ role: 'roles/iap.egressor', members: [FOREIGN, `engine:${RESEARCH}`] }],
      },
    ],
  });
  return set({ world, config, settings: QUICK });
}

const WITH_RESEARCH = ['Research agent api.stripe.com', ...DECLARED].sort();
const command = (log: string): string => /curl -X PATCH .*?'\{"metadata".*?\}'/.exec(log)?.[0] ?? '';

/** Carries out what the command says, as far as the emulator serves it: it patches the extension through the API. */
async function runSwitch(stage: Stage, text: string): Promise<void> {
  const [, path = ''] = /'https:\/\/networkservices\.googleapis\.com\/([^']+)'/.exec(text) ?? [];
  const [, query = ''] = /''(\?[^']*)'/.exec(text) ?? [];
  const [, body = ''] = /-d '(.*)'$/.exec(text) ?? [];
  const response = await fetch(
    `${stage.emulator.env.CLOUDSDK_API_ENDPOINT_OVERRIDES_NETWORKSERVICES ?? ''}${path}${query}`,
    {
      method: 'PATCH',
      headers: { authorization: 'Bearer token-of-the-operator', 'content-type': 'application/json' },
      body,
    },
  );
  expect(response.status).toBe(200);
}

describe('moving a gateway from allow policies to access policies', () => {
  it('writes rules for everybody who is let in, tells the one change, and has nothing to do after it', async () => {
    const stage = await oldGateway();
    const first = await stage.run('apply');
    expect(first).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
    expect(allowedPairs(stage)).toEqual(WITH_RESEARCH);
    expect(first.log).toContain('The access rules are written and read back.');
    const told = rulesIn(stage).map(({ principals }) => principals.length);
    expect(told).toEqual([2, 2, 1]);

    const second = await stage.run('plan');
    expect(second).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
    expect(second.log).toMatch(/::notice title=migration-ready/);
    const change = command(second.log);
    expect(change).toBe(command(first.log));

    await runSwitch(stage, change);
    // The extension's own update is an operation.
    stage.emulator.world.advance(60_000);
    stage.emulator.world.dump();
    expect(await stage.run('plan')).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
    const deciders = stage.decide(stage.emulator.world.engine(SUPPORT).principal, 'api.stripe.com');
    expect(deciders).toMatchObject({ allowed: true, reason: 'allowed-by-rule' });
    expect(allowedPairs(stage)).toEqual(WITH_RESEARCH);

    // The members stay until somebody asks for it, and going back is possible until then.
    const members = (): number =>
      stage.emulator.world.policy('service:stripe-api').bindings.flatMap((item) => item.members).length;
    expect(members()).toBe(4);
    expect(await stage.run('apply')).toMatchObject({ outputs: { changes: 'false' } });
    expect(members()).toBe(4);
    const pruned = await stage.run('apply', { prune: 'true' });
    expect(pruned).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
    expect(members()).toBeLessThan(4);
    expect(allowedPairs(stage)).toEqual(WITH_RESEARCH);
    expect(await stage.run('plan', { prune: 'true' })).toMatchObject({ outputs: { changes: 'false' } });
  });

  it('killed in the middle and run again comes to the same', async () => {
    for (const path of ['**/accessPolicies', '**/policyBindings']) {
      const stage = await oldGateway();
      stage.emulator.faults.add([
        {
          kind: 'slow',
          firstByteMs: 10_000,
          at: 'after',
          match: { api: 'iam', method: 'POST', path },
          when: { first: 1 },
        },
      ]);
      const end = path.slice(3);
      const killed = await stage.run(
        'apply',
        {},
        {
          onStart: (child) => {
            const timer = setInterval(() => {
              if (!iamRequests(stage).includes(`POST ${end}`)) return;
              clearInterval(timer);
              child.kill('SIGKILL');
            }, 20);
          },
        },
      );
      expect(killed.exitCode).not.toBe(0);
      stage.emulator.faults.clear();
      expect(await stage.run('apply')).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
      const plan = await stage.run('plan');
      expect(plan).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
      await runSwitch(stage, command(plan.log));
      expect(allowedPairs(stage)).toEqual(WITH_RESEARCH);
      expect(rulesIn(stage)).toHaveLength(3);
    }
  });

  it('a rule that cannot be written keeps no engine from its gateway, and fails the run', async () => {
    const stage = await oldGateway();
    stage.emulator.faults.add([
      { kind: 'status', status: 400, rpc: 'INVALID_ARGUMENT', match: { api: 'iam', method: 'POST' }, when: 'every' },
    ]);
    const result = await stage.run('apply');
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'grant-failed' } });
    expect(enginesOf(result)['Support agent']).toMatchObject({ status: 'changed', governance: 'governed' });
    expect(allowedPairs(stage)).toEqual(WITH_RESEARCH);
  });

  it('whoever is let in under a condition is named, and the switch is not told', async () => {
    const stage = await oldGateway();
    const { world: live } = stage.emulator;
    live.setPolicy('service:stripe-api', [
      {
        role: 'roles/iap.egressor',
        members: [FOREIGN],
        condition: { expression: 'request.time < timestamp("2037-01-01T00:00:00Z")' },
      },
    ]);
    const result = await stage.run('apply');
    expect(result).toMatchObject({ exitCode: 0 });
    expect(annotations(result.log, 'warning').join('\n')).toContain(
      `${FOREIGN} reaches endpoint stripe-api under a condition`,
    );
    expect(command(result.log)).toBe('');
    expect(command((await stage.run('plan')).log)).toBe('');
  });

  it('with a mixed gateway, both kinds are written, since both have to allow', async () => {
    const world = accessWorld({
      extensions: [
        { id: 'iap-authz', policyVersion: 'V2' },
        { id: 'iap-v1', policyVersion: 'V1' },
      ],
      authzPolicies: [
        { id: 'egress-authz', gateways: ['egress'], extension: 'iap-authz' },
        { id: 'egress-v1', gateways: ['egress'], extension: 'iap-v1' },
      ],
    });
    const stage = await set({ world, config: ACCESS_CONFIG, settings: QUICK });
    expect(await stage.run('apply')).toMatchObject({ exitCode: 0, outputs: { to_grant: '6' } });
    expect(allowedPairs(stage)).toEqual(DECLARED);
    expect(stage.emulator.world.accessPolicies.ids()).toEqual([POLICY]);
    expect(await stage.run('plan')).toMatchObject({ outputs: { changes: 'false' } });
  });
});
