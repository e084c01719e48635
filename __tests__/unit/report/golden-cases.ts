import { renderComment, type CommentInput } from '../../../src/report/comment.js';
import { stillOpen } from '../../../src/report/open.js';
import { renderSummary } from '../../../src/report/summary.js';
import type { Failure } from '../../../src/failure.js';
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
  hostile: () => renderComment(hostileComment()),
  'summary-first-plan': () => summaryOf('Agent Gateway plan', firstPlan()),
  'summary-apply-failure': () => summaryOf('Agent Gateway apply', halfWay()),
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
  });
}

function summaryOf(title: string, { plan, engines, failures, next, open }: CommentInput): string {
  return renderSummary({ title, ...(plan ? { plan } : {}), engines, failures, next, open });
}
