import { renderComment, type CommentInput } from '../../../src/report/comment.js';
import { driftAdvice, driftMessage } from '../../../src/report/drift-text.js';
import { reportEngines } from '../../../src/report/engines.js';
import { renderIssue, type IssueInput } from '../../../src/report/issue.js';
import { doneSoFar, stillOpen } from '../../../src/report/open.js';
import { renderSummary } from '../../../src/report/summary.js';
import type { Failure } from '../../../src/failure.js';
import type { Desired, DesiredAgent } from '../../../src/config/desired.js';
import type { Observed } from '../../../src/observe/observed.js';
import type { ApplyResult } from '../../../src/apply/result.js';
import type { Finding, Plan } from '../../../src/plan/types.js';
import {
  agent,
  desired,
  egressConfig,
  endpoint,
  fromFile,
  gateway,
  gatewayNamed,
  ingressConfig,
  memberOf,
  observedEngine,
  ownedService,
  policyOf,
} from '../../support/builders.js';
import { declared, driftedWorld, issueInput, NOT_FOUND, verdict } from '../../support/drift.js';
import { EGRESS, ENFORCED, guardrails, OTHER, ownConstraint, seen } from '../../support/guardrails.js';
import { planned } from '../../support/plan.js';
import { enforcing, fleetEngines, fleetWant, fleetWorld, resultOf } from '../../support/reports.js';
import { without } from '../../support/without.js';
import { hostileComment } from './hostile.js';

/** What the golden files in `__tests__/golden` show, by the name of the file. */
export const CASES: Readonly<Record<string, () => string>> = {
  'first-plan': () => renderComment(firstPlan()),
  'no-changes': () => renderComment(noChanges()),
  'errors-only': () => renderComment(errorsOnly()),
  'many-changes': () => renderComment(manyChanges()),
  removals: () => renderComment(removals()),
  applying: () => renderComment({ ...firstPlan(), state: 'applying', next: [] }),
  'apply-success': () => renderComment(applied()),
  'apply-failure': () => renderComment(halfWay()),
  guardrails: () => renderComment(guarded()),
  move: () => renderComment(moving()),
  'move-rolled-back': () => renderComment(takenBack()),
  prune: () => renderComment(pruned(true)),
  'prune-stopped': () => renderComment(prunedHalfWay()),
  'summary-prune-dry': () => summaryOf('Agent Gateway plan', pruned(false)),
  hostile: () => renderComment(hostileComment()),
  'summary-first-plan': () => summaryOf('Agent Gateway plan', firstPlan()),
  'summary-apply-failure': () => summaryOf('Agent Gateway apply', halfWay()),
  'drift-issue': () => renderIssue(drifted()).body,
  'summary-drift': () => driftSummary(drifted()),
};

const REVIEW = 'Review the plan, then apply it.';
const BASE = {
  label: 'agent-gateway.yaml',
  runUrl: 'https://github.com/acme/agents/actions/runs/18273645546',
  commit: '6f1c0c6ad6b1f5d9be8a2d5f1b9e0f7a3c4d5e6f',
  version: '1.0.0',
  failures: [],
  next: [],
  open: [],
};

/** The texts of the checks are the plan's own business. */
const CHECKS: readonly Finding[] = [
  {
    id: 'gateway-dry-run',
    level: 'warning',
    message:
      'Gateway projects/acme-agents/locations/us-central1/agentGateways/egress only logs what it would deny: its IAP extension iap-authz has iamEnforcementMode DRY_RUN.',
    remedy: 'Once the log shows no denial that should pass, take metadata.iamEnforcementMode out of the extension.',
    origin: { kind: 'file', file: 'agent-gateway.yaml', line: 6, column: 11 },
  },
  {
    id: 'image-before-gateway',
    level: 'warning',
    message:
      'Engine "Support agent" (projects/101010/locations/us-central1/reasoningEngines/4405152104998502400) was last built before the gateway was there, so its image does not have the gateway\'s certificates.',
    remedy: 'Deploy it again after it is bound.',
  },
];

/** A comment's input from a desired state and a world. */
export function commentOf(
  want: Desired,
  world: Observed,
  more: Partial<CommentInput> & { result?: ApplyResult; plan?: Plan } = {},
): CommentInput {
  const { result, plan = planOf(want, world, []), ...others } = more;
  return {
    ...BASE,
    state: 'planned',
    plan,
    approvedDigest: plan.digest,
    engines: reportEngines(plan, want, world, result),
    ...others,
  };
}

function planOf(want: Desired, world: Observed, checks = CHECKS): Plan {
  return { ...planned(want, world), checks };
}

export function firstPlan(): CommentInput {
  const world = fleetWorld();
  return commentOf(fleetWant, world, { plan: planOf(fleetWant, world), next: [REVIEW] });
}

