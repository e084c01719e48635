import { driftOf, verdictOf } from '../../src/report/drift.js';
import type { IssueInput } from '../../src/report/issue.js';
import { reportEngines } from '../../src/report/engines.js';
import type { Desired } from '../../src/config/desired.js';
import type { Observed } from '../../src/observe/observed.js';
import type { Finding, Plan } from '../../src/plan/types.js';
import {
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
} from './builders.js';
import { DRY_RUN, EGRESS, guardrails, OTHER, ownConstraint, seen } from './guardrails.js';
import { planned } from './plan.js';
import { enforcing, fleetWorld } from './reports.js';

/** Engines of the fleet below. */
export const IDS = {
  support: '4405152104998502400',
  billing: '8652609503562301440',
  research: '3483603031247814656',
  catalog: '1977326743251943424',
} as const;

/** Both directions, three endpoints and guardrails. */
export const declared: Desired = desired({
  gateways: { egress: gateway('egress'), ingress: gateway('ingress') },
  endpoints: [
    endpoint('stripe-api', ['api.stripe.com'], { displayName: 'Stripe', protocol: 'HTTP_JSON' }),
    endpoint('ticket-system', ['acme.zendesk.example.com', 'files.zendesk.example.com'], { displayName: 'Tickets' }),
    endpoint('wiki', ['wiki.example.com']),
  ],
  guardrails: guardrails([EGRESS, OTHER]),
});

/** Everything that may have happened to it since. */
export function driftedWorld(): Observed {
  const both = { ...egressConfig('egress'), ...ingressConfig('ingress') };
  return fleetWorld({
    engines: [
      observedEngine(IDS.support, { displayName: 'Support agent', allow: ['stripe-api', 'ticket-system', 'wiki'] }),
      observedEngine(IDS.billing, {
        displayName: 'Billing agent',
        allow: ['stripe-api'],
        config: { ...egressConfig('egress-pilot'), ...ingressConfig('ingress') },
      }),
      observedEngine(IDS.research, { displayName: 'Research agent', allow: ['stripe-api', 'wiki'], config: both }),
      observedEngine(IDS.catalog, { displayName: 'Catalog agent', config: egressConfig('egress') }),
    ],
    services: [
      ownedService('stripe-api', ['api.stripe.com'], {
        displayName: 'Stripe',
        interfaces: [{ url: 'https://api.stripe.com', protocolBinding: 'GRPC' }],
      }),
      ownedService('ticket-system', ['acme.zendesk.example.com', 'pastebin.example.com'], {
        displayName: 'Tickets (do not touch)',
      }),
    ],
    policies: {
      'stripe-api': policyOf([memberOf(IDS.billing)]),
      'ticket-system': policyOf([memberOf(IDS.support)]),
    },
    enforcement: enforcing,
    ...seen(ownConstraint([EGRESS, gatewayNamed('shadow')]), DRY_RUN),
  });
}

/** The same world as declared. */
export function soundWorld(): Observed {
  const config = { ...egressConfig('egress'), ...ingressConfig('ingress') };
  return fleetWorld({
    engines: [observedEngine(IDS.support, { displayName: 'Support agent', allow: ['wiki'], config })],
    services: [ownedService('wiki', ['wiki.example.com'])],
    policies: { wiki: policyOf([memberOf(IDS.support)]) },
    enforcement: enforcing,
  });
}

export const soundWant: Desired = desired({
  gateways: { egress: gateway('egress'), ingress: gateway('ingress') },
  endpoints: [endpoint('wiki', ['wiki.example.com'])],
});

/** A check that says no, so that the drift is not all there is. */
export const NOT_FOUND: Finding = {
  id: 'engine-not-found',
  level: 'error',
  message: 'No engine with the display name "Refund agent" in project acme-agents, region us-central1.',
  remedy: 'Check the name or ID, the project and the region.',
  origin: fromFile(31),
};

/** What an issue about this world shows, with what a test wants to be otherwise. */
export function issueInput(
  want: Desired = declared,
  world: Observed = driftedWorld(),
  more: Partial<IssueInput> & { plan?: Plan } = {},
): IssueInput {
  const plan = more.plan ?? planned(want, world);
  return {
    label: 'acme/agents:agent-gateway.yaml · acme-agents · us-central1',
    drift: driftOf(plan),
    engines: reportEngines(plan, want, world),
    runUrl: 'https://github.com/acme/agents/actions/runs/18273645546',
    commit: '6f1c0c6ad6b1f5d9be8a2d5f1b9e0f7a3c4d5e6f',
    version: '1.0.0',
    ...more,
    plan,
  };
}

export const verdict = ({ plan, drift, engines }: IssueInput): string => verdictOf(plan, drift, engines);
