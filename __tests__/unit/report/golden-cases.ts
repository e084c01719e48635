import { renderComment, type CommentInput } from '../../../src/report/comment.js';
import { driftAdvice, driftMessage } from '../../../src/report/drift-text.js';
import { renderIssue, type IssueInput } from '../../../src/report/issue.js';
import { doneSoFar, stillOpen } from '../../../src/report/open.js';
import { renderSummary } from '../../../src/report/summary.js';
import type { Failure } from '../../../src/failure.js';
import type { DesiredAgent } from '../../../src/config/desired.js';
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
import { commentOf, planOf, REVIEW } from './golden-base.js';
import { moving, takenBack } from './golden-moves.js';
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