/** Ingress is given up, a host goes, and one engine moves to another egress gateway. */
function removals(): CommentInput {
  const want = desired({
    gateways: { egress: gateway('egress'), ingress: 'none' },
    endpoints: [endpoint('ticket-system', ['acme.zendesk.example.com'], { displayName: 'Tickets' })],
  });
  const bound = { ...egressConfig('egress'), ...ingressConfig('ingress') };
  const engines = [
    observedEngine('1977326743251943424', { displayName: 'Catalog agent', config: egressConfig('egress') }),
    observedEngine('3483603031247814656', { displayName: 'Research agent', allow: ['ticket-system'] }),
    observedEngine('6120587744829014016', { displayName: 'Refund agent', config: egressConfig('egress-pilot') }),
    observedEngine('8652609503562301440', { displayName: 'Billing agent', config: bound, allow: ['ticket-system'] }),
  ];
  const world = fleetWorld({
    engines,
    services: [ownedService('ticket-system', ['acme.zendesk.example.com', 'legacy-tickets.example.com'])],
    policies: { 'ticket-system': policyOf([memberOf('8652609503562301440')]) },
    enforcement: enforcing,
  });
  return commentOf(want, world, { next: [REVIEW] });
}

/** Three engines leave a gateway for another one, and one that has none waits for them. */
function moving(more: { result?: ApplyResult } & Partial<CommentInput> = {}): CommentInput {
  const want = desired({ gateways: { egress: gateway('egress') }, move: true });
  const world = movingWorld();
  return commentOf(want, world, { plan: planned(want, world), next: [REVIEW], ...more });
}

function movingWorld(): Observed {
  const engine = (index: number, config = {}) =>
    observedEngine(String(4405152104998502400n + BigInt(index)), { displayName: `Agent ${index}`, config });
  const pilot = { ...egressConfig('egress-pilot'), ...ingressConfig('ingress') };
  return fleetWorld({
    engines: [engine(1, pilot), engine(2, pilot), engine(3, pilot), engine(4)],
    enforcement: enforcing,
  });
}

/** One of them cannot be bound to the new gateway, so all go back, and one of these does not get there. */
function takenBack(): CommentInput {
  const { plan } = moving();
  if (!plan) throw new Error('no plan');
  const [from, to] = [gatewayNamed('egress-pilot'), gatewayNamed('egress')];
  const failed: Failure = {
    reason: 'bind-failed',
    message: `Binding engine "Agent 2" failed: Operation 17 ended in an error INTERNAL (13): container did not start.\nRolled back to egress ${from}, ingress ${gatewayNamed('ingress')}.`,
    next: ['Read reasoning_engine_stderr in Cloud Logging.'],
  };
  const stuck: Failure = {
    reason: 'bind-failed',
    message:
      'The roll-back of engine "Agent 3" failed: Operation 18 ended in an error INTERNAL (13). It is now bound to no gateway.',
    next: [],
  };
  const fleet: Failure = {
    reason: 'bind-failed',
    message: `Move to egress gateway ${to} could not be rolled back in full. As far as is known:\n- bound to egress gateway ${from}: 2 engine(s)\n- bound to no egress gateway, so that what they call is not governed: "Agent 3", "Agent 4"`,
    next: ['Run again with the same config, move: true included.'],
  };
  const ended = resultOf(
    plan,
    {},
    {
      'Agent 1': { status: 'pending', egress: from, ingress: gatewayNamed('ingress'), rollback: 'restored' },
      'Agent 2': {
        status: 'failed',
        egress: from,
        ingress: gatewayNamed('ingress'),
        rollback: 'restored',
        failure: failed,
      },
      'Agent 3': {
        status: 'failed',
        egress: null,
        ingress: gatewayNamed('ingress'),
        rollback: 'failed',
        failure: stuck,
      },
      'Agent 4': { status: 'pending', egress: null, rollback: 'restored' },
    },
  );
  const engines = new Map([...ended.engines].map(([name, engine]) => [name, without(engine, 'tookMs')]));
  const result = { ...ended, engines, failures: [failed, stuck, fleet] };
  const failures = result.failures;
  return moving({ state: 'failed', elapsedMs: 1_220_000, result, failures, next: [], open: stillOpen(plan, result) });
}

