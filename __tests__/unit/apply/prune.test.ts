import { describe, expect, it } from '@jest/globals';
import { applyPlan } from '../../../src/apply/apply.js';
import { CancelledError } from '../../../src/google/errors.js';
import type { IamBinding } from '../../../src/google/types.js';
import { observe } from '../../../src/observe/observe.js';
import { hasChanges } from '../../../src/plan/plan.js';
import { stillOpen } from '../../../src/report/open.js';
import { clientsOf, look, run, stage, type Applied, type Stage } from '../../support/apply.js';
import {
  agent,
  desired,
  EGRESSOR,
  egressConfig,
  endpoint,
  engineNamed,
  gateway,
  iapOf,
  memberOf,
  ownedService,
  resourceOf,
  service,
  serviceNamed,
  UNIVERSE,
} from '../../support/builders.js';
import { planned } from '../../support/plan.js';
import { aborted, apiError, reset } from '../../support/errors.js';

const stripe = endpoint('stripe', ['api.stripe.com']);
const want = desired({
  gateways: { egress: gateway('egress') },
  endpoints: [stripe],
  agents: [agent('1', ['stripe']), agent('2', [])],
  prune: true,
});
const POLICY = iapOf('stripe');
const OLD = serviceNamed('old-tickets');
const OTHERS: readonly IamBinding[] = [
  { role: 'roles/iap.admin', members: [memberOf('404')] },
  {
    role: EGRESSOR,
    members: ['group:b@example.com', memberOf('404'), memberOf('1'), memberOf('2'), 'user:a@example.com'],
  },
  { role: EGRESSOR, members: [memberOf('404')], condition: { expression: 'night', title: 'n' } },
];
const AFTER: readonly IamBinding[] = [
  { role: 'roles/iap.admin', members: [memberOf('404')] },
  { role: EGRESSOR, members: ['group:b@example.com', memberOf('1'), 'user:a@example.com'] },
  { role: EGRESSOR, members: [memberOf('404')], condition: { expression: 'night', title: 'n' } },
];

/** Two engines, one of them granted what it may not have, a third one that is gone, and a service nobody declares. */
function crowded(options: Parameters<typeof stage>[0] = {}): Stage {
  const on = stage(options);
  on.google.engines.add('1');
  on.google.engines.add('2');
  on.google.registry.add(ownedService('stripe', ['api.stripe.com']));
  on.google.registry.add(ownedService('old-tickets', ['tickets.example.com']));
  on.google.putPolicy(POLICY, [...OTHERS]);
  on.google.putPolicy(iapOf('old-tickets'), [{ role: EGRESSOR, members: [memberOf('1')] }]);
  return on;
}

const bindings = (on: Stage): IamBinding[] | undefined => on.google.policies.get(POLICY)?.bindings;
const statuses = ({ result: { removals } }: Applied): unknown => ({
  members: [...removals.members.values()].map(({ status }) => status),
  services: [...removals.services.values()].map(({ status }) => status),
});
const writes = (on: Stage): string[] =>
  on.google.writes().map(({ method, resource }) => `${method} ${resource.split('/').at(-1) ?? ''}`);
const expectAllDone = async (on: Stage): Promise<void> => {
  expect(bindings(on)).toEqual(AFTER);
  expect(on.google.registry.get('old-tickets')).toBeUndefined();
  expect(on.google.policies.has(iapOf('old-tickets'))).toBe(false);
  expect(hasChanges((await look(on, want)).plan)).toBe(false);
};

