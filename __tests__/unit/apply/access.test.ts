import { describe, expect, it } from '@jest/globals';
import type { Desired } from '../../../src/config/desired.js';
import { CancelledError, OperationError, TimeoutError } from '../../../src/google/errors.js';
import type { AccessRule } from '../../../src/google/types.js';
import { editRules } from '../../../src/plan/access/rules.js';
import { hasChanges } from '../../../src/plan/plan.js';
import { edit, foreignRule } from '../../support/access.js';
import { anotherRun, look, run, stage, type Stage } from '../../support/apply.js';
import {
  agent,
  desired,
  egressConfig,
  endpoint,
  engineNamed,
  gateway,
  gatewayNamed,
  memberOf,
  ownedService,
  PROJECT,
  serviceNamed,
} from '../../support/builders.js';
import { apiError, reset } from '../../support/errors.js';
import { ACCESS_POLICY, type FakeAccess } from '../../support/google-access.js';

const EXTENSION = `projects/${PROJECT.id}/locations/us-central1/authzExtensions/iap`;
const [A, B] = [memberOf('1'), memberOf('2')];

/** A gateway that decides by access policies, and two engines. */
function accessStage(options: Parameters<typeof stage>[0] = {}): Stage {
  const on = stage(options);
  on.google.extensions.set(EXTENSION, {
    name: EXTENSION,
    service: 'iap.googleapis.com',
    metadata: { iapPolicyVersion: 'V2' },
  });
  on.google.authzPolicies.push({
    name: 'p',
    target: { resources: [gatewayNamed('egress')] },
    action: 'CUSTOM',
    customProvider: { authzExtension: { resources: [EXTENSION] } },
  });
  for (const id of ['1', '2']) on.google.engines.add(id);
  return on;
}

const want = (more: Partial<Desired> = {}): Desired =>
  desired({
    gateways: { egress: gateway('egress') },
    endpoints: [endpoint('stripe', ['api.stripe.com']), endpoint('models', ['models.example'])],
    agents: [agent('1', ['stripe', 'models']), agent('2', ['models'])],
    ...more,
  });

const rulesIn = ({ google }: Pick<Stage, 'google'>): readonly AccessRule[] =>
  google.access.policies.get(ACCESS_POLICY)?.details?.rules ?? [];
const membersOf = (rules: readonly AccessRule[]): string[][] =>
  rules.map(({ principals = [] }) => principals.map((member) => member.slice(member.lastIndexOf('/') + 1)));
/** Calls to IAM, without the client's name. */
const iam = ({ google }: Stage): string[] =>
  google.calls.filter(({ method }) => method.startsWith('accesspolicies.')).map(({ method }) => method.slice(15));
/** Seconds since the start at which calls of a method were made. */
const timesOf = ({ google }: Stage, method: string): number[] => {
  const start = google.calls[0]?.at ?? 0;
  return google.calls.filter((call) => call.method === method).map(({ at }) => (at - start) / 1000);
};
const isDone = async (on: Stage, config = want()): Promise<boolean> => !hasChanges((await look(on, config)).plan);

