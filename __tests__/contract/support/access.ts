import type { WorldInput } from '../../../emulator/index.js';
import { BILLING, SUPPORT, world, type Stage } from './stage.js';

export const POLICY = 'agent-gateway-egress';
const DOMAIN = 'agents.global.org-5550001.system.id.goog';
/** An agent of another project. */
export const FOREIGN = `principal://${DOMAIN}/resources/aiplatform/projects/202020/locations/us-central1/reasoningEngines/7001`;
export const EVERYBODY = `principalSet://${DOMAIN}/*`;
export const RESEARCH = '3483603031247814656';

export const HOSTS = ['tickets.example.com', 'api.stripe.com', 'wiki.example.com'] as const;

/** A gateway that decides by access policies; a third agent that no config declares, bound like the others. */
export function accessWorld(change: Partial<WorldInput> = {}): WorldInput {
  return world({
    extensions: [{ id: 'iap-authz', policyVersion: 'V2' }],
    engines: [
      { id: SUPPORT, displayName: 'Support agent' },
      { id: BILLING, displayName: 'Billing agent' },
      { id: RESEARCH, displayName: 'Research agent', egress: 'egress' },
    ],
    ...change,
  });
}

/** Two agents and two endpoints, one of them for one agent alone. */
export const ACCESS_CONFIG = `version: 1
project: acme-agents
region: us-central1
gateways:
  egress: egress
endpoints:
  ticket-system:
    urls: [https://tickets.example.com]
  stripe-api:
    urls: [https://api.stripe.com]
agents:
  - engine: Support agent
    allow: [ticket-system, stripe-api]
  - engine: Billing agent
    allow: [stripe-api]
`;

/** What may pass, as `agent host`, sorted; agents that no gateway governs are left out. */
export function allowedPairs(stage: Stage): string[] {
  const { world: live } = stage.emulator;
  return [SUPPORT, BILLING, RESEARCH]
    .flatMap((id) => {
      const { principal, displayName } = live.engine(id);
      return HOSTS.map((host) => ({ host, displayName, ...stage.decide(principal, host) }));
    })
    .filter(({ allowed, enforced }) => allowed && enforced)
    .map(({ displayName, host }) => `${displayName} ${host}`)
    .sort();
}

export const DECLARED = [
  'Billing agent api.stripe.com',
  'Support agent api.stripe.com',
  'Support agent tickets.example.com',
];

interface Rule {
  readonly description?: string;
  readonly effect: string;
  readonly principals: readonly string[];
  readonly conditions?: Readonly<Record<string, { readonly expression: string }>>;
}

export function rulesIn(stage: Stage, id = POLICY): Rule[] {
  const { policy } = stage.emulator.world.accessPolicies.get(id);
  return (policy.details as { rules: Rule[] }).rules;
}

/** Requests to IAM so far, `METHOD last/segments`. */
export function iamRequests(stage: Stage): string[] {
  return stage.emulator.requests
    .filter(({ path }) => path.includes('/locations/global/'))
    .map(
      ({ method, path }) =>
        `${method} ${path.replace(/^.*\/locations\/global\//, '').replace(/operations\/.*/, 'operations')}`,
    );
}
