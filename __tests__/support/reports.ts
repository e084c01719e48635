import type { ApplyResult, EngineResult, ServiceResult } from '../../src/apply/result.js';
import type { Desired } from '../../src/config/desired.js';
import type { Observed } from '../../src/observe/observed.js';
import {
  bindingChanges,
  endpointChanges,
  grantChanges,
  guardrailChanges,
  isChange,
  isRemoval,
  type Plan,
} from '../../src/plan/types.js';
import {
  desired,
  egressConfig,
  egressGateway,
  EGRESSOR,
  endpoint,
  fromFile,
  gateway,
  ingressConfig,
  ingressGateway,
  observed,
  observedEngine,
  resourceOf,
  service,
  type AllowedEngine,
  type ObservedParts,
} from './builders.js';
import { planned } from './plan.js';

/** A plan with something in every layer. */
export const want = desired({
  gateways: { egress: gateway('egress') },
  endpoints: [
    endpoint('stripe', ['api.stripe.com'], { displayName: 'Stripe' }),
    endpoint('models', ['models.example']),
  ],
});
export const engines = [
  observedEngine('1', { allow: ['stripe', 'models'], displayName: 'Support agent' }),
  observedEngine('2', { allow: ['models'], displayName: 'Evil |<b> @octocat' }),
];
export const world = observed({
  engines,
  services: [service('theirs', ['models.example', 'extra.example'])],
  gateways: { egress: egressGateway() },
  enforcement: { kind: 'read', policies: [], extensions: [] },
});
export const plan = planned(want, world);

/** A fleet as a team has it: the first plan binds, registers, adopts, grants and carries over. */
const presets = (...names: readonly string[]) => names.map((name) => ({ name, origin: fromFile(10) }));
export const fleetWant: Desired = desired({
  gateways: { egress: gateway('egress'), ingress: gateway('ingress') },
  endpoints: [
    endpoint('google-apis', [], {
      displayName: 'Google APIs',
      presets: presets('runtime', 'gemini', 'sessions', 'tracing', 'logging'),
    }),
    endpoint('stripe-api', ['api.stripe.com'], { displayName: 'Stripe', protocol: 'HTTP_JSON', carryOver: true }),
    endpoint('ticket-system', ['acme.zendesk.example.com'], { displayName: 'Ticket system', protocol: 'HTTP_JSON' }),
  ],
});

const batchAgent =
  'principal://agents.global.org-5550001.system.id.goog/resources/aiplatform/projects/202020/locations/us-central1/reasoningEngines/7001';

/** IAP decides, and enforces unless told otherwise. */
const enforcement = (mode?: string): NonNullable<Observed['enforcement']> => ({
  kind: 'read',
  policies: [
    {
      name: 'projects/acme-agents/locations/us-central1/authzPolicies/egress-authz',
      action: 'CUSTOM',
      customProvider: { authzExtension: { resources: ['projects/p/locations/us-central1/authzExtensions/iap-authz'] } },
    },
  ],
  extensions: [
    {
      name: 'projects/p/locations/us-central1/authzExtensions/iap-authz',
      service: 'iap.googleapis.com',
      metadata: { iapPolicyVersion: 'V1', ...(mode ? { iamEnforcementMode: mode } : {}) },
    },
  ],
});

export const fleetEngines: readonly AllowedEngine[] = [
  observedEngine('4405152104998502400', {
    displayName: 'Support agent',
    allow: ['google-apis', 'ticket-system'],
    env: { GOOGLE_CLOUD_LOCATION: 'us-central1' },
  }),
  observedEngine('8652609503562301440', {
    displayName: 'Billing agent',
    allow: ['google-apis', 'stripe-api'],
    config: ingressConfig('ingress'),
  }),
  observedEngine('3483603031247814656', { displayName: 'Research agent', allow: ['google-apis'] }),
  observedEngine('6120587744829014016', {
    displayName: 'Refund agent',
    allow: ['google-apis', 'stripe-api'],
    config: ingressConfig('ingress'),
  }),
  observedEngine('1977326743251943424', {
    displayName: 'Catalog agent',
    config: { ...egressConfig('egress'), ...ingressConfig('ingress') },
  }),
];

/** The fleet's world before the first run. */
export function fleetWorld(more: ObservedParts = {}): Observed {
  return observed({
    engines: fleetEngines,
    services: [
      service('payments-stripe', ['api.stripe.com', 'files.stripe.com'], { displayName: 'Stripe (payments)' }),
    ],
    gateways: { egress: egressGateway(), ingress: ingressGateway() },
    registryPolicy: {
      etag: 'ACAB',
      bindings: [
        {
          role: EGRESSOR,
          members: [batchAgent],
          condition: { title: 'until-new-year', expression: 'request.time < timestamp("2027-01-01T00:00:00Z")' },
        },
      ],
    },
    enforcement: enforcement('DRY_RUN'),
    ...more,
  });
}

export const enforcing = enforcement();

/** How an apply of the plan ends when all goes well, with what a test wants to be otherwise. */
export function resultOf(
  of: Plan,
  services: Readonly<Record<string, Partial<ServiceResult>>> = {},
  bindings: Readonly<Record<string, Partial<EngineResult>>> = {},
): ApplyResult {
  const failures = [...Object.values(services), ...Object.values(bindings)].flatMap(({ failure }) => failure ?? []);
  return {
    failures,
    removals: {
      members: new Map(
        grantChanges(of)
          .filter(isRemoval)
          .map(({ service: name }) => [name, { status: 'done' as const }]),
      ),
      services: new Map(
        endpointChanges(of)
          .filter(isRemoval)
          .map(({ service: name }) => [name, { status: 'done' as const }]),
      ),
    },
    guardrails: new Map(
      guardrailChanges(of)
        .filter(isChange)
        .map(({ name }) => [name, { name, status: 'done' as const }]),
    ),
    services: new Map(
      endpointChanges(of).map(({ service: name }) => {
        const id = name.slice(name.lastIndexOf('/') + 1);
        const granted = grantChanges(of).filter((grant) => grant.service === name && isChange(grant)).length;
        const done = { service: name, status: 'done' as const, registryResource: resourceOf(id), granted };
        return [name, { ...done, ...services[id] }];
      }),
    ),
    engines: new Map(
      bindingChanges(of).map((change, index) => {
        const { engine, egress, ingress } = change;
        const done = isChange(change)
          ? { status: 'changed' as const, tookMs: 95_000 + 8_000 * index }
          : { status: 'bound' as const };
        return [engine, { engine, egress: egress.to, ingress: ingress.to, ...done, ...bindings[change.displayName] }];
      }),
    ),
  };
}