describe('rules', () => {
  it('are written once for all endpoints, then bound, and only then engines are bound that rely on them', async () => {
    const on = accessStage({ iamMs: 5_000 });
    const { result } = await run(on, want());
    expect(result.failures).toEqual([]);
    expect(iam(on)).toEqual([
      'createPolicy',
      ...['getOperation', 'getOperation'],
      'createBinding',
      ...['getOperation', 'getOperation'],
    ]);
    const [firstPatch] = timesOf(on, 'aiplatform.patchGatewayConfig');
    expect(firstPatch).toBeGreaterThanOrEqual(timesOf(on, 'accesspolicies.createBinding')[0] ?? Infinity);
    expect(membersOf(rulesIn(on))).toEqual([['1', '2'], ['1']]);
    expect(on.google.engines.configOf('2')).toEqual(egressConfig('egress'));
    expect(await isDone(on)).toBe(true);
  });

  it('are polled for soon, and then every quarter of a minute', async () => {
    const on = accessStage({ iamMs: 50_000 });
    await run(on, want());
    const polls = timesOf(on, 'accesspolicies.getOperation');
    const [created] = timesOf(on, 'accesspolicies.createPolicy');
    expect(polls.slice(0, 5).map((at) => at - (created ?? 0))).toEqual([2, 17, 32, 47, 62]);
  });

  it('wait until they count before an engine is bound that relies on new ones', async () => {
    const on = accessStage();
    await run(on, want(), 120_000);
    const [bound] = timesOf(on, 'accesspolicies.createBinding');
    for (const at of timesOf(on, 'aiplatform.patchGatewayConfig'))
      expect(at - (bound ?? 0)).toBeGreaterThanOrEqual(120);
  });

  it('are not waited for by an engine that has no new one', async () => {
    const on = accessStage({ iamMs: 60_000 });
    on.google.registry.add(ownedService('models', ['models.example']));
    on.google.access.put(ACCESS_POLICY, { details: { rules: [...editRules([], [edit('models', [A, B])])] } });
    on.google.access.bind(ACCESS_POLICY);
    const { result } = await run(on, want());
    expect(result.failures).toEqual([]);
    const patches = on.google.calls.filter(({ method }) => method === 'aiplatform.patchGatewayConfig');
    const written = on.google.calls.find(({ method }) => method === 'accesspolicies.patchPolicy');
    expect(patches[0]).toMatchObject({ resource: engineNamed('2') });
    expect((patches[1]?.at ?? 0) - (written?.at ?? 0)).toBeGreaterThanOrEqual(60_000);
  });

  it('of one endpoint that cannot be registered do not hold the others up', async () => {
    const on = accessStage();
    on.google.script(`agentregistry.createService ${serviceNamed('stripe')}`, apiError(400, 'INVALID_ARGUMENT'));
    const { result } = await run(on, want());
    expect(result.failures.map(({ reason }) => reason)).toEqual(['register-failed']);
    expect(membersOf(rulesIn(on))).toEqual([['1', '2']]);
    expect(result.engines.get(engineNamed('2'))).toMatchObject({ status: 'changed' });
    expect(result.engines.get(engineNamed('1'))).toMatchObject({ status: 'pending' });
    await run(on, want());
    expect(await isDone(on)).toBe(true);
  });

  it('that cannot be written are one failure, and every engine that relies on them waits', async () => {
    const on = accessStage();
    on.google.script('accesspolicies.createPolicy', apiError(403, 'PERMISSION_DENIED', { api: 'iam' }));
    const { result, plan } = await run(on, want());
    expect(result.failures).toHaveLength(1);
    expect(result.failures[0]).toMatchObject({ reason: 'permission-denied' });
    expect(result.failures[0]?.message).toContain(`in access policy ${ACCESS_POLICY}`);
    expect([...result.engines.values()].map(({ status }) => status)).toEqual(['pending', 'pending']);
    expect([...result.services.values()].map(({ status }) => status)).toEqual(['failed', 'failed']);
    expect(plan.summary.grant).toBe(3);
  });
});

