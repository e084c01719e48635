import { describe, expect, it } from '@jest/globals';
import type { Desired } from '../../../src/config/desired.js';
import type { Observed } from '../../../src/observe/observed.js';
import { badgeOf, FAILED_BADGE } from '../../../src/report/badge.js';
import { driftCount, driftLine, driftOf, verdictOf, type Difference } from '../../../src/report/drift.js';
import { driftAdvice, driftMessage, driftSections } from '../../../src/report/drift-text.js';
import { reportEngines } from '../../../src/report/engines.js';
import { isChange, type Change } from '../../../src/plan/types.js';
import {
  desired,
  egressConfig,
  endpoint,
  fromFile,
  gateway,
  ingressConfig,
  memberOf,
  observed,
  observedEngine,
  ownedService,
  policyOf,
  service,
} from '../../support/builders.js';
import { declared, driftedWorld, IDS, NOT_FOUND, soundWant, soundWorld } from '../../support/drift.js';
import { DRY_RUN, EGRESS, ENFORCED, guardrails, ownConstraint, seen } from '../../support/guardrails.js';
import { planned } from '../../support/plan.js';
import { enforcing } from '../../support/reports.js';

/** What differs, by layer. */
function differences(want: Desired, world: Observed): Record<string, readonly Difference[]> {
  return Object.fromEntries(driftOf(planned(want, world)).map((layer) => [layer.layer, layer.differences]));
}
const whats = (found: readonly Difference[] | undefined): string[] => (found ?? []).map(({ what }) => what);
const one = (found: readonly Difference[] | undefined): Difference => {
  const [only, ...others] = found ?? [];
  if (!only || others.length > 0) throw new Error(`there are ${found?.length ?? 0} differences`);
  return only;
};
const enginesOf = (want: Desired, world: Observed) => reportEngines(planned(want, world), want, world);

describe('a world as declared', () => {
  const plan = planned(soundWant, soundWorld());
  const engines = enginesOf(soundWant, soundWorld());

  it('has no drift, and says what was looked at', () => {
    expect(driftOf(plan)).toEqual([]);
    expect(verdictOf(plan, [], engines)).toBe('As declared: 1 endpoint, 1 grant, 1 binding; 1 of 1 engine governed');
  });

  it('is not called as declared while a check fails', () => {
    expect(verdictOf({ ...plan, checks: [NOT_FOUND] }, [], engines)).toBe('1 failed check; 1 of 1 engine governed');
  });

  it('says nothing of bindings where no gateway is declared', () => {
    const world = observed({ engines: [observedEngine('1', { config: egressConfig('theirs') })] });
    expect(verdictOf(planned(desired(), world), [], [])).toBe('As declared: nothing');
  });

  it('may bind engines that nothing governs', () => {
    const world = { ...soundWorld(), enforcement: { kind: 'read', policies: [], extensions: [] } as const };
    expect(verdictOf(plan, [], enginesOf(soundWant, world))).toMatch(/^As declared: .*; 0 of 1 engine governed$/);
  });
});

describe('bindings', () => {
  const want = desired({ gateways: { egress: gateway('egress'), ingress: 'none' } });
  const found = (config: Parameters<typeof observedEngine>[1]): readonly Difference[] | undefined =>
    differences(want, observed({ engines: [observedEngine('7', { displayName: 'Support agent', ...config })] }))
      .binding;

  it('that are gone', () => {
    expect(one(found({}))).toMatchObject({
      what: '"Support agent" (7) is not bound to egress gateway egress',
      meaning: expect.stringContaining('does not pass the gateway'),
    });
  });

  it('to another gateway than declared', () => {
    const { what, meaning } = one(found({ config: egressConfig('pilot') }));
    expect(what).toBe('"Support agent" (7) is bound to egress gateway pilot instead of egress');
    expect(meaning).toContain('decided by that gateway');
  });

  it('that are to be none, and each direction by itself', () => {
    expect(whats(found({ config: { ...ingressConfig('ingress') } }))).toEqual([
      '"Support agent" (7) is not bound to egress gateway egress',
      '"Support agent" (7) is bound to ingress gateway ingress, and none is declared',
    ]);
  });

  it('of engines without a name are told by their ID', () => {
    expect(one(found({ displayName: '' })).what).toBe('7 is not bound to egress gateway egress');
  });
});

