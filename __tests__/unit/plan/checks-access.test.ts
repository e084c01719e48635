import { describe, expect, it } from '@jest/globals';
import type { AccessRule, AuthzExtension } from '../../../src/google/types.js';
import type { Observed, ObservedAccess } from '../../../src/observe/observed.js';
import type { Desired } from '../../../src/config/desired.js';
import { editRules } from '../../../src/plan/access/rules.js';
import { makePlan } from '../../../src/plan/plan.js';
import { grantChanges, type Finding } from '../../../src/plan/types.js';
import { access, edit, foreignRule, policyWith, rule } from '../../support/access.js';
import {
  agent,
  desired,
  egressConfig,
  egressGateway,
  endpoint,
  gateway,
  gatewayNamed,
  memberOf,
  observed,
  observedEngine,
  ownedService,
  PROJECT,
  resourceOf,
  UNIVERSE,
  type ObservedParts,
} from '../../support/builders.js';

const EXTENSION = `projects/${PROJECT.id}/locations/us-central1/authzExtensions/iap`;
const POLICY = `projects/${PROJECT.id}/locations/global/accessPolicies/agent-gateway-egress`;
const [A, B] = [memberOf('1'), memberOf('2')];
const extension: AuthzExtension = {
  name: EXTENSION,
  service: 'iap.googleapis.com',
  metadata: { iapPolicyVersion: 'V2' },
};

/** Two bound agents; the first may reach stripe, the second nothing. */
const world = (rules: readonly AccessRule[], more: Partial<ObservedAccess> = {}, parts: ObservedParts = {}): Observed =>
  observed({
    engines: [
      observedEngine('1', { displayName: 'Support', allow: ['stripe'], config: egressConfig('egress') }),
      observedEngine('2', { displayName: 'Billing', config: egressConfig('egress') }),
    ],
    services: [ownedService('stripe', ['api.stripe.com'])],
    gateways: { egress: egressGateway() },
    enforcement: {
      kind: 'read',
      policies: [{ name: 'p', action: 'CUSTOM', customProvider: { authzExtension: { resources: [EXTENSION] } } }],
      extensions: [extension],
    },
    access: access(rules, more),
    ...parts,
  });
const want = (more: Partial<Desired> = {}): Desired =>
  desired({
    gateways: { egress: gateway('egress') },
    endpoints: [endpoint('stripe', ['api.stripe.com'])],
    agents: [agent('1', ['stripe']), agent('2', [])],
    ...more,
  });
const own = editRules([], [edit('stripe', [A])]);
const both = [resourceOf('stripe'), resourceOf('stripe').replace(PROJECT.number, PROJECT.id)];
const AT_STRIPE = `destination.agent_registry.endpoint.name in ['${both.join("', '")}']`;
const deny = (principals: readonly string[], expression?: string, description?: string): AccessRule =>
  rule(principals, expression, { effect: 'DENY', ...(description ? { description } : {}) });

function found(seen: Observed, ids: string, config = want()): Pick<Finding, 'level' | 'message' | 'remedy'>[] {
  return makePlan(config, seen, UNIVERSE)
    .checks.filter(({ id }) => id === ids)
    .map(({ level, message, remedy }) => ({ level, message, remedy }));
}

