import { describe, expect, it } from '@jest/globals';
import type { Desired } from '../../../src/config/desired.js';
import type { Observed } from '../../../src/observe/observed.js';
import {
  desired,
  egressConfig,
  egressGateway,
  fromFile,
  gateway,
  gatewayNamed,
  ingressConfig,
  ingressGateway,
  observed,
  observedEngine,
} from '../../support/builders.js';
import { DRY_RUN, EGRESS, ENFORCED, guardrails, OTHER, ownConstraint, seen } from '../../support/guardrails.js';
import { planned } from '../../support/plan.js';

const found = (id: string, want: Desired, world: Observed) =>
  planned(want, world).checks.filter((check) => check.id === id);
const gateways = { egress: egressGateway(), ingress: ingressGateway() };
const elsewhere = { enforceOn: { kind: 'projects', id: 'acme-other' } } as const;
const engines = [observedEngine('1')];

describe('guardrail-too-long', () => {
  const many = (count: number): string[] =>
    Array.from({ length: count }, (_, index) => gatewayNamed(`gateway-${index}`));
  const check = (names: readonly string[]) =>
    found('guardrail-too-long', desired({ guardrails: guardrails(names) }), observed());

  it('says how many fit, and what to shorten', () => {
    const long = gatewayNamed('a-gateway-with-a-name-that-is-far-longer-than-it-has-to-be');
    const [finding, ...more] = check([...many(10), long]);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ level: 'error', origin: fromFile(30) });
    expect(finding?.message).toMatch(/approves 11 egress gateways has \d{4} characters, .* takes 1000: at most 10 of/);
    expect(finding?.remedy).toContain(long);
  });

  it('is silent as long as all fit', () => {
    expect(check(many(10))).toEqual([]);
    expect(check(many(11))).toHaveLength(1);
  });
});

describe('guardrail-forbids-plan', () => {
  const check = (want: Partial<Desired>, world: Parameters<typeof observed>[0] = {}) =>
    found('guardrail-forbids-plan', desired(want), observed({ engines, gateways, ...world }));
  const egress = { egress: gateway('egress') };

  it('fires where the config binds to what it forbids', () => {
    const [finding] = check({ gateways: egress, guardrails: guardrails([OTHER]) });
    expect(finding).toMatchObject({ level: 'error', origin: fromFile(2) });
    expect(finding?.message).toMatch(
      /binds engines to egress gateway .*\/egress, which its own guardrails on projects\/acme-agents do not approve: "agent 1"/,
    );
  });

  it('fires where the config unbinds', () => {
    const bound = [observedEngine('1', { config: egressConfig('egress') })];
    const [finding] = check({ gateways: { egress: 'none' }, guardrails: guardrails() }, { engines: bound });
    expect(finding?.message).toMatch(/leaves engines without an egress gateway/);
  });

  it('fires where a policy that is enforced already refuses the change of another direction', () => {
    const want = { gateways: { ingress: gateway('ingress') }, guardrails: guardrails() };
    const [finding] = check(want, seen(ownConstraint([EGRESS]), ENFORCED));
    expect(finding?.message).toMatch(/refuses every change of an engine without an approved egress gateway.*"agent 1"/);
    expect(check(want, seen(ownConstraint([EGRESS]), DRY_RUN))).toEqual([]);
  });

  it('is a note in dry run', () => {
    const want = { gateways: egress, guardrails: guardrails([OTHER], { dryRun: true }) };
    expect(check(want)).toEqual([expect.objectContaining({ level: 'note' })]);
  });

  it('takes a project number for the project it is', () => {
    const node = (id: string) => guardrails([OTHER], { enforceOn: { kind: 'projects', id } });
    expect(check({ gateways: egress, guardrails: node('101010') })).toHaveLength(1);
    expect(check({ gateways: egress, guardrails: node('999') })).toEqual([]);
  });

  it.each<[string, Partial<Desired>]>([
    ['an approved gateway', { gateways: egress, guardrails: guardrails([OTHER, EGRESS]) }],
    ['guardrails of another project', { gateways: egress, guardrails: guardrails([OTHER], elsewhere) }],
    ['guardrails of the other direction', { gateways: { ingress: gateway('ingress') }, guardrails: guardrails() }],
    ['no guardrails', { gateways: egress }],
  ])('is silent with %s', (_what, want) => {
    expect(check(want)).toEqual([]);
  });

  it('is silent about a gateway that is named with the project number by the API', () => {
    const bound = [observedEngine('1', { config: egressConfig('egress', '101010') })];
    expect(check({ gateways: egress, guardrails: guardrails() }, { engines: bound })).toEqual([]);
  });
});