describe('grants', () => {
  const want = desired({ endpoints: [endpoint('stripe-api', ['api.stripe.com', 'files.stripe.com'])] });
  const services = [ownedService('stripe-api', ['api.stripe.com', 'files.stripe.com'])];
  const agents = (count: number) =>
    Array.from({ length: count }, (_none, n) =>
      observedEngine(`${n + 1}`, { displayName: `Agent ${n + 1}`, allow: ['stripe-api'] }),
    );

  it('that are lost say whose calls to what are denied', () => {
    expect(one(differences(want, observed({ engines: agents(1), services })).grant)).toEqual({
      what: 'Endpoint stripe-api has no grant for "Agent 1" (1)',
      meaning: 'Its calls to https://api.stripe.com and https://files.stripe.com are denied.',
      details: [],
      members: [memberOf('1')],
    });
  });

  it('of a fleet are one difference per endpoint, and nobody is left out', () => {
    const { what, meaning, details, members } = one(
      differences(want, observed({ engines: agents(12), services })).grant,
    );
    expect(what).toBe(
      'Endpoint stripe-api has no grant for "Agent 1" (1), "Agent 10" (10), "Agent 11" (11) and 9 more agents',
    );
    expect(meaning).toMatch(/^Their calls/);
    expect(details).toHaveLength(12);
    expect(members).toHaveLength(12);
  });

  it('to be carried over say why', () => {
    const carrying = desired({ endpoints: [endpoint('stripe-api', ['api.stripe.com'], { carryOver: true })] });
    const world = observed({ engines: agents(1), services, registryPolicy: policyOf(['user:a@example.com']) });
    const [lost, carried] = differences(carrying, world).grant ?? [];
    expect(lost?.what).toContain('has no grant for "Agent 1"');
    expect(carried).toMatchObject({
      what: 'Endpoint stripe-api has no grant for 1 member of the policy of the whole registry',
      details: ['user:a@example.com'],
    });
  });

  it('that are too many are named by their member where no engine has it', () => {
    const plan = planned(
      want,
      observed({ engines: agents(1), services, policies: { 'stripe-api': policyOf([memberOf('1')]) } }),
    );
    const stale: Change = {
      layer: 'grant',
      action: 'remove',
      key: 'stripe-api',
      service: services[0]?.name ?? '',
      role: 'roles/iap.egressor',
      member: 'principal://gone',
    };
    const [layer] = driftOf({ ...plan, changes: [...plan.changes, stale] });
    expect(one(layer?.differences)).toMatchObject({
      what: 'Endpoint stripe-api has a grant for principal://gone, and that is not declared',
      meaning: 'Whoever has that identity may call https://api.stripe.com and https://files.stripe.com.',
    });
  });
});