describe('what is taken away', () => {
  it('is exactly what was planned, after everything else, members before services', async () => {
    const on = crowded();
    const applied = await run(on, want);
    expect(applied.result.failures).toEqual([]);
    const [first, second, ...rest] = writes(on);
    expect([first, second].sort()).toEqual(['aiplatform.patchGatewayConfig 1', 'aiplatform.patchGatewayConfig 2']);
    expect(rest).toEqual(['iap.setPolicy agentregistry-stripe', 'agentregistry.deleteService old-tickets']);
    expect(statuses(applied)).toEqual({ members: ['done'], services: ['done'] });
    expect(stillOpen(applied.plan, applied.result)).toEqual([]);
    expect(on.log.lines()).toContainEqual(expect.stringContaining('stripe: took 2 members out'));
    expect(on.log.lines()).toContainEqual(
      expect.stringContaining('old-tickets: removed, with its endpoint and policy'),
    );
    await expectAllDone(on);
  });

  it('is written with the etag of what was read just then', async () => {
    const on = crowded({ updateMs: 150_000 });
    on.google.script('aiplatform.patchGatewayConfig', () =>
      on.google.putPolicy(POLICY, [
        ...OTHERS,
        { role: EGRESSOR, members: ['user:late@example.com'], condition: { expression: 'day' } },
      ]),
    );
    expect((await run(on, want)).result.failures).toEqual([]);
    expect(bindings(on)).toEqual([
      ...AFTER,
      { role: EGRESSOR, members: ['user:late@example.com'], condition: { expression: 'day' } },
    ]);
    expect(on.google.called('iap.setPolicy')).toHaveLength(1);
  });

  it('comes after what is added to the same policy, in a write of its own', async () => {
    const on = crowded();
    on.google.putPolicy(POLICY, [{ role: EGRESSOR, members: [memberOf('404')] }]);
    expect((await run(on, want)).result.failures).toEqual([]);
    expect(writes(on).filter((line) => line.startsWith('iap') || line.endsWith(' 1'))).toEqual([
      'iap.setPolicy agentregistry-stripe',
      'aiplatform.patchGatewayConfig 1',
      'iap.setPolicy agentregistry-stripe',
    ]);
    expect(bindings(on)).toEqual([{ role: EGRESSOR, members: [memberOf('1')] }]);
  });

  it('drops a binding that is empty then, and no other', async () => {
    const on = crowded();
    const empty = { role: 'roles/iap.admin', members: [] };
    on.google.putPolicy(POLICY, [empty, { role: EGRESSOR, members: [memberOf('404')] }]);
    await run(on, { ...want, agents: [agent('1', []), agent('2', [])] });
    expect(bindings(on)).toEqual([empty]);
  });

  it('is nothing without prune', async () => {
    const on = crowded();
    await run(on, { ...want, prune: false });
    expect(bindings(on)).toEqual(OTHERS);
    expect(on.google.called('agentregistry.deleteService')).toEqual([]);
  });
});

describe('nothing is taken away', () => {
  it('while an engine is not where it should be', async () => {
    const on = crowded();
    on.google.engines.ends.set(engineNamed('1'), [{ code: 13, message: 'no' }]);
    const applied = await run(on, want);
    expect(statuses(applied)).toEqual({ members: [], services: [] });
    expect(bindings(on)).toEqual(OTHERS);
    expect(stillOpen(applied.plan, applied.result).slice(-2)).toEqual([
      'Endpoint stripe (stripe): 2 members not taken out: not reached, since it waits until all before it is done.',
      'Endpoint old-tickets (old-tickets): not removed: not reached, since it waits until all before it is done.',
    ]);
    expect((await run(on, want)).result.failures).toEqual([]);
    await expectAllDone(on);
  });

  it('while a service is not as it should be, though no engine relies on it', async () => {
    const on = crowded();
    on.google.script('agentregistry.createService', apiError(400, 'INVALID_ARGUMENT', { api: 'agentregistry' }));
    const applied = await run(on, { ...want, endpoints: [stripe, endpoint('models', ['models.example'])] });
    expect(applied.result.failures).toMatchObject([{ reason: 'register-failed' }]);
    expect(statuses(applied)).toEqual({ members: [], services: [] });
  });

  it('once the run was cancelled', async () => {
    const on = crowded({ updateMs: 0 });
    on.google.script(`iap.getPolicy ${POLICY}`, 'pass', () => on.stop(new CancelledError()));
    const applied = await run(on, want);
    expect(applied.result.failures.map(({ reason }) => reason)).toContain('cancelled');
    expect(on.google.called('agentregistry.deleteService')).toEqual([]);
  });

  it('of services, when members could not be taken out', async () => {
    const on = crowded();
    on.google.script('iap.setPolicy', apiError(400, 'INVALID_ARGUMENT', { api: 'iap' }));
    const applied = await run(on, want);
    expect(statuses(applied)).toEqual({ members: ['failed'], services: [] });
    expect(applied.result.failures).toMatchObject([
      {
        reason: 'grant-failed',
        message: expect.stringMatching(
          /^Taking 2 members of roles\/iap\.egressor out of endpoint stripe \(.*\) failed: /,
        ) as unknown,
      },
    ]);
    expect(stillOpen(applied.plan, applied.result)).toEqual([
      'Endpoint stripe (stripe): 2 members not taken out: failed.',
      'Endpoint old-tickets (old-tickets): not removed: not reached, since it waits until all before it is done.',
    ]);
    await run(on, want);
    await expectAllDone(on);
  });
});