describe('access-denied-by-rule', () => {
  const id = 'access-denied-by-rule';
  it('names the rule, the agent and the endpoint, granted already or not', () => {
    const expected = {
      level: 'error',
      message: `Rule 1 of access policy ${POLICY} ("freeze") denies "Support" at endpoint stripe. Denials win over everything that is allowed, so these grants would do nothing.`,
    };
    const freeze = deny([A, B], AT_STRIPE, 'freeze');
    expect(found(world([freeze, ...own]), id)).toEqual([expect.objectContaining(expected)]);
    expect(found(world([freeze]), id)).toEqual([expect.objectContaining(expected)]);
  });

  it('looks into every policy that is bound to the project, wherever it is', () => {
    const name = 'organizations/5550001/locations/global/accessPolicies/guardrail';
    const policy = { ...policyWith([deny(['principalSet://agents.global.org-5550001.system.id.goog/*'])]), name };
    const [only] = found(world(own, { others: [{ name, kind: 'read', policy }] }), id);
    expect(only?.message).toContain(`Rule 1 of access policy ${name} denies "Support" at endpoint stripe`);
  });

  it('is about an endpoint that is yet to be registered, too', () => {
    const seen = world([deny([A], 'destination.is_registered == true')], {}, { services: [] });
    expect(found(seen, id)).toHaveLength(1);
  });

  it('a denial that was made of our rule is theirs', () => {
    const [first] = own;
    expect(found(world([{ ...first, effect: 'DENY' }]), id)).toHaveLength(1);
  });

  it.each([
    ['another agent', deny([B], AT_STRIPE)],
    ['another endpoint', deny([A], `destination.agent_registry.endpoint.name == '${resourceOf('models')}'`)],
    ['hosts that are not registered', deny([A], "destination.unregistered.host == 'api.stripe.com'")],
    ['another permission', { ...deny([A]), operation: { permissions: ['eventarc.googleapis.com/x.y'] } }],
    [
      'nobody, since the agent is left out',
      { ...deny(['principalSet://agents.global.org-5550001.system.id.goog/*']), excludedPrincipals: [A] },
    ],
    ['what is allowed', rule([A])],
  ])('says nothing of a rule about %s', (_what, other) => {
    expect(found(world([other, ...own]), id)).toEqual([]);
    expect(found(world([other, ...own]), 'access-rule-unclear')).toEqual([]);
  });

  it.each([
    ['a condition that is not evaluated here', deny([A], "destination.agent_registry.endpoint.name.matches('.*')")],
    ['a condition that is no CEL', deny([A], 'whatever &&')],
    ['one form of the name', deny([A], `destination.agent_registry.endpoint.name == '${both[0] ?? ''}'`)],
    ['a set of which nobody knows who is in it', deny(['principalSet://goog/public:all'], AT_STRIPE)],
  ])('only guesses at %s', (_what, other) => {
    expect(found(world([other]), id)).toEqual([]);
    expect(found(world([other]), 'access-rule-unclear')).toEqual([
      expect.objectContaining({
        level: 'warning',
        message: expect.stringContaining('may deny "Support" at endpoint stripe'),
      }),
    ]);
  });
});

describe('the binding of the policy', () => {
  const bindings = (count: number): ObservedAccess['bindings'] => ({
    kind: 'read',
    bindings: Array.from({ length: count }, (_, index) => ({ name: `b${index}`, policy: `policy-${index}` })),
  });

  it('is impossible beside five others, which are named', () => {
    const full = world([], { isBound: false, bindings: bindings(5) });
    expect(found(full, 'access-policy-bindings')).toEqual([
      expect.objectContaining({
        level: 'error',
        message: `Access policy ${POLICY} cannot be bound to project acme-agents: 5 access policies may be, and 5 are, policy-0, policy-1, policy-2, policy-3, policy-4.`,
      }),
    ]);
    expect(found(world([], { isBound: false, bindings: bindings(4) }), 'access-policy-bindings')).toEqual([]);
    expect(found(world([], { bindings: bindings(5) }), 'access-policy-bindings')).toEqual([]);
  });

  it('is forbidden by the managed constraint, but only where it is not there yet', () => {
    const constraint = { kind: 'enforced', constraint: 'iam.managed.disableAccessPolicyBinding' } as const;
    const [only] = found(world([], { isBound: false, constraint }), 'access-policy-forbidden');
    expect(only).toMatchObject({ level: 'error', message: expect.stringContaining(constraint.constraint) });
    expect(only?.remedy).toContain(
      '{"name":"projects/acme-agents/policies/iam.managed.disableAccessPolicyBinding","spec":{"rules":[{"enforce":false}]}}',
    );
    expect(found(world([], { constraint }), 'access-policy-forbidden')).toEqual([]);
  });

  it('makes every rule of an unbound policy a grant to come', () => {
    const changes = grantChanges(makePlan(want(), world(own, { isBound: false }), UNIVERSE));
    expect(changes.map(({ action }) => action)).toEqual(['create']);
  });
});