/** An engine is bound while its gateway is approved in place of another one, and ingress becomes restricted for the first time. */
function guarded(): CommentInput {
  const want = desired({
    gateways: { egress: gateway('egress') },
    guardrails: guardrails([EGRESS], {
      approved: {
        egress: [{ name: EGRESS, origin: fromFile(20) }],
        ingress: [{ name: gatewayNamed('ingress'), origin: fromFile(22) }],
      },
    }),
  });
  const [, , research] = fleetEngines;
  const hand = ownConstraint([], {
    name: ownConstraint([]).name.replace('Egress', 'Ingress'),
    condition: 'resource.displayName != "<b>@octocat | `x`</b>"',
    description: 'By hand',
  });
  const world = fleetWorld({
    engines: research ? [research] : [],
    enforcement: enforcing,
    guardrails: { ...seen(ownConstraint([OTHER]), ENFORCED).guardrails, ingress: { constraint: hand, policy: null } },
  });
  return commentOf(want, world, { next: [REVIEW] });
}

/**
 * One engine was deployed anew and one is no longer allowed what it was; two endpoints are no longer declared, one of which others
 * use as well.
 */
function pruned(prune: boolean): CommentInput {
  const named = (text: string, ...allow: string[]): DesiredAgent => ({
    selector: { kind: 'displayName', text, origin: fromFile(12) },
    allow,
  });
  const want = desired({
    gateways: { egress: gateway('egress') },
    endpoints: [endpoint('ticket-system', ['acme.zendesk.example.com'], { displayName: 'ticket-system' })],
    agents: [named('Support agent', 'ticket-system'), named('Billing agent')],
    prune,
  });
  const bound = egressConfig('egress');
  const old = memberOf('7777777777777777777');
  const billing = memberOf('8652609503562301440');
  const world = fleetWorld({
    engines: [
      observedEngine('4405152104998502400', { displayName: 'Support agent', allow: ['ticket-system'] }),
      observedEngine('8652609503562301440', { displayName: 'Billing agent', config: bound }),
    ],
    services: [
      ownedService('ticket-system', ['acme.zendesk.example.com']),
      ownedService('legacy-tickets', ['tickets.example.com', 'files.example.com']),
      ownedService('shared-mail', ['mail.example.com']),
    ],
    policies: {
      'ticket-system': policyOf([old, billing]),
      'legacy-tickets': policyOf([old, billing]),
      'shared-mail': policyOf([billing, 'group:payments@example.com']),
    },
    enforcement: enforcing,
    ...(prune ? { gone: new Set(['7777777777777777777']) } : {}),
  });
  const plan = planned(want, world);
  const shown = ['prunable', 'prune-kept', 'stale-members'];
  const checks = plan.checks.filter(({ id }) => shown.includes(id));
  return commentOf(want, world, { plan: { ...plan, checks }, next: [REVIEW] });
}

/** Members are out, and the service stays for now. */
function prunedHalfWay(): CommentInput {
  const input = pruned(true);
  const { plan } = input;
  if (!plan) return input;
  const result = resultOf(plan);
  const failure: Failure = {
    reason: 'register-failed',
    message:
      'Removing endpoint legacy-tickets (projects/acme-agents/locations/us-central1/services/legacy-tickets) failed: 429.',
    next: ['A quota is used up: run again later, or ask for more quota.'],
  };
  const removed = [...result.removals.services.keys()].map((name) => [name, { status: 'failed', failure }] as const);
  const ended = { ...result, removals: { ...result.removals, services: new Map(removed) }, failures: [failure] };
  const open = stillOpen(plan, ended);
  return { ...input, state: 'failed', elapsedMs: 183_000, failures: [failure], next: [], open };
}

function noChanges(): CommentInput {
  const want = desired({
    gateways: { egress: gateway('egress') },
    endpoints: [endpoint('ticket-system', ['acme.zendesk.example.com'])],
  });
  const [, , , , catalog] = fleetEngines;
  const engines = catalog ? [catalog] : [];
  const services = [ownedService('ticket-system', ['acme.zendesk.example.com'], { displayName: 'ticket-system' })];
  const world = fleetWorld({ engines, services, enforcement: enforcing, policies: { 'ticket-system': policyOf([]) } });
  return commentOf(want, world);
}

function errorsOnly(): CommentInput {
  const want = desired({
    gateways: { egress: gateway('egres') },
    endpoints: [endpoint('ticket-system', ['acme.zendesk.example.com'])],
    agents: [agent('Suport agent', ['ticket-system'])],
  });
  const checks = [
    {
      id: 'gateway-dry-run',
      level: 'warning' as const,
      message: 'Gateway projects/acme-agents/locations/us-central1/agentGateways/egress only logs what it would deny.',
      remedy: 'Set iamEnforcementMode to ENFORCE once the log shows no denials.',
    },
    {
      id: 'engine-not-found',
      level: 'error' as const,
      message: 'No engine has the display name "Suport agent" in project acme-agents, region us-central1.',
      remedy: 'Did you mean "Support agent"? Correct the name, or deploy the agent first.',
      origin: { kind: 'file' as const, file: 'agent-gateway.yaml', line: 21, column: 5 },
    },
    {
      id: 'gateway-not-found',
      level: 'error' as const,
      message: 'The egress gateway projects/acme-agents/locations/us-central1/agentGateways/egres does not exist.',
      remedy: 'Create it, or name one of: egress.',
      origin: { kind: 'file' as const, file: 'agent-gateway.yaml', line: 6, column: 11 },
    },
  ];
  const plan = {
    ...planned(desired({ endpoints: want.endpoints }), fleetWorld({ engines: [], services: [] })),
    checks,
  };
  const nothing = { ...plan, changes: [], summary: { register: 0, grant: 0, bind: 0, remove: 0 } };
  const failure: Failure = { reason: 'check-failed', message: checks[1]?.message ?? '', next: [] };
  return commentOf(want, fleetWorld({ engines: [] }), { plan: nothing, failures: [failure] });
}