describe('taking members out', () => {
  it.each([
    ['somebody else wrote meanwhile (409)', aborted()],
    ['somebody else wrote meanwhile (412)', apiError(412, 'FAILED_PRECONDITION')],
    ['the answer was lost', { after: reset() }],
    ['Google had a problem', apiError(503, 'UNAVAILABLE')],
  ])('is tried again when %s', async (_when, step) => {
    const on = crowded();
    on.google.script('iap.setPolicy', step);
    expect((await run(on, want)).result.failures).toEqual([]);
    await expectAllDone(on);
  });

  it('is not believed before the policy shows it', async () => {
    const on = crowded();
    const { iap } = on.google;
    const google = clientsOf(on, { iap: { ...iap, setPolicy: (resource) => iap.getPolicy(resource) } });
    const { plan, observed } = await look(on, want);
    const result = await applyPlan(plan, observed, { propagationWaitMs: 0 }, { ...on.deps, google });
    expect(result.failures[0]).toMatchObject({
      reason: 'grant-failed',
      message: expect.stringContaining('is still in the policy') as unknown,
    });
  });

  it('is left when nobody would be left since, and the registry-wide policy lets others in', async () => {
    const on = crowded();
    on.google.putPolicy(POLICY.replace(/\/endpoints.*/, ''), [{ role: EGRESSOR, members: ['group:all@example.com'] }]);
    const nobody = { ...want, agents: [agent('1', []), agent('2', [])] };
    const { plan, observed } = await look(on, nobody);
    on.google.putPolicy(POLICY, [{ role: EGRESSOR, members: [memberOf('404')] }]);
    const result = await applyPlan(plan, observed, { propagationWaitMs: 0 }, on.deps);
    expect(result.failures).toMatchObject([
      {
        reason: 'grant-failed',
        message: expect.stringContaining('the registry-wide policy lets others in. Plan again') as unknown,
      },
    ]);
    expect(bindings(on)).toEqual([{ role: EGRESSOR, members: [memberOf('404')] }]);
  });

  it('is done where the members, or the whole service, are gone already', async () => {
    for (const change of [
      (on: Stage) => on.google.putPolicy(POLICY, []),
      (on: Stage) => on.google.registry.services.delete(serviceNamed('stripe')),
    ]) {
      const on = crowded();
      on.google.engines.setConfig('1', egressConfig('egress'));
      on.google.engines.setConfig('2', egressConfig('egress'));
      const { plan, observed } = await look(on, want);
      change(on);
      const result = await applyPlan(plan, observed, { propagationWaitMs: 0 }, on.deps);
      expect(result.failures).toEqual([]);
      expect([...result.removals.members.values()]).toEqual([{ status: 'done' }]);
    }
  });
});

