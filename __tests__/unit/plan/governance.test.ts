import { describe, expect, it } from '@jest/globals';
import type { Desired } from '../../../src/config/desired.js';
import type { AuthzExtension, AuthzPolicy } from '../../../src/google/types.js';
import type { EnforcementReading } from '../../../src/observe/enforcement.js';
import { governanceOf, type GovernedEngine } from '../../../src/plan/governance.js';
import { desired, gateway, gatewayNamed, observed, PROJECT } from '../../support/builders.js';

const want = desired({ gateways: { egress: gateway('egress') } });
const engine: GovernedEngine = { egress: gatewayNamed('egress'), ingress: null, granted: true, failed: false };
const extensionName = `projects/${PROJECT.id}/locations/us-central1/authzExtensions/iap`;

const policy = (more: Partial<AuthzPolicy> = {}): AuthzPolicy => ({
  name: `projects/${PROJECT.id}/locations/us-central1/authzPolicies/p`,
  action: 'CUSTOM',
  customProvider: { authzExtension: { resources: [extensionName] } },
  ...more,
});
const extension = (more: Partial<AuthzExtension> = {}): AuthzExtension => ({
  name: extensionName,
  service: 'iap.googleapis.com',
  ...more,
});
const read = (policies = [policy()], extensions = [extension()]): EnforcementReading => ({
  kind: 'read',
  policies,
  extensions,
});
const verdict = (is: Partial<GovernedEngine> = {}, enforcement?: EnforcementReading, declared: Desired = want) =>
  governanceOf({ ...engine, ...is }, declared, observed(enforcement ? { enforcement } : {}));

describe('governed', () => {
  it.each<[string, EnforcementReading]>([
    ['the policy asks IAP', read()],
    ['policy version V1', read([policy()], [extension({ metadata: { iapPolicyVersion: 'V1' } })])],
    [
      'enforcement said in words',
      read([policy()], [extension({ metadata: { iamEnforcementMode: 'ENFORCE' }, failOpen: false })]),
    ],
    ['the profile of requests', read([policy({ policyProfile: 'REQUEST_AUTHZ' })])],
    [
      'extension named with the number',
      read([
        policy({
          customProvider: { authzExtension: { resources: [extensionName.replace(PROJECT.id, PROJECT.number)] } },
        }),
      ]),
    ],
  ])('%s', (_what, enforcement) => {
    expect(verdict({}, enforcement)).toEqual({ verdict: 'governed', why: '' });
  });

  it('bound by the number of the project', () => {
    expect(verdict({ egress: gatewayNamed('egress', PROJECT.number) }, read()).verdict).toBe('governed');
  });
});

describe('not enforced', () => {
  it.each<[string, EnforcementReading, RegExp]>([
    ['no policy', read([], []), /no authorization policy/],
    ['a policy that decides by itself', read([policy({ action: 'ALLOW' })]), /no authorization policy/],
    ['a policy about contents', read([policy({ policyProfile: 'CONTENT_AUTHZ' })]), /no authorization policy/],
    [
      'an extension that is not IAP',
      read([policy()], [extension({ service: 'authz.example.com' })]),
      /no authorization policy/,
    ],
    [
      'an extension that no policy names',
      read([policy()], [extension({ name: `${extensionName}-2` })]),
      /no authorization policy/,
    ],
    [
      'a policy version that came later',
      read([policy()], [extension({ metadata: { iapPolicyVersion: 'V3' } })]),
      /version not known here/,
    ],
    ['a dry run', read([policy()], [extension({ metadata: { iamEnforcementMode: 'DRY_RUN' } })]), /DRY_RUN/],
    ['fail open', read([policy()], [extension({ failOpen: true })]), /failOpen/],
    [
      'what could not be read',
      { kind: 'unreadable', why: 'permission denied' },
      /could not be read \(permission denied\)/,
    ],
  ])('%s', (_what, enforcement, why) => {
    expect(verdict({}, enforcement)).toEqual({ verdict: 'not-enforced', why: expect.stringMatching(why) as unknown });
  });

  it.each<[string, Partial<GovernedEngine>, RegExp]>([
    ['grants are missing', { granted: false }, /grants .* missing/],
    ['the last update failed', { failed: true }, /last update failed/],
    ['another gateway', { egress: gatewayNamed('old') }, /another egress gateway/],
    ['the same name in another project', { egress: gatewayNamed('egress', 'acme-network') }, /another egress gateway/],
    ['ingress alone', { egress: null, ingress: gatewayNamed('ingress') }, /egress is not routed/],
  ])('%s', (_what, is, why) => {
    expect(verdict(is, read())).toEqual({ verdict: 'not-enforced', why: expect.stringMatching(why) as unknown });
  });

  it.each<[string, Desired]>([
    ['undeclared', desired()],
    ['declared none', desired({ gateways: { egress: 'none' } })],
  ])('egress %s: nobody looked', (_what, declared) => {
    expect(verdict({}, undefined, declared)).toMatchObject({ verdict: 'not-enforced' });
  });
});

it('not bound is not governed', () => {
  expect(verdict({ egress: null }, read()).verdict).toBe('not-bound');
});