function manyChanges(): CommentInput {
  const teams = ['Support', 'Billing', 'Research', 'Logistics', 'Travel', 'Claims', 'Catalog', 'Onboarding'];
  const engines = Array.from({ length: 400 }, (_, index) => {
    const displayName = `${teams[index % teams.length] ?? ''} agent ${String(index + 1).padStart(3, '0')}`;
    const allow = index % 4 === 0 ? ['google-apis', 'ticket-system'] : ['google-apis'];
    return observedEngine(String(4405152104998502400n + BigInt(index)), { displayName, allow });
  });
  return commentOf(fleetWant, fleetWorld({ engines }), { next: [REVIEW] });
}

function applied(): CommentInput {
  const world = fleetWorld({ enforcement: enforcing });
  return commentOf(fleetWant, world, {
    state: 'applied',
    elapsedMs: 273_000,
    next: ['New grants and registrations take some minutes to count everywhere.'],
    result: resultOf(planned(fleetWant, world)),
  });
}

/** Registering one endpoint failed, one engine did not come up, and another one was not reached. */
function halfWay(): CommentInput {
  const world = fleetWorld({ enforcement: enforcing });
  const plan = planned(fleetWant, world);
  const bindFailed: Failure = {
    reason: 'bind-failed',
    message:
      'Binding engine "Research agent" (projects/101010/locations/us-central1/reasoningEngines/3483603031247814656) failed: 13 INTERNAL: container did not start.\nSee https://console.cloud.google.com/logs/query?project=acme-agents for its log.',
    next: ['Read reasoning_engine_stderr in Cloud Logging.', 'Then run again; nothing has to be cleaned up first.'],
  };
  const registerFailed: Failure = {
    reason: 'register-failed',
    message:
      'Registering endpoint ticket-system (projects/acme-agents/locations/us-central1/services/ticket-system) failed: 429 RESOURCE_EXHAUSTED.',
    next: ['A quota is used up: run again later, or ask for more quota.'],
  };
  const result = resultOf(
    plan,
    { 'ticket-system': { status: 'failed', granted: 0, failure: registerFailed } },
    {
      'Research agent': { status: 'failed', egress: null, ingress: null, tookMs: 341_000, failure: bindFailed },
      'Support agent': { status: 'pending', egress: null, ingress: null },
    },
  );
  const services = new Map(
    [...result.services].map(([name, { registryResource, ...service }]) => [
      name,
      service.status === 'failed' || !registryResource ? service : { ...service, registryResource },
    ]),
  );
  const engines = new Map(
    [...result.engines].map(([name, { tookMs, ...engine }]) => [
      name,
      engine.status === 'pending' || tookMs === undefined ? engine : { ...engine, tookMs },
    ]),
  );
  const ended = { ...result, services, engines };
  return commentOf(fleetWant, world, {
    state: 'failed',
    elapsedMs: 402_000,
    plan,
    result: ended,
    failures: ended.failures,
    open: stillOpen(plan, ended),
    done: doneSoFar(plan, ended),
  });
}

/** Everything that may have happened since the last apply, and an agent that is gone. */
function drifted(): IssueInput {
  const plan = { ...planned(declared, driftedWorld()), checks: [NOT_FOUND] };
  return issueInput(declared, driftedWorld(), { plan });
}

function driftSummary(input: IssueInput): string {
  const { plan, drift, engines } = input;
  const next = driftAdvice(drift);
  const failures: Failure[] = [{ reason: 'changes-found', message: driftMessage(drift), next }];
  const title = 'Agent Gateway verification';
  return renderSummary({ title, plan, engines, failures, next: [], drift, verdict: verdict(input) });
}

function summaryOf(title: string, { plan, engines, failures, next, open, done = [] }: CommentInput): string {
  return renderSummary({ title, ...(plan ? { plan } : {}), engines, failures, next, open, done });
}
