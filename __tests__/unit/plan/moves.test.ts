import { describe, expect, it } from '@jest/globals';
import type { Desired } from '../../../src/config/desired.js';
import type { AgentGatewayConfig } from '../../../src/google/types.js';
import { planDifference } from '../../../src/plan/difference.js';
import { leaves, unbinding } from '../../../src/plan/moves.js';
import { bindingChanges, type BindingChange, type Finding, type Plan } from '../../../src/plan/types.js';
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
  OTHER_PROJECT,
  PROJECT,
} from '../../support/builders.js';
import { DRY_RUN, EGRESS, ENFORCED, guardrails, OTHER, ownConstraint, seen } from '../../support/guardrails.js';
import { planned } from '../../support/plan.js';

const OLD = egressConfig('old');
const NEW = egressConfig('egress');
const egress = { egress: gateway('egress') };
const both = { ...egress, ingress: gateway('ingress') };
const gateways = { egress: egressGateway(), ingress: ingressGateway() };

interface World {
  readonly engines: readonly AgentGatewayConfig[];
  readonly siblings?: readonly AgentGatewayConfig[];
}

const planOf = ({ engines, siblings = [] }: World, more: Partial<Desired> = {}, seenMore: object = {}): Plan =>
  planned(
    desired({ gateways: egress, move: true, ...more }),
    observed({
      gateways,
      engines: engines.map((config, index) => observedEngine(`${index + 1}`, { config })),
      siblings: siblings.map((config, index) => observedEngine(`${index + 8}`, { config })),
      ...seenMore,
    }),
  );
const movesOf = (plan: Plan): unknown[] => bindingChanges(plan).map(({ moves }) => moves ?? []);
const found = (plan: Plan, id: string): Finding[] => plan.checks.filter((check) => check.id === id);

describe('the directions in which an engine has to wait', () => {
  it.each<[string, World, Partial<Desired>, unknown[]]>([
    ['a gateway is replaced', { engines: [OLD, OLD] }, {}, [['egress'], ['egress']]],
    ['an engine that is alone', { engines: [OLD] }, {}, [['egress']]],
    ['an engine that is new waits for those that leave', { engines: [OLD, {}] }, {}, [['egress'], ['egress']]],
    ['one that has left already, in a run that was cut off', { engines: [{}, OLD] }, {}, [['egress'], ['egress']]],
    ['all have left already: the slot may still be taken', { engines: [{}, {}] }, {}, [['egress'], ['egress']]],
    ['some are on the new gateway: the slot is theirs', { engines: [NEW, {}] }, {}, [[], []]],
    ['a sibling is on the new gateway', { engines: [{}], siblings: [NEW] }, {}, [[]]],
    ['a sibling is on it by number', { engines: [{}], siblings: [egressConfig('egress', PROJECT.number)] }, {}, [[]]],
    ['one has moved, another one has not', { engines: [NEW, OLD, {}] }, {}, [[], ['egress'], ['egress']]],
    ['the same name in another project', { engines: [egressConfig('egress', OTHER_PROJECT.id)] }, {}, [['egress']]],
    ['one direction of two', { engines: [{ ...OLD, ...ingressConfig('ingress') }] }, { gateways: both }, [['egress']]],
    [
      'both directions',
      { engines: [{ ...OLD, ...ingressConfig('old') }] },
      { gateways: both },
      [['egress', 'ingress']],
    ],
    ['a direction that is left alone', { engines: [ingressConfig('old')], siblings: [NEW] }, {}, [[]]],
    ['unbinding', { engines: [OLD, OLD] }, { gateways: { egress: 'none' } }, [[], []]],
    ['nothing changes', { engines: [NEW] }, {}, [[]]],
    ['without move: true', { engines: [OLD, {}] }, { move: false }, [[], []]],
  ])('%s', (_what, world, more, expected) => {
    expect(movesOf(planOf(world, more))).toEqual(expected);
  });

  it('are part of what is reviewed', () => {
    const [moved, straight] = [planOf({ engines: [OLD] }), planOf({ engines: [OLD] }, { move: false })];
    expect(moved.digest).not.toBe(straight.digest);
    expect(planDifference(straight, moved).at(-1)).toMatch(/^now: .*update.*, as a move \(egress\)$/);
    expect(planOf({ engines: [OLD] })).toEqual(moved);
  });
});

describe('the first half of a move', () => {
  const change = (config: AgentGatewayConfig, more: Partial<Desired> = {}): BindingChange => {
    const [only] = bindingChanges(planOf({ engines: [config] }, more));
    if (!only) throw new Error('no binding');
    return only;
  };

  it('unbinds what moves and leaves the rest as it is, declared or not', () => {
    const moving = change({ ...OLD, ...ingressConfig('front') }, { gateways: { ...egress, ingress: 'none' } });
    expect(leaves(moving)).toEqual(['egress']);
    expect(unbinding(moving)).toMatchObject({
      action: 'update',
      egress: { from: gatewayNamed('old'), to: null, declared: true },
      ingress: { from: gatewayNamed('front'), to: gatewayNamed('front'), declared: false },
    });
  });

  it('is nothing for an engine that has no gateway to leave', () => {
    expect(leaves(change({}))).toEqual([]);
    expect(leaves(change(NEW))).toEqual([]);
  });
});