describe('an engine that was deployed anew', () => {
  const want = desired({
    gateways: { egress: gateway('egress') },
    endpoints: [endpoint('tools', ['a.example'])],
    agents: [{ selector: { kind: 'displayName', text: 'Support agent', origin: fromFile() }, allow: ['tools'] }],
    prune: true,
  });
  const world = (...gone: string[]): Observed =>
    observed({
      engines: [observedEngine('1', { displayName: 'Support agent', allow: ['tools'] })],
      services: [ownedService('tools', ['a.example'])],
      policies: { tools: policyOf(gone.map(memberOf)) },
    });

  it('is said to be that, where its binding and its grants are missing', () => {
    const { binding, grant } = differences(want, world('91'));
    expect(one(binding).what).toBe('"Support agent" (1, recreated, was 91) is not bound to egress gateway egress');
    expect(grant?.[0]?.what).toBe('Endpoint tools has no grant for "Support agent" (1, recreated, was 91)');
  });

  it('is named where the grants of the one that is gone are in the way of a verification with prune', () => {
    const [, left, ...others] = differences(want, world('91')).grant ?? [];
    expect(others).toEqual([]);
    expect(left).toEqual({
      what: 'Endpoint tools still has a grant for 91 (recreated as "Support agent"), and that engine is gone',
      meaning: 'Nobody has that identity any more: the grant harms nobody, and takes up room in the policy.',
      details: [],
      members: [memberOf('91')],
    });
  });

  it('may have been one of several', () => {
    const { binding, grant } = differences(want, world('91', '92'));
    expect(one(binding).what).toContain('(1, recreated, was one of 91, 92)');
    expect(grant?.[1]?.what).toBe('Endpoint tools still has a grant for 91 and 92, and those engines are gone');
  });
});

describe('endpoints', () => {
  const want = desired({ endpoints: [endpoint('tools', ['a.example', 'b.example'])] });
  const engine = observedEngine('1', { displayName: 'Support agent', allow: ['tools'] });
  const found = (services: Observed['services']): readonly Difference[] | undefined =>
    differences(want, observed({ engines: [engine], services })).endpoint;

  it('that are gone say which hosts, and for whom', () => {
    expect(one(found([]))).toMatchObject({
      what: 'Endpoint tools is not registered',
      meaning:
        'The gateway does not know https://a.example and https://b.example: what "Support agent" (1) calls there is denied.',
    });
  });

  it('that lack a host, or have one too many', () => {
    expect(found([ownedService('tools', ['a.example', 'c.example'])])).toMatchObject([
      {
        what: 'Endpoint tools lacks https://b.example',
        meaning: expect.stringContaining('"Support agent" (1) calls there is denied'),
      },
      {
        what: 'Endpoint tools has https://c.example, and that is not declared',
        meaning: expect.stringContaining('is let through'),
      },
    ]);
  });

  it('name many hosts in the details', () => {
    const hosts = Array.from({ length: 33 }, (_none, n) => `host-${n}.example`);
    const wide = desired({ endpoints: [endpoint('tools', hosts)] });
    const { meaning, details } = one(differences(wide, observed({ engines: [engine] })).endpoint);
    expect(meaning).toMatch(/^The gateway does not know https:\S+, https:\S+, https:\S+ and 30 more hosts: /);
    expect(details).toHaveLength(33);
  });

  it('with another protocol or other texts', () => {
    const http = desired({
      endpoints: [endpoint('tools', ['a.example'], { protocol: 'HTTP_JSON', displayName: 'Tools' })],
    });
    const services = [ownedService('tools', ['a.example'], { displayName: 'Hands off' })];
    expect(differences(http, observed({ engines: [engine], services })).endpoint).toMatchObject([
      { what: 'Endpoint tools has another protocol than declared for https://a.example' },
      { what: 'The display name of endpoint tools was changed', details: ['"Hands off"'] },
    ]);
  });

  it('of others are no drift of ours', () => {
    expect(found([service('theirs', ['a.example', 'b.example', 'c.example'])])).toBeUndefined();
  });
});

