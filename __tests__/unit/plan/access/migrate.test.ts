import { describe, expect, it } from '@jest/globals';
import type { Desired } from '../../../../src/config/desired.js';
import type { AccessRule, IamBinding } from '../../../../src/google/types.js';
import type { Observed, ObservedAccess } from '../../../../src/observe/observed.js';
import { CARRIED } from '../../../../src/plan/access/marks.js';
import { editRules } from '../../../../src/plan/access/rules.js';
import { switchCommands, switchHindrances } from '../../../../src/plan/access/switch.js';
import { makePlan } from '../../../../src/plan/plan.js';
import { accessGrants, allowPolicyGrants, type Finding, type Plan } from '../../../../src/plan/types.js';
import { access, edit } from '../../../support/access.js';
import {
  agent,
  desired,
  egressConfig,
  egressGateway,
  EGRESSOR,
  endpoint,
  gateway,
  memberOf,
  observed,
  observedEngine,
  ownedService,
  PROJECT,
  service,
  UNIVERSE,
  type ObservedParts,
} from '../../../support/builders.js';

const EXTENSION = `projects/${PROJECT.id}/locations/us-central1/authzExtensions/iap`;
const [A, B] = [memberOf('1'), memberOf('2')];
const STRANGER = A.replace('/projects/101010/', '/projects/303030/');
const SET = 'principalSet://agents.global.org-5550001.system.id.goog/attribute.platform/aiplatform';
const binding = (members: readonly string[], expression?: string): IamBinding => ({
  role: EGRESSOR,
  members: [...members],
  ...(expression === undefined ? {} : { condition: { expression } }),
});

/** A gateway that decides by allow policies; the first agent may reach stripe, the second nothing. */
function world(
  own: readonly IamBinding[],
  registryWide: readonly IamBinding[] = [],
  rules: readonly AccessRule[] = [],
  more: Partial<ObservedAccess> = {},
  parts: ObservedParts = {},
): Observed {
  return observed({
    engines: [
      observedEngine('1', { displayName: 'Support', allow: ['stripe'], config: egressConfig('egress') }),
      observedEngine('2', { displayName: 'Billing', config: egressConfig('egress') }),
    ],
    services: [ownedService('stripe', ['api.stripe.com'])],
    gateways: { egress: egressGateway() },
    enforcement: {
      kind: 'read',
      policies: [{ name: 'p', action: 'CUSTOM', customProvider: { authzExtension: { resources: [EXTENSION] } } }],
      extensions: [{ name: EXTENSION, service: 'iap.googleapis.com', metadata: { iapPolicyVersion: 'V1', x: "it's" } }],
    },
    policies: { stripe: { etag: 'e', bindings: [...own] } },
    registryPolicy: { etag: 'e', bindings: [...registryWide] },
    access: access(rules, more),
    ...parts,
  });
}

const want = (more: Partial<Desired> = {}): Desired =>
  desired({
    gateways: { egress: gateway('egress') },
    endpoints: [endpoint('stripe', ['api.stripe.com'])],
    agents: [agent('1', ['stripe']), agent('2', [])],
    migrate: true,
    ...more,
  });
const plan = (seen: Observed, config = want()): Plan => makePlan(config, seen, UNIVERSE);
/** `action last-part-of-member own|carried` */
const rulesOf = (of: Plan): string[] =>
  accessGrants(of).map(({ action, member, engine }) => `${action} ${member} ${engine ? 'own' : 'carried'}`);
const findings = (of: Plan, id: string): Finding[] => of.checks.filter((finding) => finding.id === id);
const messages = (of: Plan, id: string): string[] =>
  findings(of, id).map(({ level, message }) => `${level} ${message}`);