describe('gateway-conflict', () => {
  const check = (world: World, more: Partial<Desired> = {}, seenMore: object = {}) =>
    found(planOf(world, more, seenMore), 'gateway-conflict');

  it('is silent when all engines may move', () => {
    expect(check({ engines: [OLD, OLD, {}], siblings: [{}, NEW] })).toEqual([]);
  });

  it('names move: true where that is missing', () => {
    const [finding, ...more] = check({ engines: [OLD, OLD] }, { move: false });
    expect(more).toEqual([]);
    expect(finding?.message).toContain('"agent 1" (projects/acme-agents/locations/us-central1/agentGateways/old)');
    expect(finding?.remedy).toContain('set move: true in the config');
  });

  it('fires for an engine that is not selected and stays behind', () => {
    const [finding] = check({ engines: [OLD], siblings: [OLD] });
    expect(finding).toMatchObject({ level: 'error', origin: fromFile(2) });
    expect(finding?.message).toContain('"agent 8"');
    expect(finding?.message).not.toContain('"agent 1"');
    expect(finding?.remedy).toContain('have to be selected');
  });

  it('fires where it is not known what a sibling is bound to', () => {
    const siblings = [{ ...observedEngine('8'), isOnlyListed: true as const }];
    const [finding] = check({ engines: [OLD] }, {}, { siblings });
    expect(finding?.message).toMatch(
      /it is not known what these are bound to, which could not be read: projects.*\/8\./,
    );
    expect(finding?.remedy).toContain('aiplatform.reasoningEngines.get');
    expect(check({ engines: [{}] }, {}, { siblings })).toEqual([]);
    expect(check({ engines: [OLD] }, { move: false }, { siblings })).toEqual([]);
  });
});

describe('move-ungoverned', () => {
  const check = (world: World, more: Partial<Desired> = {}) => found(planOf(world, more), 'move-ungoverned');

  it('names every engine, however many', () => {
    const [finding, ...more] = check({ engines: Array<AgentGatewayConfig>(12).fill(OLD) });
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ level: 'warning', origin: fromFile(2) });
    expect(finding?.message).toMatch(/unbinds these 12 engines first; .*what they call is not governed/);
    expect(finding?.message.match(/"agent \d+"/g)).toHaveLength(12);
    expect(finding?.remedy).toContain('rollback: true');
  });

  it('names those that wait, too', () => {
    const [finding] = check({ engines: [OLD, {}] });
    expect(finding?.message).toMatch(
      /unbinds this engine first; .*: "agent 1"\. Not bound now, and not before that: "agent 2"\.$/,
    );
  });

  it('says of each direction what it means', () => {
    const config = { ...OLD, ...ingressConfig('old') };
    const texts = check({ engines: [config] }, { gateways: both }).map(({ message }) => message);
    expect(texts).toHaveLength(2);
    expect(texts.join('\n')).toMatch(/cannot be reached through the gateway/);
  });

  it.each<[string, World, Partial<Desired>]>([
    ['without move: true', { engines: [OLD] }, { move: false }],
    ['nobody leaves a gateway', { engines: [{}, {}] }, {}],
    ['a direction is unbound', { engines: [OLD] }, { gateways: { egress: 'none' } }],
  ])('is silent where %s', (_what, world, more) => {
    expect(check(world, more)).toEqual([]);
  });
});

describe('guardrail-forbids-plan', () => {
  const approvesBoth = { guardrails: guardrails([EGRESS, OTHER]) };
  const check = (world: World, more: Partial<Desired>, now: object) =>
    found(planOf(world, { ...approvesBoth, ...more }, now), 'guardrail-forbids-plan');
  const enforced = seen(ownConstraint([OTHER]), ENFORCED);
  const onOther: World = { engines: [egressConfig('other'), egressConfig('other')] };

  it('says before a move that unbinding would be refused', () => {
    const [finding, ...more] = check(onOther, {}, enforced);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ level: 'error', origin: fromFile(18) });
    expect(finding?.message).toMatch(/refuses to unbind engines from their egress gateway, .*"agent 1".*"agent 2"/);
    expect(finding?.remedy).toContain('dry_run: true');
  });

  it.each<[string, World, Partial<Desired>, object]>([
    [
      'the policy is loosened in this very plan',
      onOther,
      { guardrails: guardrails([EGRESS, OTHER], { dryRun: true }) },
      enforced,
    ],
    ['the policy is in dry run until the move is over', onOther, {}, seen(ownConstraint([OTHER]), DRY_RUN)],
    ['all engines have left already', { engines: [{}, {}] }, {}, enforced],
    ['one engine goes straight', { engines: [egressConfig('other')] }, { move: false }, enforced],
  ])('is silent where %s', (_what, world, more, now) => {
    expect(check(world, more, now)).toEqual([]);
  });
});