describe('others who write at the same time', () => {
  const foreign = foreignRule('stripe');
  const withPolicy = (): Stage => {
    const on = accessStage();
    on.google.access.put(ACCESS_POLICY, { details: { rules: [foreign] }, annotations: { team: 'network' } });
    on.google.access.bind(ACCESS_POLICY);
    return on;
  };
  const added: AccessRule = { ...foreign, description: 'meanwhile' };
  const write = (access: FakeAccess): void => {
    const { details, annotations } = access.policies.get(ACCESS_POLICY) ?? {};
    access.put(ACCESS_POLICY, {
      details: { rules: [...(details?.rules ?? []), added] },
      ...(annotations ? { annotations } : {}),
    });
  };

  it('lose nothing when they wrote before our write', async () => {
    const on = withPolicy();
    on.google.script('accesspolicies.patchPolicy', () => write(on.google.access));
    const { result } = await run(on, want());
    expect(result.failures).toEqual([]);
    expect(rulesIn(on).slice(0, 2)).toEqual([foreign, added]);
    expect(on.google.access.policies.get(ACCESS_POLICY)?.annotations).toEqual({ team: 'network' });
    expect(await isDone(on)).toBe(true);
  });

  it('nor when they wrote while ours was under way, so that its operation ended in ABORTED', async () => {
    const on = withPolicy();
    on.google.script('accesspolicies.getOperation', () => write(on.google.access));
    const { result } = await run(on, want());
    expect(result.failures).toEqual([]);
    expect(rulesIn(on).slice(0, 2)).toEqual([foreign, added]);
    expect(await isDone(on)).toBe(true);
  });

  it('nor when they write over ours without looking: it is written again', async () => {
    const on = withPolicy();
    let done = false;
    on.google.weather = ({ method }) => {
      if (method !== 'accesspolicies.getPolicy' || done || !on.google.called('accesspolicies.patchPolicy').length)
        return 'pass';
      done = true;
      return () => on.google.access.put(ACCESS_POLICY, { details: { rules: [added] } });
    };
    // An answer that does not show what was written makes the run look.
    on.google.script('accesspolicies.getOperation', apiError(404, 'NOT_FOUND'));
    const { result } = await run(on, want());
    expect(result.failures).toEqual([]);
    expect(await isDone(on)).toBe(true);
  });

  it('make the policy at the same time: both sets of rules are there', async () => {
    const on = accessStage({ iamMs: 3_000 });
    const other = want({
      config: 'other.yaml',
      endpoints: [endpoint('tickets', ['tickets.example'])],
      agents: [agent('2', ['tickets'])],
    });
    const second = anotherRun(on);
    const results = await Promise.all([run(on, want()), run(second, other)]);
    expect(results.flatMap(({ result }) => result.failures)).toEqual([]);
    expect(rulesIn(on)).toHaveLength(3);
    expect(on.google.access.bindings.size).toBe(1);
    expect(await isDone(on)).toBe(true);
    expect(await isDone(on, other)).toBe(true);
  });

  it('may take the policy away, its binding first: it is made anew, and bound before engines rely on it', async () => {
    const on = withPolicy();
    on.google.script('accesspolicies.patchPolicy', () => {
      on.google.access.bindings.clear();
      on.google.access.policies.delete(ACCESS_POLICY);
    });
    const { result } = await run(on, want());
    expect(result.failures).toEqual([]);
    expect(on.google.access.bindings.size).toBe(1);
    const [bound] = timesOf(on, 'accesspolicies.createBinding');
    for (const at of timesOf(on, 'aiplatform.patchGatewayConfig')) expect(at).toBeGreaterThanOrEqual(bound ?? Infinity);
    expect(await isDone(on)).toBe(true);
  });

  it('nor is it bound less when nobody said how making it anew ended', async () => {
    const on = withPolicy();
    on.google.script('accesspolicies.patchPolicy', () => {
      on.google.access.bindings.clear();
      on.google.access.policies.delete(ACCESS_POLICY);
    });
    on.google.script('accesspolicies.createPolicy', { after: reset() });
    const { result } = await run(on, want());
    expect(result.failures).toEqual([]);
    expect(await isDone(on)).toBe(true);
  });
});

