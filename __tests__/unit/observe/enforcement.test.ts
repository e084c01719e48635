import { describe, expect, it } from '@jest/globals';
import type { AuthzPolicy } from '../../../src/google/types.js';
import { readEnforcement } from '../../../src/observe/enforcement.js';
import { stage, type Stage } from '../../support/apply.js';
import { gatewayNamed, PROJECT } from '../../support/builders.js';
import { apiError, reset, thrownBy } from '../../support/errors.js';

const extension = `projects/${PROJECT.id}/locations/us-central1/authzExtensions/iap`;
const policyFor = (target: string, name = 'p'): AuthzPolicy => ({
  name,
  target: { resources: [target] },
  action: 'CUSTOM',
  customProvider: { authzExtension: { resources: [extension] } },
});

function withPolicies(...policies: AuthzPolicy[]): Stage {
  const on = stage();
  on.google.authzPolicies.push(...policies);
  on.google.extensions.set(extension, { name: extension, service: 'iap.googleapis.com' });
  return on;
}

const read = (on: Stage) => readEnforcement(gatewayNamed('egress'), on.google);

describe('readEnforcement', () => {
  it.each([
    gatewayNamed('egress'),
    gatewayNamed('egress', PROJECT.number),
    `//networkservices.googleapis.com/${gatewayNamed('egress')}`,
  ])('finds the policies that target %s, and what they call', async (target) => {
    const on = withPolicies(policyFor(target), policyFor(gatewayNamed('another-egress'), 'other'));
    expect(await read(on)).toEqual({
      kind: 'read',
      policies: [policyFor(target)],
      extensions: [{ name: extension, service: 'iap.googleapis.com' }],
      others: [policyFor(gatewayNamed('another-egress'), 'other')],
    });
  });

  it('reads an extension that two policies call once', async () => {
    const on = withPolicies(policyFor(gatewayNamed('egress')), policyFor(gatewayNamed('egress'), 'q'));
    await read(on);
    expect(on.google.called('networkservices.getAuthzExtension')).toEqual([extension]);
  });

  it('says that there is no policy', async () => {
    expect(await read(withPolicies())).toEqual({ kind: 'read', policies: [], extensions: [], others: [] });
  });

  it.each([
    ['networksecurity.listAuthzPolicies', apiError(403, 'PERMISSION_DENIED', { message: 'no' })],
    ['networkservices.getAuthzExtension', apiError(404, 'NOT_FOUND', { message: 'no' })],
  ])('is unreadable, which stops nothing, where %s is refused', async (method, error) => {
    const on = withPolicies(policyFor(gatewayNamed('egress')));
    on.google.script(method, error);
    expect(await read(on)).toEqual({ kind: 'unreadable', why: 'no' });
  });

  it('a connection that breaks stops nothing either', async () => {
    const on = withPolicies();
    on.google.script('networksecurity.listAuthzPolicies', reset());
    expect(await read(on)).toMatchObject({ kind: 'unreadable' });
  });

  it('a refused token does', async () => {
    const on = withPolicies();
    on.google.script('networksecurity.listAuthzPolicies', apiError(401, 'UNAUTHENTICATED'));
    expect(await thrownBy(() => read(on))).toMatchObject({ status: 401 });
  });
});