describe('while a gateway decides by allow policies', () => {
  it('rules are written for the declared and for everybody else who is let in', () => {
    const of = plan(world([binding([A, STRANGER, SET])]));
    expect(allowPolicyGrants(of).map(({ action }) => action)).toEqual(['keep']);
    expect(rulesOf(of)).toEqual([`create ${A} own`, `create ${STRANGER} carried`, `create ${SET} carried`]);
    expect(of.grantModel).toMatchObject({ decides: ['V1'], writes: ['V1', 'V2'] });
    expect(of.summary.grant).toBe(3);
  });

  it('nothing of that without migrate', () => {
    expect(rulesOf(plan(world([binding([A, STRANGER])]), want({ migrate: false })))).toEqual([]);
  });

  it('members of the registry-wide policy count where the endpoint has no policy of its own after this plan', () => {
    const nobody = want({ agents: [agent('1', []), agent('2', [])] });
    const open = world([], [binding([STRANGER])], [], {}, { engines: [] });
    expect(rulesOf(plan(open, nobody))).toEqual([`create ${STRANGER} carried`]);
    // The first grant there takes the place of the registry-wide policy.
    expect(rulesOf(plan(world([], [binding([STRANGER])])))).toEqual([`create ${A} own`]);
    const carrying = want({ endpoints: [endpoint('stripe', ['api.stripe.com'], { carryOver: true })] });
    expect(rulesOf(plan(world([], [binding([STRANGER])]), carrying))).toEqual([
      `create ${A} own`,
      `create ${STRANGER} carried`,
    ]);
  });

  it('what the next prune would take away stays this config’s to take away', () => {
    const of = plan(world([binding([A, B])]));
    expect(rulesOf(of)).toEqual([`create ${A} own`, `create ${B} own`]);
    expect(rulesOf(plan(world([binding([A, B])]), want({ prune: true })))).toEqual([`create ${A} own`]);
  });

  it('a narrowed run leaves the other engines of its scope to their own runs, and says so until they have a rule', () => {
    const first = want({
      agents: [agent('1', ['stripe']), agent('2', ['stripe'])],
      only: [agent('1', []).selector],
      partial: true,
    });
    const narrowed = (rules: readonly AccessRule[]): Observed =>
      world(
        [binding([A, B, STRANGER])],
        [],
        rules,
        {},
        {
          engines: [observedEngine('1', { displayName: 'Support', allow: ['stripe'], config: egressConfig('egress') })],
          siblings: [observedEngine('2', { displayName: 'Billing', config: egressConfig('egress') })],
        },
      );
    const of = plan(narrowed([]), first);
    expect(rulesOf(of)).toEqual([`create ${A} own`, `create ${STRANGER} carried`]);
    expect(messages(of, 'migration-incomplete')).toEqual([
      `warning Endpoint stripe also lets in ${B}, and this run looks at other engines alone, so no rule is written for them.`,
    ]);
    const carried = { mark: { ...edit('stripe', []).mark, owner: CARRIED } };
    const all = editRules([], [edit('stripe', [A, B]), edit('stripe', [STRANGER], carried)]);
    expect(messages(plan(narrowed(all), first), 'migration-incomplete')).toEqual([]);
    expect(findings(plan(narrowed(all), first), 'migration-ready')).toHaveLength(1);
  });

  it('nobody is carried over who is gone', () => {
    const gone = memberOf('99');
    const members = [binding([A, gone, `deleted:${STRANGER}?uid=1`])];
    const asked = (ids: readonly string[]): Observed => world(members, [], [], {}, { gone: new Set(ids) });
    expect(rulesOf(plan(asked(['99'])))).toEqual([`create ${A} own`]);
    // An engine that was not listed may be there all the same.
    expect(rulesOf(plan(asked([])))).toEqual([`create ${A} own`, `create ${gone} carried`]);
  });

  it('a condition is never dropped: only one that is simply true is carried over', () => {
    const of = plan(
      world([
        binding([A]),
        binding([STRANGER], 'true'),
        binding([SET], 'request.time < timestamp("2027-01-01T00:00:00Z")'),
      ]),
    );
    expect(rulesOf(of)).toEqual([`create ${A} own`, `create ${STRANGER} carried`]);
    expect(messages(of, 'migration-incomplete')).toEqual([
      `warning ${SET} reaches endpoint stripe under a condition that no access rule can have, so it is not carried over: request.time < timestamp("2027-01-01T00:00:00Z")`,
    ]);
    expect(rulesOf(plan(world([binding([A]), binding([STRANGER], 'false')])))).toEqual([`create ${A} own`]);
    expect(rulesOf(plan(world([binding([A, SET]), binding([SET], 'x.y')])))).toContain(`create ${SET} carried`);
  });

  it('members that are no agents are named, and everybody is more than a note', () => {
    const of = plan(world([binding([A, 'group:team@example.com', 'user:x@example.com', 'allUsers'])]));
    expect(rulesOf(of)).toEqual([`create ${A} own`]);
    expect(messages(of, 'migration-incomplete')).toEqual([
      expect.stringMatching(/^warning Endpoint stripe lets in allUsers, which no access rule takes/),
      expect.stringMatching(/^note Endpoint stripe also names group:team@example\.com, user:x@example\.com; no agent/),
    ]);
  });

  it('endpoints that this config does not declare are left to others, and named', () => {
    const services = [ownedService('stripe', ['api.stripe.com']), service('theirs', ['their.example'])];
    const of = plan(world([binding([A])], [binding([STRANGER])], [], {}, { services }));
    expect(messages(of, 'migration-incomplete')).toEqual([
      expect.stringMatching(/^warning No access rule is about projects\/acme-agents\/.*\/services\/theirs,/),
      expect.stringMatching(/^warning The registry-wide policy lets in principal:.* not for .*\/services\/theirs\.$/),
    ]);
  });
});

