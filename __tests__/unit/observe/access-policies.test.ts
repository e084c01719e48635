import { describe, expect, it } from '@jest/globals';
import { readAccess } from '../../../src/observe/access-policies.js';
import { readNeighbours, type EnforcementReading } from '../../../src/observe/enforcement.js';
import type { ObservedAccess } from '../../../src/observe/observed.js';
import { foreignRule } from '../../support/access.js';
import { stage, type Stage } from '../../support/apply.js';
import { gatewayNamed, PROJECT } from '../../support/builders.js';
import { apiError, thrownBy } from '../../support/errors.js';
import { ACCESS_POLICY } from '../../support/google-access.js';

const AT = `projects/${PROJECT.id}/locations/global/accessPolicies`;
const TEAM = `${AT}/egress-of-team-a`;
const ELSEWHERE = 'projects/victim/locations/global/accessPolicies/theirs';
const ORGANIZATION = 'organizations/5550001/locations/global/accessPolicies/guardrail';
const managed = { annotations: { 'bind-agent-gateway/managed': 'true' } };
const rules = { details: { rules: [foreignRule('x')] } };
const denied = (): Error => apiError(403, 'PERMISSION_DENIED', { api: 'iam', message: 'not yours' });

const read = ({ google }: Stage): Promise<ObservedAccess> =>
  readAccess(PROJECT, { gateway: undefined, enforcement: undefined }, google);
const methods = ({ google }: Stage): string[] =>
  google.calls.map(({ method }) => method.slice(method.indexOf('.') + 1)).sort();

/** A project in which these policies are, and these are bound. */
function stageWith(policies: Readonly<Record<string, object>>, bound: readonly string[]): Stage {
  const on = stage();
  for (const [name, policy] of Object.entries(policies)) on.google.access.put(name, { ...rules, ...policy });
  for (const [index, name] of bound.entries()) on.google.access.bind(name, `b${index}`);
  return on;
}