describe('guardrail-blocks-deploys', () => {
  const check = (want: Partial<Desired>, world: Parameters<typeof observed>[0]) =>
    found('guardrail-blocks-deploys', desired(want), observed({ gateways, ...world }));
  const siblings = [
    observedEngine('1', { displayName: 'Unbound' }),
    observedEngine('2', { displayName: 'Elsewhere', config: egressConfig('other') }),
    observedEngine('3', { displayName: 'Fine', config: egressConfig('egress') }),
    observedEngine('4', { displayName: 'By number', config: egressConfig('egress', '101010') }),
  ];

  it('names the engines that could no longer be updated', () => {
    const [finding] = check({ guardrails: guardrails() }, { siblings });
    expect(finding).toMatchObject({ level: 'warning', origin: fromFile(18) });
    expect(finding?.message).toMatch(
      /these 2 engines .* is no longer possible.*: "Elsewhere" .*, "Unbound" \([^)]*\)\.$/,
    );
    expect(finding?.remedy).toContain('agent_gateway_config');
  });

  it('counts a selected engine whose direction is left alone', () => {
    const want = { gateways: { ingress: gateway('ingress') }, guardrails: guardrails() };
    const [finding] = check(want, { engines: [observedEngine('9', { config: ingressConfig('ingress') })] });
    expect(finding?.message).toContain('this engine');
  });

  it('is a note in dry run', () => {
    const [finding] = check({ guardrails: guardrails([EGRESS], { dryRun: true }) }, { siblings });
    expect(finding).toMatchObject({ level: 'note', message: expect.stringContaining('once it is enforced') });
  });

  it.each<[string, Partial<Desired>, Parameters<typeof observed>[0]]>([
    ['all engines are approved', { guardrails: guardrails() }, { siblings: siblings.slice(2) }],
    ['the plan binds it', { gateways: { egress: gateway('egress') }, guardrails: guardrails() }, { engines }],
    ['it is about another project', { guardrails: guardrails([EGRESS], elsewhere) }, { siblings }],
    ['there are no guardrails', {}, { siblings }],
  ])('is silent where %s', (_what, want, world) => {
    expect(check(want, world)).toEqual([]);
  });
});

describe('guardrail-of-other-config', () => {
  const theirs = ownConstraint([OTHER], {
    description: 'Managed by bind-agent-gateway. [config=acme/security:rails.yaml guardrail=egress]',
  });
  const check = (names: readonly string[], constraint = theirs) =>
    found(
      'guardrail-of-other-config',
      desired({ guardrails: guardrails(names) }),
      observed(seen(constraint, ENFORCED)),
    );

  it('fires before the list of another config is written anew', () => {
    expect(check([EGRESS])).toEqual([
      expect.objectContaining({ level: 'error', message: expect.stringContaining('acme/security:rails.yaml') }),
    ]);
  });

  it('is silent where both say the same, or no config keeps the list', () => {
    expect(check([OTHER])).toEqual([]);
    expect(check([EGRESS], ownConstraint([OTHER], { description: 'by hand' }))).toEqual([]);
    expect(check([EGRESS], ownConstraint([OTHER]))).toEqual([]);
  });
});