describe('when everything is written', () => {
  const carried = { mark: { ...edit('stripe', []).mark, owner: CARRIED } };
  const rules = editRules([], [edit('stripe', [A]), edit('stripe', [STRANGER], carried)]);
  const done = world([binding([A, STRANGER])], [], rules);

  it('nothing is left to do, and the one change that switches the gateway is told', () => {
    const of = plan(done);
    expect(rulesOf(of)).toEqual([`keep ${A} own`, `keep ${STRANGER} carried`]);
    expect(of.summary).toMatchObject({ grant: 0, register: 0, remove: 0 });
    const [ready] = findings(of, 'migration-ready');
    expect(ready).toMatchObject({ level: 'note', message: expect.stringContaining('2 members have a rule') });
    expect(ready?.remedy).toContain(
      `curl -X PATCH -H "Authorization: Bearer $(gcloud auth print-access-token)" -H 'Content-Type: application/json' 'https://networkservices.googleapis.com/v1/${EXTENSION}''?updateMask=metadata' -d '{"metadata":{"iapPolicyVersion":"V2","x":"it'\\''s"}}'`,
    );
  });

  it.each<[string, Observed]>([
    ['a rule is missing', world([binding([A, STRANGER])], [], editRules([], [edit('stripe', [A])]))],
    ['the policy is not bound', world([binding([A, STRANGER])], [], rules, { isBound: false })],
    ['somebody is left behind', world([binding([A, STRANGER]), binding([SET], 'x.y')], [], rules)],
    [
      'somebody else’s rule denies',
      world([binding([A, STRANGER])], [], [{ ...rules[0], effect: 'DENY', description: 'no' }, ...rules]),
    ],
  ])('not while %s', (_what, seen) => {
    expect(findings(plan(seen), 'migration-ready')).toEqual([]);
  });

  it('not while the registry-wide policy cannot be read: nobody knows whom it lets in', () => {
    const { registryPolicy, ...unread } = done;
    expect(registryPolicy).toBeDefined();
    expect(findings(plan(unread), 'migration-ready')).toEqual([]);
    expect(messages(plan(unread), 'migration-incomplete')).toEqual([
      expect.stringMatching(/^warning The registry-wide IAP policy of project acme-agents could not be read/),
    ]);
  });

  it('a denial that does not count yet is no error', () => {
    const denied = world([binding([A])], [], [{ ...rules[0], effect: 'DENY', description: 'no' }]);
    expect(findings(plan(denied), 'access-denied-by-rule')).toEqual([expect.objectContaining({ level: 'note' })]);
  });

  it('after the switch the same config has nothing to write, and prune takes the members away that do nothing any more', () => {
    const extensions = [{ name: EXTENSION, service: 'iap.googleapis.com', metadata: { iapPolicyVersion: 'V2' } }];
    const { enforcement } = done;
    if (enforcement?.kind !== 'read') throw new Error('not read');
    const after: Observed = { ...done, enforcement: { ...enforcement, extensions } };
    const of = plan(after);
    expect(of.changes.filter(({ action }) => action !== 'keep')).toEqual([]);
    expect(findings(of, 'migration-ready')).toEqual([]);
    const pruned = plan(after, want({ prune: true })).changes.filter(({ action }) => action === 'remove');
    expect(pruned).toEqual([expect.objectContaining({ layer: 'grant', member: A, why: 'inert' })]);
  });
});

describe('switchCommands', () => {
  it('has one for each extension that says V1, in the universe of the run', () => {
    const seen = world([]);
    expect(switchCommands(seen, 'example.goog')).toEqual([
      expect.stringContaining("'https://networkservices.example.goog/v1/projects/acme-agents/"),
    ]);
    expect(switchCommands({}, UNIVERSE)).toEqual([]);
    expect(switchCommands({ enforcement: { kind: 'unreadable', why: 'x' } }, UNIVERSE)).toEqual([]);
  });
});

describe('switchHindrances', () => {
  const hindrances = (seen: Observed): string[] => switchHindrances(plan(seen).checks);
  const denial: AccessRule = { ...editRules([], [edit('stripe', [A])])[0], effect: 'DENY', description: 'no' };

  it('are whoever is left behind, and rules of others that deny, before the first rule is written as well', () => {
    expect(hindrances(world([binding([A, 'user:x@example.com'])]))).toEqual([]);
    expect(hindrances(world([binding([A]), binding([SET], 'x.y')]))).toEqual(['migration-incomplete']);
    expect(hindrances(world([binding([A])], [], [denial]))).toEqual(['access-denied-by-rule']);
    const conditions = { 'iap.googleapis.com': { expression: 'x' } };
    expect(hindrances(world([binding([A])], [], [{ ...denial, conditions }]))).toEqual(['access-rule-unclear']);
  });
});
