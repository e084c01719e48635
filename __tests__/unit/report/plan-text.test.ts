import { describe, expect, it } from '@jest/globals';
import type { DesiredAgent } from '../../../src/config/desired.js';
import { findingText, planHeadline, planSections } from '../../../src/report/plan-text.js';
import { gatewayLabel } from '../../../src/report/words.js';
import {
  desired,
  egressConfig,
  endpoint,
  engineNamed,
  fromFile,
  gateway,
  gatewayNamed,
  ingressConfig,
  memberOf,
  observed,
  observedEngine,
  ownedService,
  policyOf,
  serviceNamed,
} from '../../support/builders.js';
import { CONSTRAINT, DRY_RUN, EGRESS, guardrails, ownConstraint, POLICY, seen } from '../../support/guardrails.js';
import { planned } from '../../support/plan.js';
import { plan } from '../../support/reports.js';

const linesOf = (title: string, of = plan): readonly string[] =>
  planSections(of).find((section) => section.title.startsWith(title))?.lines ?? [];

describe('planSections', () => {
  it('has a section per layer, with what is done in its title', () => {
    expect(planSections(plan).map(({ title }) => title)).toEqual([
      'Endpoints (Agent Registry): 1 adopt, 1 create',
      'Grants (roles/iap.egressor): 3 create',
      'Bindings (agentGatewayConfig): 2 create',
    ]);
  });

  it('has no section for a layer without changes', () => {
    expect(planSections(planned(desired(), observed()))).toEqual([]);
  });

  it('shows every host with the reason why it is there', () => {
    expect(linesOf('Endpoints')).toEqual([
      `= models: adopt ${serviceNamed('theirs')}`,
      '      https://extra.example [JSONRPC]  not asked for, but granted with the service',
      '      https://models.example [JSONRPC]  Listed under urls',
      `+ stripe: create ${serviceNamed('stripe')}`,
      expect.stringMatching(/^ {4}description: "" -> "Managed by bind-agent-gateway/),
      '    displayName: "" -> "Stripe"',
      '    + https://api.stripe.com [JSONRPC]  Listed under urls',
    ]);
  });

  it('marks what goes and what changes', () => {
    const of = planned(
      desired({ endpoints: [endpoint('stripe', ['a.example'], { protocol: 'GRPC' })] }),
      observed({ services: [ownedService('stripe', ['a.example', 'b.example'])] }),
    );
    expect(linesOf('Endpoints', of)).toEqual([
      `~ stripe: update ${serviceNamed('stripe')}`,
      '    ~ https://a.example [GRPC]  Listed under urls',
      '    - https://b.example [JSONRPC]',
    ]);
  });

  it('shows no query, fragment or user of a URL', () => {
    const theirs = 'https://user:secret@a.example/p?key=secret#secret';
    const of = planned(
      desired({ endpoints: [endpoint('stripe', ['b.example'])] }),
      observed({ services: [ownedService('stripe', ['b.example', theirs], { displayName: theirs })] }),
    );
    expect(linesOf('Endpoints', of).join()).toContain('- https://…@a.example/p?…#…');
    expect(linesOf('Endpoints', of).join()).not.toContain('secret');
    expect(findingText({ id: 'x', level: 'error', message: theirs, remedy: theirs })).not.toContain('secret');
  });

  it('shows each member with its engine', () => {
    expect(linesOf('Grants')[0]).toMatch(
      /^Who may pass is decided by allow policies \(V1\): no authorization policy of gateway .* asks IAP; V1 is assumed\.$/,
    );
    expect(linesOf('Grants')[3]).toBe(`+ models: "Evil |<b> @octocat" ${memberOf('2')}`);
  });

  it('shows who is carried over, and under which condition', () => {
    const condition = { expression: 'hours > 20', title: 'night' };
    const of = planned(
      desired({ endpoints: [endpoint('stripe', ['a.example'], { carryOver: true })] }),
      observed({
        engines: [observedEngine('1', { allow: ['stripe'] })],
        registryPolicy: { bindings: [{ role: 'roles/iap.egressor', members: ['principal://owl'], condition }] },
      }),
    );
    expect(linesOf('Grants', of)).toContain(
      '+ stripe: carried over from the registry-wide policy principal://owl, only if hours > 20',
    );
  });

  it('shows what is taken away, from whom and why', () => {
    const of = planned(
      desired({ endpoints: [endpoint('stripe', ['a.example'])], prune: true }),
      observed({
        engines: [
          observedEngine('1', { allow: ['stripe'], displayName: 'Support agent' }),
          observedEngine('2', { displayName: 'Billing agent' }),
        ],
        services: [ownedService('stripe', ['a.example']), ownedService('tickets', ['b.example'])],
        policies: {
          stripe: policyOf([memberOf('1'), memberOf('2'), memberOf('404')]),
          tickets: policyOf([memberOf('2'), memberOf('404')]),
        },
        gone: new Set(['404']),
      }),
    );
    expect(planHeadline(of)).toMatch(/0 to register, 0 to grant, 0 to bind, 3 to remove$/);
    expect(linesOf('Endpoints', of).slice(-3)).toEqual([
      `- tickets: remove ${serviceNamed('tickets')}`,
      '    - https://b.example [JSONRPC]',
      '    "Billing agent" loses it',
    ]);
    expect(linesOf('Grants', of).slice(1)).toEqual([
      `  stripe: "Support agent" ${memberOf('1')}`,
      `- stripe: "Billing agent" is not allowed this endpoint, ${memberOf('2')}`,
      `- stripe: engine is gone, ${memberOf('404')}`,
    ]);
  });

  it('shows an engine that came back under another ID', () => {
    const named: DesiredAgent = {
      selector: { kind: 'displayName', text: 'Support agent', origin: fromFile() },
      allow: ['stripe'],
    };
    const of = planned(
      desired({
        gateways: { egress: gateway('egress') },
        endpoints: [endpoint('stripe', ['a.example'])],
        agents: [named],
        prune: true,
      }),
      observed({
        engines: [observedEngine('1', { allow: ['stripe'], displayName: 'Support agent' })],
        services: [ownedService('stripe', ['a.example'])],
        policies: { stripe: policyOf([memberOf('91'), memberOf('92')]) },
        gone: new Set(['91', '92']),
      }),
    );
    expect(linesOf('Grants', of).slice(1)).toEqual([
      `+ stripe: "Support agent", recreated, was one of 91, 92, ${memberOf('1')}`,
      `- stripe: engine is gone, ${memberOf('91')}`,
      `- stripe: engine is gone, ${memberOf('92')}`,
    ]);
    expect(linesOf('Bindings', of)[0]).toBe(
      `+ "Support agent" ${engineNamed('1')}: create, recreated, was one of 91, 92`,
    );
  });

  it('shows both directions of a binding', () => {
    const config = { ...egressConfig('old'), ...ingressConfig('front') };
    const of = planned(
      desired({ gateways: { egress: gateway('egress') } }),
      observed({ engines: [observedEngine('1', { config, displayName: 'Support agent' })] }),
    );
    expect(linesOf('Bindings', of)).toEqual([
      `~ "Support agent" ${engineNamed('1')}: update`,
      '    egress: old -> egress',
      '    ingress: front (not declared, left as it is)',
    ]);
  });
});

describe('guardrails in the log', () => {
  const [kept, gone] = [gatewayNamed('kept'), gatewayNamed('gone')];
  const was = seen(ownConstraint([kept, gone]), DRY_RUN);

  it('are shown gateway by gateway, with the reason of each write', () => {
    const of = planned(desired({ guardrails: guardrails([EGRESS, kept]) }), observed(was));
    expect(linesOf('Guardrails', of)).toEqual([
      `~ egress constraint ${CONSTRAINT}: update`,
      `    - ${gone}`,
      `    + ${EGRESS}`,
      `      ${kept}`,
      '    2 gateways: it takes gateways away, so it tightens',
      `~ egress policy ${POLICY}: update`,
      '    dry run -> enforced',
      '    it is enforced from then on, so it tightens',
    ]);
  });

  it('are shown with their place before or after the bindings, where there are any', () => {
    const want = desired({ gateways: { egress: gateway('egress') }, guardrails: guardrails([EGRESS, kept]) });
    const of = planned(want, observed({ ...was, engines: [observedEngine('1')] }));
    expect(linesOf('Guardrails', of).filter((line) => line.includes('because'))).toEqual([
      '    before the bindings: 3 gateways, because new gateways are approved first, beside the old ones',
      '    after the bindings: 2 gateways, because it takes gateways away, so it tightens',
      '    after the bindings, because it is enforced from then on, so it tightens',
    ]);
  });

  it('are shown with their whole list where nothing changes', () => {
    const of = planned(desired({ guardrails: guardrails([kept, gone], { dryRun: true }) }), observed(was));
    expect(linesOf('Guardrails', of)).toEqual([
      `  egress constraint ${CONSTRAINT}: keep`,
      `      ${gone}`,
      `      ${kept}`,
      `  egress policy ${POLICY}: keep`,
      '    dry run',
    ]);
  });
});

describe('planHeadline', () => {
  it('does not call a world as declared that could not be read', () => {
    const unread = planned(desired({ guardrails: guardrails() }), observed({ unreadGuardrails: ['denied'] }));
    expect(planHeadline(unread)).toMatch(/: No changes$/);
  });

  it('says what and where', () => {
    expect(planHeadline(plan)).toBe(
      'Plan for project acme-agents (101010), region us-central1: 1 to register, 3 to grant, 2 to bind, 0 to remove',
    );
  });

  it('says that there is nothing to do', () => {
    const done = planned(
      desired({ endpoints: [endpoint('stripe', ['a.example'])] }),
      observed({ services: [ownedService('stripe', ['a.example'])], policies: { stripe: policyOf([]) } }),
    );
    expect(planHeadline(done)).toMatch(/: No changes/);
  });
});

it('a finding says what, what to do, and its ID', () => {
  expect(findingText({ id: 'some-check', level: 'error', message: 'It is so.', remedy: 'Do that.' })).toBe(
    'It is so. Do that. [some-check] (docs/checks.md#some-check)',
  );
});

describe('gatewayLabel', () => {
  it.each([
    [null, 'not bound'],
    [gatewayNamed('egress'), 'egress'],
    [gatewayNamed('egress', 'acme-network'), 'egress (project acme-network)'],
    ['what is this', 'what is this'],
  ])('%s', (name, label) => {
    expect(gatewayLabel(name, 'acme-agents')).toBe(label);
  });
});