describe('removing a service', () => {
  it.each([
    ['the answer was lost', { after: reset() }],
    ['Google had a problem', apiError(503, 'UNAVAILABLE')],
    ['somebody else is writing it', aborted()],
  ])('goes on when %s', async (_when, step) => {
    const on = crowded();
    on.google.script('agentregistry.deleteService', step);
    expect((await run(on, want)).result.failures).toEqual([]);
    await expectAllDone(on);
  });

  it('goes on when somebody else was faster', async () => {
    const on = crowded();
    on.google.script('agentregistry.deleteService', () => {
      on.google.registry.services.delete(OLD);
      on.google.policies.delete(iapOf('old-tickets'));
    });
    expect((await run(on, want)).result.failures).toEqual([]);
    await expectAllDone(on);
  });

  it('goes on when its operation did not find it', async () => {
    const on = crowded();
    on.google.script('agentregistry.deleteService', () =>
      on.google.registry.operationErrors.push({ code: 5, message: 'gone' }),
    );
    on.google.script(`agentregistry.getService ${OLD}`, 'pass', () => on.google.registry.services.delete(OLD));
    const { result } = await run(on, want);
    expect(result.failures).toEqual([]);
  });

  it('is not put off by another order of hosts, or the project by its number', async () => {
    const on = crowded();
    const hosts = ['a.example.com', 'b.example.com'];
    on.google.registry.add(ownedService('old-tickets', hosts));
    on.google.script(`agentregistry.getService ${OLD}`, () =>
      on.google.registry.add(
        ownedService('old-tickets', [...hosts].reverse(), {
          registryResource: resourceOf('old-tickets').replace('101010', 'acme-agents'),
        }),
      ),
    );
    expect((await run(on, want)).result.failures).toEqual([]);
    expect(on.google.registry.get('old-tickets')).toBeUndefined();
  });

  it('fails with what Google says when its operation ends in an error', async () => {
    const on = crowded();
    on.google.registry.operationErrors.push({ code: 9, message: 'It is referred to by a binding.' });
    const { result } = await run(on, want);
    expect(result.failures).toMatchObject([
      {
        reason: 'register-failed',
        message: expect.stringMatching(
          /^Removing endpoint old-tickets \(.*\) failed: .*referred to by a binding/,
        ) as unknown,
      },
    ]);
    expect(bindings(on)).toEqual(AFTER);
  });

  it('fails when it stays there all the same', async () => {
    const on = crowded();
    const { agentregistry } = on.google;
    const google = clientsOf(on, {
      agentregistry: { ...agentregistry, deleteService: () => Promise.resolve({ name: 'operations/1', done: true }) },
    });
    const { plan, observed } = await look(on, want);
    const result = await applyPlan(plan, observed, { propagationWaitMs: 0 }, { ...on.deps, google });
    expect(result.failures[0]?.message).toContain('is still there although its deletion was accepted');
  });

  it.each<[string, (on: Stage) => void, string]>([
    [
      'has other hosts',
      (on) => on.google.registry.add(ownedService('old-tickets', ['new.example.com'])),
      'somebody has written it',
    ],
    [
      'is not its own any more',
      (on) => on.google.registry.add(service('old-tickets', ['tickets.example.com'])),
      'somebody has written it',
    ],
    [
      'was made anew',
      (on) =>
        on.google.registry.add(
          ownedService('old-tickets', ['tickets.example.com'], {
            registryResource: 'projects/101010/locations/us-central1/endpoints/agentregistry-9',
          }),
        ),
      'somebody has written it',
    ],
    [
      'is granted to somebody',
      (on) =>
        on.google.putPolicy(iapOf('old-tickets'), [
          { role: EGRESSOR, members: [memberOf('1'), 'user:late@example.com'] },
        ]),
      'user:late@example.com has been granted roles/iap.egressor on it',
    ],
    [
      'is granted to the same under a condition',
      (on) =>
        on.google.putPolicy(iapOf('old-tickets'), [
          { role: EGRESSOR, members: [memberOf('1')], condition: { expression: 'day' } },
        ]),
      `${memberOf('1')} has been granted`,
    ],
  ])('is refused when the service %s since it was planned', async (_what, change, why) => {
    const on = crowded();
    const { plan, observed } = await look(on, want);
    change(on);
    const result = await applyPlan(plan, observed, { propagationWaitMs: 0 }, on.deps);
    expect(on.google.called('agentregistry.deleteService')).toEqual([]);
    expect(result.failures).toMatchObject([{ reason: 'register-failed' }]);
    expect(result.failures[0]?.message).toContain(why);
    expect(result.failures[0]?.message).toContain('Plan again');
  });

  it('sends a request ID, and waits until the registry does not know it any more', async () => {
    const on = crowded();
    on.google.script(`agentregistry.getService ${OLD}`, 'pass', 'stale', 'stale');
    expect((await run(on, want)).result.failures).toEqual([]);
    expect(on.google.bodiesOf('agentregistry.deleteService')).toEqual([
      { requestId: expect.stringMatching(/^request-/) as unknown },
    ]);
    expect(on.google.called('agentregistry.getService').filter((name) => name === OLD).length).toBeGreaterThan(2);
  });
});