describe('guardrails', () => {
  const want = desired({ gateways: { egress: gateway('egress') }, guardrails: guardrails([EGRESS]) });
  const found = (...read: Parameters<typeof seen>): readonly Difference[] | undefined =>
    differences(want, observed({ ...seen(...read) })).guardrail;

  it('that are gone, tried out or turned off', () => {
    expect(whats(found(null, null))).toEqual([
      'There is no list of approved egress gateways',
      'The egress policy on projects/acme-agents: not enforced instead of enforced',
    ]);
    expect(one(found(ownConstraint([EGRESS]), DRY_RUN))).toMatchObject({
      what: 'The egress policy on projects/acme-agents: dry run instead of enforced',
      meaning: expect.stringContaining('only logged'),
    });
  });

  it('with a list that lacks a gateway, has one too many, or is another rule', () => {
    expect(whats(found(ownConstraint([`${EGRESS}-old`]), ENFORCED))).toEqual([
      `The list of approved egress gateways lacks ${EGRESS}`,
      `The list of approved egress gateways has, undeclared, ${EGRESS}-old`,
    ]);
    const rule = ownConstraint([], { condition: 'true' });
    expect(one(found(rule, ENFORCED))).toMatchObject({
      what: 'The list of approved egress gateways is another rule',
      details: ['"ALLOW CREATE, UPDATE if true"'],
    });
  });
});

describe('all that differs', () => {
  const plan = planned(declared, driftedWorld());
  const drift = driftOf(plan);

  it('is every change of the plan, counted by layer in its order', () => {
    expect(drift.map(({ layer }) => layer)).toEqual(['endpoint', 'grant', 'binding', 'guardrail']);
    expect(driftCount(drift)).toBe(plan.changes.filter(isChange).length);
    expect(driftLine(drift)).toBe('Not as declared: 3 endpoints, 4 grants, 3 bindings, 2 guardrails');
    for (const { differences: of } of drift) expect(of.length).toBeGreaterThan(0);
  });

  it('comes with what puts it right, and each piece of advice once', () => {
    const advice = driftAdvice(drift);
    expect(advice.join('\n')).toContain('terraform apply');
    expect(advice.join('\n')).toContain('rights in the organization');
    expect(new Set(advice).size).toBe(advice.length);
    expect(driftAdvice(drift.filter(({ layer }) => layer === 'endpoint')).join()).not.toContain('terraform');
  });

  it('is in the log in full, with the members to look for', () => {
    const lines = driftSections(drift).flatMap((section) => section.lines);
    for (const id of [IDS.support, IDS.research]) expect(lines).toContain(`    ${memberOf(id)}`);
    expect(lines.filter((line) => line.includes('To put it right'))).toHaveLength(4);
  });

  it('is cut in the message of the step, which says so', () => {
    const engines = Array.from({ length: 40 }, (_none, n) => observedEngine(`${n + 1}`));
    const many = driftOf(planned(desired({ gateways: { egress: gateway('egress') } }), observed({ engines })));
    const lines = driftMessage(many).split('\n');
    expect(lines[0]).toBe('Not as declared: 40 bindings.');
    expect(lines.at(-1)).toBe('and 15 more lines: the log and the step summary have them all');
  });
});

describe('the badge', () => {
  const plan = planned(soundWant, soundWorld());
  const engines = enginesOf(soundWant, soundWorld());
  const form = { schemaVersion: 1, label: 'agent gateway' };

  it('says how many engines are governed', () => {
    expect(badgeOf(plan, engines)).toEqual({ ...form, message: 'governed 1/1', color: 'brightgreen', isError: false });
    const world = { ...soundWorld(), enforcement: { ...enforcing, extensions: [] } as Observed['enforcement'] };
    expect(badgeOf(plan, enginesOf(soundWant, world as Observed))).toMatchObject({
      message: 'governed 0/1',
      color: 'yellow',
    });
    expect(badgeOf(plan, [])).toMatchObject({ message: 'as declared', color: 'brightgreen' });
  });

  it('says what is wrong', () => {
    const drifted = { ...planned(declared, driftedWorld()), checks: [] };
    expect(badgeOf(drifted, engines)).toEqual({
      ...form,
      message: 'drift: 12 changes',
      color: 'orange',
      isError: true,
    });
    const failing = { ...drifted, checks: [NOT_FOUND] };
    expect(badgeOf(failing, engines)).toEqual({ ...form, message: 'check failed', color: 'red', isError: true });
    expect(FAILED_BADGE).toEqual({ ...form, message: 'failed', color: 'red', isError: true });
  });
});
