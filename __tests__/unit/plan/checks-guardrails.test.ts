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
import {
  DRY_RUN,
  EGRESS,
  ENFORCED,
  guardrails,
  OTHER,
  ownConstraint,
  seen,
  WITH_EXCEPTION,
} from '../../support/guardrails.js';
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
    expect(finding?.message).toMatch(
      /approves 11 egress gateways has (\d{4}) characters, \d+ more than the 1000 that .*: at most 10 of/,
    );
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
    expect(finding?.remedy).toBe(
      `Approve the gateway under guardrails.egress, or bind to one that is approved (${OTHER}).`,
    );
  });

  it('fires where the config unbinds', () => {
    const bound = [observedEngine('1', { config: egressConfig('egress') })];
    const [finding] = check({ gateways: { egress: 'none' }, guardrails: guardrails() }, { engines: bound });
    expect(finding?.message).toMatch(/leaves engines without an egress gateway, and its own guardrails .* refuse that/);
    expect(finding?.remedy).toMatch(/^Name an approved egress gateway instead of none, or set dry_run: true/);
  });

  it('fires where a policy that is enforced already refuses the change of another direction', () => {
    const want = { gateways: { ingress: gateway('ingress') }, guardrails: guardrails() };
    const [finding] = check(want, seen(ownConstraint([EGRESS]), ENFORCED));
    expect(finding?.message).toMatch(/refuses every change of an engine without an approved egress gateway.*"agent 1"/);
    expect(check(want, seen(ownConstraint([EGRESS]), DRY_RUN))).toEqual([]);
  });

  it.each(['folders', 'organizations'] as const)('says what to do where the project is not below the %s', (kind) => {
    const node = guardrails([OTHER], { enforceOn: { kind, id: '5550001' } });
    const [finding] = check({ gateways: egress, guardrails: node });
    expect(finding?.remedy).toContain(`not below ${kind}/5550001, keep the guardrails in a file of their own`);
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
      /^With the policy enforced .* these 2 engines .* can no longer be updated.*: "Elsewhere" \(2\), "Unbound" \(1\)\.$/,
    );
    expect(finding?.remedy).toContain('created with one, in their agentGatewayConfig');
    const [bound] = check({ gateways: { egress: gateway('egress') }, guardrails: guardrails() }, { siblings });
    expect(bound?.remedy).toContain('the output agent_gateway_config');
  });

  it('names them all, however many', () => {
    const fleet = Array.from({ length: 40 }, (_, index) => observedEngine(`${index + 100}`));
    const [finding] = check({ guardrails: guardrails() }, { siblings: fleet });
    for (const { id } of fleet) expect(finding?.message).toContain(`"agent ${id}" (${id})`);
  });

  it('counts a selected engine whose direction is left alone', () => {
    const want = { gateways: { ingress: gateway('ingress') }, guardrails: guardrails() };
    const [finding] = check(want, { engines: [observedEngine('9', { config: ingressConfig('ingress') })] });
    expect(finding?.message).toContain('this engine');
  });

  it('is a note in dry run', () => {
    const [finding] = check({ guardrails: guardrails([EGRESS], { dryRun: true }) }, { siblings });
    expect(finding).toMatchObject({
      level: 'note',
      message: expect.stringMatching(/^Once the policy on projects\/acme-agents is enforced/),
    });
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

const THEIRS = { description: 'Managed by bind-agent-gateway. [config=acme/security:rails.yaml guardrail=egress]' };

describe('guardrail-of-other-config', () => {
  const theirs = ownConstraint([OTHER], THEIRS);
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

describe('guardrail-made-elsewhere', () => {
  const check = (want: Partial<Desired>, ...world: Parameters<typeof seen>) =>
    found('guardrail-made-elsewhere', desired(want), observed(seen(...world)));
  const byHand = { description: 'by hand' };
  const noList = { condition: "resource.displayName.startsWith('x')" };

  it('fires before a constraint of somebody else is replaced that is no list', () => {
    const [finding, ...more] = check({ guardrails: guardrails() }, ownConstraint([], { ...byHand, ...noList }));
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ level: 'error', origin: fromFile(18) });
    expect(finding?.message).toMatch(
      /was not made by this config .*: ALLOW CREATE, UPDATE if resource\.displayName\.starts/,
    );
    expect(finding?.remedy).toContain('warning for one apply');
  });

  it('fires before rules of somebody else in the policy are replaced, enforced or in dry run', () => {
    for (const dryRun of [false, true]) {
      const want = { guardrails: guardrails([EGRESS], { dryRun }) };
      const [finding] = check(want, ownConstraint([EGRESS]), WITH_EXCEPTION);
      expect(finding).toMatchObject({ level: 'error' });
      expect(finding?.message).toContain(`"condition":{"expression":"resource.matchTag('1/exempt', 'yes')"}`);
      expect(finding?.message).not.toContain('etag');
    }
  });

  it('can be told to let it pass', () => {
    const want = {
      guardrails: guardrails(),
      checkLevels: { 'guardrail-made-elsewhere': { level: 'warning' as const, origin: fromFile(3) } },
    };
    expect(check(want, ownConstraint([EGRESS]), WITH_EXCEPTION)).toEqual([
      expect.objectContaining({ level: 'warning' }),
    ]);
  });

  it('is a note where a list that was made by hand is changed', () => {
    expect(check({ guardrails: guardrails() }, ownConstraint([OTHER], byHand), ENFORCED)).toEqual([
      expect.objectContaining({ level: 'note', message: expect.stringContaining('keeps its name and description') }),
    ]);
  });

  it.each<[string, Parameters<typeof seen>]>([
    ['nothing is there', []],
    ['the list is as declared, whoever made it', [ownConstraint([EGRESS], byHand), ENFORCED]],
    ['what this config made was changed', [ownConstraint([], noList), DRY_RUN]],
    ['the policy is switched off', [ownConstraint([EGRESS]), { ...ENFORCED, spec: { rules: [{ enforce: false }] } }]],
    ['another config made it, which has a check of its own', [ownConstraint([OTHER], THEIRS), ENFORCED]],
  ])('is silent where %s', (_what, world) => {
    expect(check({ guardrails: guardrails() }, ...world)).toEqual([]);
  });
});

describe('guardrail-not-readable', () => {
  const unread = (answers: readonly string[]) =>
    found('guardrail-not-readable', desired({ guardrails: guardrails() }), observed({ unreadGuardrails: answers }));

  it('fires where guardrails are declared and may not be read', () => {
    const [finding, ...more] = unread(['Permission a denied.', 'Permission b denied.']);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ level: 'error', origin: fromFile(18) });
    expect(finding?.message).toMatch(
      /^The guardrails of organization 5550001 are not readable .* a denied.; Permission b/,
    );
    expect(finding?.remedy).toContain('roles/orgpolicy.policyViewer');
  });

  it('is silent where they were read, where the API is disabled, and without guardrails', () => {
    expect(unread([])).toEqual([]);
    expect(found('guardrail-not-readable', desired({ guardrails: guardrails() }), observed())).toEqual([]);
    expect(found('guardrail-not-readable', desired(), observed({ unreadGuardrails: ['x'] }))).toEqual([]);
  });
});