describe('engines that were not listed', () => {
  it('are asked for themselves before anything of theirs is taken away', async () => {
    const on = crowded();
    on.google.engines.add('404');
    const { aiplatform } = on.google;
    const listEngines: typeof aiplatform.listEngines = async (project, region) =>
      (await aiplatform.listEngines(project, region)).filter(({ name }) => name !== engineNamed('404'));
    const observed = await observe(want, clientsOf(on, { aiplatform: { ...aiplatform, listEngines } }), UNIVERSE);
    const plan = planned(want, observed);
    expect(observed.gone).toEqual(new Set());
    expect(observed.engineNames).toContain(engineNamed('404'));
    expect(plan.changes.filter(({ layer, action }) => layer === 'grant' && action === 'remove')).toMatchObject([
      { member: memberOf('2') },
    ]);
  });

  it('stay when the identity may not ask for them', async () => {
    const on = crowded();
    on.google.script(`aiplatform.getEngine ${engineNamed('404')}`, apiError(403, 'PERMISSION_DENIED'));
    const { plan } = await look(on, want);
    expect(plan.changes.filter(({ layer, action }) => layer === 'grant' && action === 'remove')).toMatchObject([
      { member: memberOf('2') },
    ]);
    expect(plan.checks.find(({ id }) => id === 'prune-kept')?.message).toContain('may not ask whether it is gone');
  });

  it('are not asked for without prune', async () => {
    const on = crowded();
    await look(on, { ...want, prune: false });
    expect(on.google.called('aiplatform.getEngine')).not.toContain(engineNamed('404'));
  });
});

describe('a config that has no endpoint any more', () => {
  const bindsOnly = { ...want, endpoints: [], agents: [agent('1', []), agent('2', [])] };

  it('is looked up in the registry with prune alone', async () => {
    const on = crowded();
    await look(on, { ...bindsOnly, prune: false });
    expect(on.google.called('agentregistry.listServices')).toEqual([]);
    const { plan } = await look(on, bindsOnly);
    expect(plan.summary.remove).toBe(1);
  });

  it('needs no right to read it', async () => {
    const on = crowded();
    on.google.script('agentregistry.listServices', apiError(403, 'PERMISSION_DENIED', { api: 'agentregistry' }));
    const { plan } = await look(on, bindsOnly);
    expect(plan.summary.remove).toBe(0);
    expect(plan.checks.map(({ id }) => id)).toContain('not-readable');
  });
});