describe('what could not be read', () => {
  it('is named', () => {
    const name = 'folders/77/locations/global/accessPolicies/x';
    const seen = world([], {
      isBound: false,
      bindings: { kind: 'unreadable', why: 'no right' },
      others: [{ name, kind: 'unreadable', why: 'Permission denied.' }],
      constraint: { kind: 'unreadable', why: 'not yours' },
    });
    expect(found(seen, 'not-readable').map(({ level, message }) => `${level} ${message}`)).toEqual([
      expect.stringMatching(/^warning Access policy folders\/77.* could not be read, .*: Permission denied\.$/),
      expect.stringMatching(/^warning The access policies that are bound .*\(no right\)/),
      expect.stringMatching(/^note Whether an organization policy forbids .*: not yours$/),
    ]);
    expect(found(world([]), 'not-readable')).toEqual([]);
  });
});

describe('rules', () => {
  it('of this config that somebody changed are said to be written anew', () => {
    const [first] = own;
    const narrowed = { ...first, excludedPrincipals: [B] };
    expect(found(world([narrowed]), 'access-rule-changed')).toEqual([
      expect.objectContaining({ level: 'warning', message: expect.stringContaining('endpoint stripe') }),
    ]);
    expect(found(world(own), 'access-rule-changed')).toEqual([]);
  });

  it('that were changed stay beside a sound one, since nothing is written then: they go by hand', () => {
    const wider = { ...own[0], conditions: { 'iap.googleapis.com': { expression: 'true' } } };
    expect(found(world([wider]), 'access-rule-changed')).toMatchObject([
      { remedy: expect.stringContaining('it is written anew') },
    ]);
    expect(found(world([...own, wider]), 'access-rule-changed')).toMatchObject([
      { remedy: expect.stringContaining('Take the rule away by hand') },
    ]);
  });

  it('make the registry-wide policy shadow nobody: it is of the other model', () => {
    const registryPolicy = {
      version: 3,
      etag: 'r',
      bindings: [{ role: 'roles/iap.egressor', members: ['user:a@example.com'] }],
    };
    expect(found({ ...world([]), registryPolicy }, 'registry-wide-shadowed')).toEqual([]);
  });

  it('of others that allow the same are noted, and ours is written all the same', () => {
    const theirs = { ...foreignRule('stripe', [A]), conditions: { 'iap.googleapis.com': { expression: AT_STRIPE } } };
    const seen = world([theirs]);
    expect(found(seen, 'access-allowed-otherwise')).toEqual([
      expect.objectContaining({
        level: 'note',
        message: `Rule 1 of access policy ${POLICY} ("payments team") allows "Support" at endpoint stripe already.`,
      }),
    ]);
    expect(grantChanges(makePlan(want(), seen, UNIVERSE)).map(({ action }) => action)).toEqual(['create']);
    expect(found(world([theirs, ...own]), 'access-allowed-otherwise')).toEqual([]);
  });

  it('of others that still allow whom prune takes out are said, this config’s own in another policy among them', () => {
    const theirs = { ...foreignRule('stripe', [B]), conditions: { 'iap.googleapis.com': { expression: AT_STRIPE } } };
    const left = policyWith(editRules([], [edit('stripe', [B])]), { name: `${POLICY}-old` });
    const others = [{ name: left.name, kind: 'read' as const, policy: left }];
    const seen = world([theirs, ...editRules([], [edit('stripe', [A, B])])], { others });
    expect(found(seen, 'access-allowed-otherwise', want({ prune: true }))).toEqual([
      expect.objectContaining({
        level: 'warning',
        message: `Rule 1 of access policy ${POLICY} ("payments team") still allows "Billing" at endpoint stripe, whom this plan takes out of the rule of this config alone.`,
      }),
      expect.objectContaining({ message: expect.stringContaining(`Rule 1 of access policy ${POLICY}-old ("bag:`) }),
    ]);
    expect(found(seen, 'access-allowed-otherwise')).toEqual([]);
  });

  it('that are too many or too large are an error that can be made a warning', () => {
    const many = Array.from({ length: 500 }, (_, index) => ({
      ...foreignRule('x', ['principalSet://x/*']),
      description: `${index}`,
    }));
    const [only] = found(world(many), 'access-policy-too-large');
    expect(only?.message).toMatch(/would have 501 rules, .*; [\d,]+ bytes/);
    expect(found(world([...many.slice(1), ...own]), 'access-policy-too-large')).toEqual([]);
    const some = many.slice(0, 100);
    expect(found(world(some), 'quota-near').map(({ message }) => message)).toEqual([
      expect.stringContaining('has 101 rules'),
    ]);
    expect(found(world(some.slice(0, 98)), 'quota-near')).toEqual([]);
  });

  it('count at the other gateways of the project, too', () => {
    const neighbours = [gatewayNamed('other')];
    expect(found(world([], { neighbours }), 'access-policy-project-wide')).toEqual([
      expect.objectContaining({
        level: 'warning',
        message: expect.stringContaining('(other): "Support" (stripe) may then pass there, too.'),
      }),
    ]);
    expect(found(world(own, { neighbours }), 'access-policy-project-wide')).toEqual([]);
    const two = editRules([], [edit('stripe', [A, B])]);
    const [lost] = found(world(two, { neighbours }), 'access-policy-project-wide', want({ prune: true }));
    expect(lost?.message).toContain('"Billing" (stripe) may then no longer pass there either.');
  });

  it('of this config with members that are gone or declared no longer are said, and taken away with prune', () => {
    const gone = memberOf('99');
    const rules = editRules([], [edit('stripe', [A, B, gone]), edit('models', [A])]);
    const kept = world(rules, {}, { gone: new Set(['99']) });
    expect(found(kept, 'stale-members').map(({ message }) => message)).toEqual([expect.stringContaining(gone)]);
    expect(found(kept, 'prunable').map(({ message }) => message)).toEqual([
      expect.stringContaining('for endpoint models in access policy'),
      expect.stringContaining('still allows "Billing"'),
    ]);
    const changes = grantChanges(makePlan(want({ prune: true }), kept, UNIVERSE)).filter(
      ({ action }) => action === 'remove',
    );
    expect(changes.map(({ key, member, why }) => [key, member, why])).toEqual([
      ['models', A, 'not-allowed'],
      ['stripe', B, 'not-allowed'],
      ['stripe', gone, 'engine-gone'],
    ]);
  });
});

