import { describe, expect, it } from '@jest/globals';
import { GrantLost } from '../../../src/apply/errors.js';
import { grant } from '../../../src/apply/grant.js';
import { CancelledError } from '../../../src/google/errors.js';
import type { Iap } from '../../../src/google/iap.js';
import type { IamBinding, IamPolicy } from '../../../src/google/types.js';
import type { GrantChange } from '../../../src/plan/types.js';
import { clientsOf, stage, type Stage } from '../../support/apply.js';
import { EGRESSOR, iapOf, memberOf, service, serviceNamed } from '../../support/builders.js';
import { aborted, apiError, notFound, reset, thrownBy } from '../../support/errors.js';

const resource = iapOf('stripe');
const grantTo = (id: string): GrantChange => ({
  layer: 'grant',
  action: 'create',
  key: 'stripe',
  service: serviceNamed('stripe'),
  role: EGRESSOR,
  member: memberOf(id),
});
const foreign: IamBinding[] = [
  { role: 'roles/iap.admin', members: ['user:admin@example.com'] },
  { role: EGRESSOR, members: ['principal://owl'], condition: { expression: 'night', title: 'n' } },
  { role: EGRESSOR, members: ['principal://z', 'principal://a'] },
];

function withService(options: Parameters<typeof stage>[0] = {}): Stage {
  const on = stage(options);
  on.google.registry.add(service('stripe', ['api.stripe.com']));
  return on;
}

const run = (on: Stage, ids: string[], policy?: IamPolicy): Promise<number> =>
  grant({ resource, label: 'stripe', grants: ids.map(grantTo), ...(policy ? { policy } : {}) }, on.deps);
const setCalls = (on: Stage): number => on.google.called('iap.setPolicy').length;
const bindings = (on: Stage): IamBinding[] | undefined => on.google.policies.get(resource)?.bindings;
const readNow = (on: Stage): Promise<IamPolicy> => on.google.iap.getPolicy(resource);

describe('grant', () => {
  it('adds all members in one write, and nobody is lost', async () => {
    const on = withService();
    on.google.putPolicy(resource, foreign);
    expect(await run(on, ['1', '2', '3'])).toBe(3);
    expect(setCalls(on)).toBe(1);
    const members = ['principal://z', 'principal://a', ...['1', '2', '3'].map(memberOf)];
    expect(bindings(on)).toEqual([foreign[0], foreign[1], { role: EGRESSOR, members }]);
  });

  it('starts from the policy that was observed, without reading it again', async () => {
    const on = withService();
    on.google.putPolicy(resource, foreign);
    const policy = await readNow(on);
    on.google.calls.length = 0;
    await run(on, ['1'], policy);
    expect(on.google.calls.map(({ method }) => method)).toEqual(['iap.setPolicy']);
  });

  it('reads anew and merges when somebody else has written meanwhile', async () => {
    const on = withService();
    const policy = await readNow(on);
    on.google.putPolicy(resource, foreign);
    expect(await run(on, ['1'], policy)).toBe(1);
    expect(bindings(on)?.[2]?.members).toEqual(['principal://z', 'principal://a', memberOf('1')]);
    expect(bindings(on)?.slice(0, 2)).toEqual(foreign.slice(0, 2));
  });

  it.each([
    ['409 ABORTED', aborted()],
    ['412', apiError(412, 'FAILED_PRECONDITION')],
  ])('goes on after several conflicts (%s)', async (_name, conflict) => {
    const on = withService();
    on.google.script('iap.setPolicy', conflict, conflict, conflict);
    expect(await run(on, ['1'])).toBe(1);
    expect(setCalls(on)).toBe(4);
    expect(on.google.called('iap.getPolicy')).toHaveLength(4);
  });

  it('adds only who is still missing after a conflict', async () => {
    const on = withService();
    const policy = await readNow(on);
    on.google.putPolicy(resource, [{ role: EGRESSOR, members: [memberOf('1')] }]);
    expect(await run(on, ['1', '2'], policy)).toBe(1);
    expect(bindings(on)).toEqual([{ role: EGRESSOR, members: [memberOf('1'), memberOf('2')] }]);
  });

  it('writes nothing when everybody is there', async () => {
    const on = withService();
    on.google.putPolicy(resource, [{ role: EGRESSOR, members: [memberOf('2'), memberOf('1')] }]);
    expect(await run(on, ['1', '2'])).toBe(0);
    expect(setCalls(on)).toBe(0);
  });

  it('gives up when it never gets through', async () => {
    const on = withService();
    const conflict = aborted();
    on.google.script('iap.setPolicy', ...Array<Error>(50).fill(conflict));
    expect(await thrownBy(() => run(on, ['1']))).toBe(conflict);
    expect(setCalls(on)).toBe(10);
  });

  it('does not take another refusal for a conflict', async () => {
    const on = withService();
    const refusal = apiError(400, 'INVALID_ARGUMENT', { message: 'Identity Pool does not exist' });
    on.google.script('iap.setPolicy', refusal);
    expect(await thrownBy(() => run(on, ['1']))).toBe(refusal);
    expect(setCalls(on)).toBe(1);
  });

  it('stops between conflicts when the run ends', async () => {
    const on = withService();
    on.google.script('iap.setPolicy', ...Array<Error>(50).fill(aborted()));
    const reason = new CancelledError();
    const granting = thrownBy(() => run(on, ['1']));
    await on.clock.sleep(100);
    on.stop(reason);
    expect(await granting).toBe(reason);
  });
});

describe('an endpoint that IAP has not heard of yet', () => {
  it('is asked for again for a while', async () => {
    const on = withService();
    on.google.script('iap.getPolicy', ...Array<Error>(8).fill(notFound()));
    expect(await run(on, ['1'])).toBe(1);
  });

  it('is a failure in the end', async () => {
    const on = withService();
    on.google.script('iap.getPolicy', ...Array<Error>(500).fill(notFound()));
    const start = on.clock.now();
    expect(await thrownBy(() => run(on, ['1']))).toMatchObject({ status: 404 });
    expect(on.clock.now() - start).toBeGreaterThan(100_000);
  });

  it('may answer a read with an empty policy and only the write with 404', async () => {
    const on = withService();
    on.google.script('iap.setPolicy', notFound(), notFound());
    expect(await run(on, ['1'])).toBe(1);
  });
});

describe('a write', () => {
  const task = { resource, label: 'stripe', grants: [grantTo('1')] };
  const writing = (on: Stage, setPolicy: Iap['setPolicy']): Promise<number> =>
    grant(task, { ...on.deps, google: clientsOf(on, { iap: { ...on.google.iap, setPolicy } }) });

  it('that was accepted and is not there is told', async () => {
    const lost = thrownBy(() => writing(withService(), () => Promise.resolve({ etag: 'e9' })));
    expect(await lost).toBeInstanceOf(GrantLost);
  });

  it('whose answer does not show the members is checked by reading', async () => {
    const on = withService();
    const done = writing(on, async (name, policy) => {
      await on.google.iap.setPolicy(name, policy);
      return { etag: 'e9' };
    });
    expect(await done).toBe(1);
  });

  it.each([
    ['before it was carried out', reset()],
    ['after it was carried out', { after: reset() }],
  ])('whose connection breaks %s is looked at again: the etag makes that safe', async (_when, step) => {
    const on = withService();
    on.google.script('iap.setPolicy', step);
    await run(on, ['1']);
    expect(bindings(on)).toEqual([{ role: EGRESSOR, members: [memberOf('1')] }]);
  });
});