describe('a policy that was just created', () => {
  it('is bound when it is known everywhere', async () => {
    const on = accessStage({ replicationMs: 70_000 });
    const { result } = await run(on, want());
    expect(result.failures).toEqual([]);
    expect(on.google.access.bindings.size).toBe(1);
  });

  it('fails with what Google says when it is not known after two minutes, and is bound by the next run', async () => {
    const on = accessStage({ replicationMs: 300_000 });
    const { result } = await run(on, want());
    expect(result.failures[0]).toMatchObject({ reason: 'grant-failed' });
    expect(rulesIn(on)).toHaveLength(2);
    await on.clock.sleep(300_000);
    const { plan, result: second } = await run(on, want());
    expect(plan.summary.grant).toBe(3);
    expect(second.failures).toEqual([]);
    expect(on.google.called('accesspolicies.patchPolicy')).toEqual([]);
    expect(await isDone(on)).toBe(true);
  });

  it('is not tried again when an organization policy forbids the binding', async () => {
    const on = accessStage();
    const refusal = apiError(400, 'FAILED_PRECONDITION', { api: 'iam', reason: 'CUSTOM_ORG_POLICY_VIOLATION' });
    on.google.script('accesspolicies.createBinding', refusal);
    const { result } = await run(on, want());
    expect(on.google.called('accesspolicies.createBinding')).toHaveLength(1);
    expect(result.failures[0]?.next.join()).toContain('iam.managed.disableAccessPolicyBinding');
  });

  it('is refused by the end of the operation as well as at once', async () => {
    const on = accessStage();
    const info = {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: 'TOO_MANY_ACCESS_POLICY_BINDINGS_PER_TARGET',
    };
    const error = new OperationError('operations/x', { code: 9, message: 'too many', details: [info] });
    on.google.script('accesspolicies.getOperation', 'pass', error);
    const { result } = await run(on, want());
    expect(on.google.called('accesspolicies.createBinding')).toHaveLength(1);
    expect(result.failures[0]).toMatchObject({ reason: 'grant-failed' });
    expect(result.failures[0]?.next.join()).toContain('Five access policies');
  });

  it('is not bound twice while another run is just binding it: the name is taken, and nothing is there yet', async () => {
    const on = accessStage();
    on.google.script('accesspolicies.createBinding', apiError(409, 'ALREADY_EXISTS', { api: 'iam' }));
    const { result } = await run(on, want());
    expect(result.failures).toEqual([]);
    expect([...on.google.access.bindings.keys()]).toEqual([expect.stringMatching(/\/agent-gateway-egress$/)]);
  });

  it('is seen to be bound by another run, whatever Google calls that', async () => {
    const on = accessStage();
    on.google.weather = ({ method }) => {
      if (method !== 'accesspolicies.createBinding') return 'pass';
      if (on.google.access.bindings.size === 0) on.google.access.bind(ACCESS_POLICY);
      return apiError(409, 'ABORTED', { api: 'iam' });
    };
    const { result } = await run(on, want());
    expect(result.failures).toEqual([]);
    expect(on.google.called('accesspolicies.createBinding')).toHaveLength(1);
    expect(await isDone(on)).toBe(true);
  });

  it('is not bound twice when nobody said how the first try ended', async () => {
    const on = accessStage();
    on.google.script('accesspolicies.createBinding', { after: reset() });
    const { result } = await run(on, want());
    expect(result.failures).toEqual([]);
    expect(on.google.access.bindings.size).toBe(1);
    expect(await isDone(on)).toBe(true);
  });
});

describe('without the right to read operations', () => {
  it('the resources themselves are looked at', async () => {
    const on = accessStage({ iamMs: 40_000 });
    on.google.weather = ({ method }) =>
      method === 'accesspolicies.getOperation' ? apiError(403, 'PERMISSION_DENIED', { api: 'iam' }) : 'pass';
    const { result } = await run(on, want());
    expect(result.failures).toEqual([]);
    expect(on.log.lines().join('\n')).toContain('may not read operations of IAM');
    expect(await isDone(on)).toBe(true);
  });

  it('a write that never shows is a failure that says so', async () => {
    const on = accessStage({ iamMs: 3_600_000 });
    on.google.weather = ({ method }) =>
      method === 'accesspolicies.getOperation' ? apiError(403, 'PERMISSION_DENIED', { api: 'iam' }) : 'pass';
    const { result } = await run(on, want());
    expect(result.failures[0]).toMatchObject({ reason: 'grant-failed' });
    expect(result.failures[0]?.message).toContain('does not show what was written after 5 minutes');
  });
});

describe('a run that ends early', () => {
  it.each([
    ['cancelled', new CancelledError()],
    ['timeout', new TimeoutError('over')],
  ])('%s: says so, and the next one carries on', async (reason, error) => {
    const on = accessStage({ iamMs: 60_000 });
    const looked = run(on, want());
    await on.clock.sleep(10_000);
    on.stop(error);
    const { result } = await looked;
    expect(new Set(result.failures.map((failure) => failure.reason))).toEqual(new Set([reason]));
    await on.clock.sleep(60_000);
    const next = anotherRun(on);
    const { result: second } = await run(next, want());
    expect(second.failures).toEqual([]);
    expect(await isDone(next)).toBe(true);
    expect(rulesIn(on)).toHaveLength(2);
  });

  it('killed at any request heals by running again', async () => {
    const whole = accessStage();
    await run(whole, want());
    const calls = whole.google.calls.length;
    for (let cut = 1; cut <= calls; cut += 1) {
      const on = accessStage();
      const looked = await look(on, want());
      on.google.cutAfter(cut);
      await run(on, want()).catch(() => undefined);
      expect(looked.plan.summary.grant).toBe(3);
      on.google.cutAfter(Infinity);
      const next = anotherRun(on);
      const { result } = await run(next, want());
      expect(result.failures).toEqual([]);
      expect(membersOf(rulesIn(on))).toEqual(membersOf(rulesIn(whole)));
      expect(on.google.access.bindings.size).toBe(1);
    }
  });
});