describe('readAccess', () => {
  it('takes two reads where our policy alone is bound', async () => {
    const on = stageWith({ [ACCESS_POLICY]: managed }, [ACCESS_POLICY]);
    expect(await read(on)).toMatchObject({ name: ACCESS_POLICY, policy: rules, isBound: true, others: [] });
    expect(methods(on)).toEqual(['bindingsTo', 'getPolicy']);
  });

  it('asks whether it may be bound only where it is not', async () => {
    const on = stageWith({}, []);
    expect(await read(on)).toMatchObject({
      name: ACCESS_POLICY,
      policy: null,
      isBound: false,
      constraint: { kind: 'not-enforced' },
    });
    expect(methods(on)).toEqual(['bindingsTo', 'getEffectivePolicy', 'getEffectivePolicy', 'getPolicy']);
  });

  it.each(['iam.managed.disableAccessPolicyBinding', 'iam.managed.disableAccessPolicyBindings'])(
    'knows %s',
    async (constraint) => {
      const on = stageWith({}, []);
      const name = `projects/${PROJECT.id}/policies/${constraint}`;
      on.google.organization.effective.set(name, { name, spec: { rules: [{ enforce: true }] } });
      expect(await read(on)).toMatchObject({ constraint: { kind: 'enforced', constraint } });
      on.google.organization.effective.set(name, { name, spec: { rules: [{ enforce: false }] } });
      expect(await read(on)).toMatchObject({ constraint: { kind: 'not-enforced' } });
    },
  );

  it('a constraint that may not be read stops nothing', async () => {
    const on = stageWith({}, []);
    on.google.script('orgpolicy.getEffectivePolicy', denied(), denied());
    expect(await read(on)).toMatchObject({ constraint: { kind: 'unreadable', why: 'not yours' } });
  });

  it('reads the other policies that are bound to the project, wherever they are', async () => {
    const on = stageWith({ [ACCESS_POLICY]: managed, [TEAM]: {}, [ORGANIZATION]: {} }, [
      ACCESS_POLICY,
      TEAM,
      ORGANIZATION,
    ]);
    on.google.script(`accesspolicies.getPolicy ${ORGANIZATION}`, denied());
    expect((await read(on)).others).toEqual([
      expect.objectContaining({ kind: 'read', policy: expect.objectContaining(rules) as unknown }),
      { name: ORGANIZATION, kind: 'unreadable', why: 'not yours' },
    ]);
  });

  it('takes a bound policy of another ID that carries the annotation', async () => {
    const on = stageWith({ [TEAM]: managed }, [TEAM]);
    expect(await read(on)).toMatchObject({ name: TEAM, isBound: true, others: [] });
    // The usual one is not bound, or not ours.
    const both = stageWith({ [TEAM]: managed, [ACCESS_POLICY]: {} }, [TEAM, ACCESS_POLICY]);
    expect(await read(both)).toMatchObject({ name: TEAM, others: [{ name: ACCESS_POLICY }] });
    const usual = stageWith({ [TEAM]: managed, [ACCESS_POLICY]: managed }, [TEAM, ACCESS_POLICY]);
    expect(await read(usual)).toMatchObject({ name: ACCESS_POLICY, others: [{ kind: 'read' }] });
  });

  it('never one of another project, a folder or an organization, whatever it carries', async () => {
    for (const name of [ELSEWHERE, ORGANIZATION]) {
      const on = stageWith({ [name]: managed }, [name]);
      expect(await read(on)).toMatchObject({ name: ACCESS_POLICY, policy: null, isBound: false });
    }
  });

  it('a binding to something else is none to the project', async () => {
    const on = stageWith({ [ACCESS_POLICY]: managed }, []);
    const target = { resource: '//cloudresourcemanager.googleapis.com/projects/202020' };
    on.google.access.bindings.set('b', { name: 'b', policy: ACCESS_POLICY, policyKind: 'ACCESS', target });
    expect(await read(on)).toMatchObject({ isBound: false });
  });

  it('without the right to search the project, asks the policy itself', async () => {
    const on = stageWith({ [ACCESS_POLICY]: managed, [TEAM]: {} }, [ACCESS_POLICY, TEAM]);
    on.google.script('accesspolicies.bindingsTo', denied());
    expect(await read(on)).toMatchObject({ isBound: true, bindings: { kind: 'unreadable' }, others: [] });
    const none = stageWith({}, []);
    none.google.script('accesspolicies.bindingsTo', denied());
    expect(await read(none)).toMatchObject({ isBound: false, policy: null });
  });

  it('without the right to read our own policy there is no plan', async () => {
    const on = stageWith({ [ACCESS_POLICY]: managed }, [ACCESS_POLICY]);
    on.google.script('accesspolicies.getPolicy', denied());
    expect(await thrownBy(() => read(on))).toMatchObject({ status: 403 });
  });
});

describe('readNeighbours', () => {
  const extension = (id: string): string => `projects/${PROJECT.id}/locations/us-central1/authzExtensions/${id}`;
  const policy = (gateways: readonly string[], id: string) => ({
    name: id,
    action: 'CUSTOM',
    target: { resources: gateways.map((name) => gatewayNamed(name)) },
    customProvider: { authzExtension: { resources: [extension(id)] } },
  });
  const iap = (id: string, iapPolicyVersion: string) => ({
    name: extension(id),
    service: 'iap.googleapis.com',
    metadata: { iapPolicyVersion },
  });

  it('names the gateways that decide by access policies, and not the one that was read', async () => {
    const on = stage();
    for (const [id, version] of [
      ['v2', 'V2'],
      ['v1', 'V1'],
    ] as const)
      on.google.extensions.set(extension(id), iap(id, version));
    const reading: EnforcementReading = {
      kind: 'read',
      policies: [policy(['egress', 'shared'], 'own')],
      extensions: [iap('own', 'V2')],
      others: [policy(['second'], 'v2'), policy(['third'], 'v1'), policy(['fourth'], 'gone')],
    };
    expect(await readNeighbours(gatewayNamed('egress'), reading, on.google)).toEqual([
      gatewayNamed('second'),
      gatewayNamed('shared'),
    ]);
    expect(await readNeighbours(undefined, reading, on.google)).toEqual([]);
    expect(await readNeighbours(gatewayNamed('egress'), undefined, on.google)).toEqual([]);
  });
});