describe('members of rules of others that are gone', () => {
  const stale = { ...foreignRule('stripe'), principals: [A, `deleted:${B}?uid=1`] };

  it('are said when the policy is to be written', () => {
    expect(found(world([stale]), 'stale-members')).toEqual([
      {
        level: 'warning',
        message: `Rule 1 of access policy ${POLICY} ("payments team") still names who is gone: deleted:${B}?…. IAM may refuse every write to the policy until they are taken out.`,
        remedy: 'Take them out of it: rules of others are sent back as they are.',
      },
    ]);
  });

  it('are nobody’s business otherwise, and those of other configs are left out by every write', () => {
    expect(found(world([stale, ...own]), 'stale-members')).toEqual([]);
    const ofConfig = { ...stale, description: 'bag:abcdefabcdef.abcdefabcdef x' };
    expect(found(world([ofConfig]), 'stale-members')).toEqual([]);
  });
});

describe('who takes members out of rules', () => {
  const rules = editRules([], [edit('stripe', [A, B, memberOf('3'), memberOf('99')])]);
  const removed = (config: Desired, parts: ObservedParts = {}): string[] =>
    grantChanges(makePlan(config, world(rules, {}, { gone: new Set(['99']), ...parts }), UNIVERSE))
      .filter(({ action }) => action === 'remove')
      .map(({ member, why }) => `${member.slice(member.lastIndexOf('/') + 1)} ${why ?? ''}`);

  it('a run of the whole file: everybody who is not declared', () => {
    const siblings = [observedEngine('3')];
    expect(removed(want({ prune: true }), { siblings })).toEqual(['2 not-allowed', '3 not-declared', '99 engine-gone']);
  });

  it('not an engine that was not listed and of which nobody could say that it is gone', () => {
    expect(removed(want({ prune: true }), { gone: new Set() })).toEqual(['2 not-allowed']);
  });

  it('a run that is narrowed to some engines: only these, and who is gone', () => {
    const only = [agent('1', []).selector, agent('2', []).selector];
    expect(removed(want({ prune: true, partial: true, only }))).toEqual(['2 not-allowed', '99 engine-gone']);
  });

  it('another config, or a run without prune: nobody', () => {
    expect(removed(want({ prune: true, config: 'other.yaml' }))).toEqual([]);
    expect(removed(want())).toEqual([]);
  });
});