describe('what takes away', () => {
  const fewer = want({ prune: true, agents: [agent('1', ['models']), agent('2', ['models'])] });
  const applied = async (options: Parameters<typeof stage>[0] = {}): Promise<Stage> => {
    const on = accessStage(options);
    await run(on, want());
    return anotherRun(on);
  };

  it('comes last, and not while an engine is not where it should be', async () => {
    const on = await applied();
    on.google.engines.add('2', { config: {} });
    on.google.script('aiplatform.patchGatewayConfig', apiError(400, 'INVALID_ARGUMENT'));
    const first = await run(on, fewer);
    expect(first.result.failures).toHaveLength(1);
    expect(membersOf(rulesIn(on))).toEqual([['1', '2'], ['1']]);
    const second = await run(anotherRun(on), fewer);
    expect(second.result.failures).toEqual([]);
    expect(membersOf(rulesIn(on))).toEqual([['1', '2']]);
  });

  const none = want({ prune: true, agents: [agent('1', []), agent('2', [])] });

  it('takes the policy away with its last rule, binding first', async () => {
    const on = await applied();
    const { result } = await run(on, none);
    expect(result.failures).toEqual([]);
    expect(iam(on).filter((method) => method.startsWith('delete'))).toEqual(['deleteBinding', 'deletePolicy']);
    expect([on.google.access.policies.size, on.google.access.bindings.size]).toEqual([0, 0]);
  });

  it('waits while the policy still counts as bound, and binds it again when that does not end', async () => {
    const still = (): Error => apiError(400, 'FAILED_PRECONDITION', { api: 'iam', message: 'still referenced' });
    const on = await applied();
    on.google.script('accesspolicies.deletePolicy', still(), still());
    expect((await run(on, none)).result.failures).toEqual([]);
    expect(on.google.access.policies.size).toBe(0);

    const other = await applied();
    other.google.weather = ({ method }) => (method === 'accesspolicies.deletePolicy' ? still() : 'pass');
    const { result } = await run(other, none);
    expect(result.failures[0]).toMatchObject({ reason: 'grant-failed' });
    expect(result.failures[0]?.message).toContain('still referenced');
    expect(other.google.access.bindings.size).toBe(1);
  });

  it('binds it again when somebody has written a rule into it meanwhile', async () => {
    const on = await applied();
    on.google.script('accesspolicies.deletePolicy', () => {
      const policy = on.google.access.policies.get(ACCESS_POLICY);
      on.google.access.put(ACCESS_POLICY, { ...policy, details: { rules: [...rulesIn(on), foreignRule('models')] } });
    });
    const { result } = await run(on, none);
    expect(result.failures).toEqual([]);
    expect(rulesIn(on)).toEqual([foreignRule('models')]);
    expect(on.google.access.bindings.size).toBe(1);
  });

  it('leaves a policy with its last rule alone that is bound elsewhere, too', async () => {
    const on = await applied();
    const name = 'folders/77/locations/global/policyBindings/x';
    on.google.access.bindings.set(name, {
      name,
      policy: ACCESS_POLICY,
      target: { resource: '//cloudresourcemanager.googleapis.com/folders/77' },
    });
    const { result } = await run(on, none);
    expect(result.failures[0]).toMatchObject({ reason: 'grant-failed' });
    expect(result.failures[0]?.message).toContain('also bound to //cloudresourcemanager.googleapis.com/folders/77');
    expect(on.google.access.bindings.size).toBe(2);
  });
});
