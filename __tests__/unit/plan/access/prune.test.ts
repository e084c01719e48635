import { describe, expect, it } from '@jest/globals';
import type { Desired, EngineSelector } from '../../../../src/config/desired.js';
import type { AccessRule } from '../../../../src/google/types.js';
import type { Observed } from '../../../../src/observe/observed.js';
import { ownMark } from '../../../../src/plan/access/grants.js';
import { markOf, ownerHash } from '../../../../src/plan/access/marks.js';
import { editRules } from '../../../../src/plan/access/rules.js';
import { bindingChanges, grantChanges } from '../../../../src/plan/types.js';
import { access, edit, foreignRule, SCOPE } from '../../../support/access.js';
import {
  desired,
  egressConfig,
  egressGateway,
  endpoint,
  engineNamed,
  FILE,
  fromFile,
  gateway,
  memberOf,
  observed,
  observedEngine,
  ownedService,
  PROJECT,
  serviceNamed,
} from '../../../support/builders.js';
import { anotherRun, run, stage, type Stage } from '../../../support/apply.js';
import { ACCESS_POLICY } from '../../../support/google-access.js';
import { planned } from '../../../support/plan.js';

const EXTENSION = `projects/${PROJECT.id}/locations/us-central1/authzExtensions/iap`;
const extension = { name: EXTENSION, service: 'iap.googleapis.com', metadata: { iapPolicyVersion: 'V2' } };
const authz = { name: 'p', action: 'CUSTOM', customProvider: { authzExtension: { resources: [EXTENSION] } } };
const named = (text: string): EngineSelector => ({ kind: 'displayName', text, origin: fromFile() });

const want = (more: Partial<Desired> = {}): Desired =>
  desired({
    gateways: { egress: gateway('egress') },
    endpoints: [endpoint('stripe', ['api.stripe.com'])],
    agents: [{ selector: named('Support'), allow: ['stripe'] }],
    prune: true,
    ...more,
  });
const world = (rules: readonly AccessRule[], allow: readonly string[] = ['stripe']): Observed =>
  observed({
    engines: [observedEngine('1', { displayName: 'Support', allow, config: egressConfig('egress') })],
    services: [ownedService('stripe', ['api.stripe.com'])],
    gateways: { egress: egressGateway() },
    enforcement: { kind: 'read', policies: [authz], extensions: [extension] },
    access: access(rules),
  });
const outline = (config: Desired, seen: Observed): string[] =>
  grantChanges(planned(config, seen)).map(
    ({ action, member, why }) => `${action} ${member.slice(member.lastIndexOf('/') + 1)}${why ? ` ${why}` : ''}`,
  );
const own = (...ids: readonly string[]): readonly AccessRule[] => editRules([], [edit('stripe', ids.map(memberOf))]);

describe('what is taken out of rules', () => {
  it('is engines that are gone, and those that the config allows nothing there', () => {
    expect(outline(want(), world(own('1', '91')))).toEqual(['keep 1', 'remove 91 engine-gone']);
    expect(outline(want(), world(own('1'), []))).toEqual(['remove 1 not-allowed']);
  });

  it('is nothing of a rule that is not this config’s', () => {
    expect(outline(want(), world([foreignRule('stripe', [memberOf('91')]), ...own('1')]))).toEqual(['keep 1']);
  });

  it('is said to have come back when the same agent has another ID', () => {
    const plan = planned(want(), world(own('91')));
    expect(grantChanges(plan)).toMatchObject([
      { action: 'create', member: memberOf('1'), replaces: [memberOf('91')] },
      { action: 'remove', member: memberOf('91'), why: 'engine-gone', replacedBy: engineNamed('1') },
    ]);
    expect(bindingChanges(plan)).toMatchObject([{ recreatedFrom: [engineNamed('91')] }]);
    const [stale] = planned({ ...want(), prune: false }, world(own('91'))).checks.filter(
      ({ id }) => id === 'stale-members',
    );
    expect(stale?.message).toContain(`gone: ${memberOf('91')} (recreated as "Support").`);
  });

  it('is shown with the model that it is granted by when there is nothing else', () => {
    expect(planned(want(), world(own('1'), [])).grantModel).toMatchObject({
      decides: ['V2'],
      accessPolicy: { ownRules: 1, otherRules: 0 },
    });
  });
});

describe('a run that does not speak for its config', () => {
  it('takes nobody out of a rule who may use a preset: other engines may bring it more hosts', () => {
    const preset = endpoint('gemini', [], { presets: [{ name: 'gemini', origin: fromFile() }] });
    const seen = world(own('1'), ['gemini']);
    const full = want({ endpoints: [endpoint('stripe', ['api.stripe.com']), preset] });
    expect(outline(full, seen)).toContain('remove 1 not-allowed');
    const narrowed = { ...full, partial: true, only: [named('Support')] };
    expect(outline(narrowed, seen)).not.toContain('remove 1 not-allowed');
  });

  const given = want({ allowGiven: true });

  it('takes nothing out of the config’s rules, and of those of such runs only who is gone', () => {
    expect(outline(given, world(own('1', '91')))).toEqual(['create 1']);
    // Engine 7 is gone, 2 is there, and no run but the one that granted them knows why they are allowed.
    const mark = ownMark(serviceNamed('stripe'), undefined, SCOPE);
    const shared = editRules([], [edit('stripe', ['1', '2', '7'].map(memberOf), { mark, config: undefined })]);
    const seen = world(shared);
    const siblings = [observedEngine('2', { displayName: 'Billing' })];
    expect(outline(given, { ...seen, siblings })).toEqual(['keep 1', 'remove 7 engine-gone']);
  });

  it('writes rules that belong to no config, and the config’s next run leaves them alone', async () => {
    const on = bound();
    await run(on, given);
    const written = rulesIn(on);
    expect(written.map((rule) => markOf(rule)?.owner)).toEqual([ownerHash({ config: undefined, scope: SCOPE })]);
    expect(written[0]?.description).not.toContain(FILE);

    // The file says that the agent reaches something else.
    const file = want({
      endpoints: [endpoint('stripe', ['api.stripe.com']), endpoint('models', ['models.example'])],
      agents: [{ selector: { kind: 'id', id: '1', text: '1', origin: fromFile() }, allow: ['models'] }],
    });
    await run(anotherRun(on), file);
    const [first, second, ...more] = rulesIn(on);
    expect(first).toEqual(written[0]);
    expect(second && markOf(second)?.owner).toBe(ownerHash({ config: FILE, scope: SCOPE }));
    expect(more).toEqual([]);
    expect(grantChanges((await run(anotherRun(on), given)).plan).map(({ action }) => action)).toEqual(['keep']);
  });

  function bound(): Stage {
    const on = stage();
    on.google.extensions.set(EXTENSION, extension);
    on.google.authzPolicies.push({ ...authz, target: { resources: [egressGateway().name] } });
    on.google.engines.add('1', { displayName: 'Support' });
    return on;
  }
});

function rulesIn({ google }: Stage): readonly AccessRule[] {
  return google.access.policies.get(ACCESS_POLICY)?.details?.rules ?? [];
}
