import type { EngineInput, WorldInput } from '../../emulator/index.js';

/** A world to work on and what is to be made of it. */
export interface Case {
  readonly world: WorldInput;
  readonly config: string;
  readonly inputs?: Readonly<Record<string, string>>;
  /** What the config takes out, as facts of a snapshot; all else that was there stays. */
  readonly goes: readonly string[];
}

const PROJECT = { id: 'acme-agents', number: '101010', organization: '5550001' };

/**
 * What another team has in the same project: each of these is lost as soon as somebody writes without reading first. A policy with
 * a condition, other roles, services that are none of ours, an engine nobody declared, and labels.
 */
const FOREIGN = {
  services: [
    {
      id: 'payments-team',
      displayName: 'Payments',
      description: 'Hands off',
      urls: ['https://api.stripe.com', 'https://payments.example.com'],
      protocol: 'HTTP_JSON' as const,
      policy: [
        { members: ['group:payments@example.com', 'user:auditor@example.com'] },
        {
          members: ['user:temp@example.com'],
          condition: { title: 'until new year', expression: 'request.time < timestamp("2027-01-01T00:00:00Z")' },
        },
        { role: 'roles/iap.admin', members: ['group:security@example.com'] },
      ],
    },
    { id: 'their-tools', kind: 'mcp' as const, urls: ['https://tools.example.com'] },
  ],
  engine: {
    id: '2001',
    displayName: 'Agent of another team',
    egress: 'egress',
    ingress: 'ingress',
    labels: { team: 'payments' },
  },
};

/** A service that an earlier version of the config has made: one host has left since, and one is to come. */
const OWN_SERVICE = {
  id: 'customers',
  displayName: 'customers',
  description: 'Managed by bind-agent-gateway. [config=agent-gateway.yaml scope=acme-agents/us-central1 key=customers]',
  urls: ['https://customers.example.com', 'https://old-customers.example.com'],
  policy: [{ members: ['group:sales@example.com', 'engine:1001'] }],
};

const ENDPOINTS: Readonly<Record<string, string>> = {
  tickets: '{ urls: [https://tickets.example.com] }',
  customers: '{ urls: [https://customers.example.com, https://new-customers.example.com] }',
  stripe: '{ urls: [https://api.stripe.com], protocol: http-json }',
  wiki: '{ urls: [https://wiki.example.com, https://wiki-files.example.com] }',
  search: '{ urls: [https://search.example.com] }',
  runtime: '{ presets: [sessions] }',
};

const engine = (n: number): EngineInput => ({
  id: String(1000 + n),
  displayName: `Agent ${n}`,
  labels: { owner: `team-${n}` },
  // Every third is governed on its other side already, which the config says nothing about.
  ...(n % 3 === 2 ? { ingress: 'ingress' } : {}),
});

/**
 * A world with a bit of everything: services to create, to change and to adopt, engines to bind, and what other teams have.
 *
 * @param engines how many engines the config binds
 * @param endpoints how many endpoints they are allowed, up to 6
 */
export function caseOf(engines: number, endpoints: number): Case {
  const numbers = Array.from({ length: engines }, (_, index) => index + 1);
  const world: WorldInput = {
    projects: [PROJECT],
    gateways: [
      { id: 'egress', path: 'egress' },
      { id: 'ingress', path: 'ingress' },
    ],
    extensions: [{ id: 'iap-authz' }],
    authzPolicies: [{ id: 'egress-authz', gateways: ['egress'], extension: 'iap-authz' }],
    engines: [...numbers.map(engine), FOREIGN.engine],
    services: [...FOREIGN.services, OWN_SERVICE],
    policies: [{ on: 'registry', bindings: [{ members: ['group:platform@example.com'] }] }],
  };
  const config = configOf({ egress: 'egress' }, Object.keys(ENDPOINTS).slice(0, endpoints), numbers);
  return { world, config, goes: endpoints > 1 ? ['service customers: https://old-customers.example.com JSONRPC'] : [] };
}

/** The identity of an engine that was deleted. */
const LEFTOVER =
  'principal://agents.global.org-5550001.system.id.goog/resources/aiplatform/projects/101010/locations/us-central1/reasoningEngines/9001';

/** A service that an earlier version of the config has made, and that this one no longer declares. */
const OLD_SERVICE = {
  id: 'old-wiki',
  displayName: 'old-wiki',
  description: OWN_SERVICE.description.replace('key=customers', 'key=old-wiki'),
  urls: ['https://old-wiki.example.com'],
  policy: [{ members: [LEFTOVER] }],
};

/** What an earlier version of the config, and an engine that is gone, have left behind. */
export function prunedCase(): Case {
  const { world, config, goes } = caseOf(3, 3);
  const [members] = OWN_SERVICE.policy.map((binding) => binding.members);
  const own = { ...OWN_SERVICE, policy: [{ members: [LEFTOVER, ...(members ?? [])] }] };
  return {
    world: { ...world, services: [...FOREIGN.services, own, OLD_SERVICE] },
    config,
    inputs: { prune: 'true' },
    goes: [
      ...goes,
      'service old-wiki: https://old-wiki.example.com JSONRPC',
      `service old-wiki: description ${JSON.stringify(OLD_SERVICE.description)}`,
      'service old-wiki: displayName "old-wiki"',
      'service old-wiki: endpointSpec {"type":"NO_SPEC"}',
      `policy of service customers: roles/iap.egressor null ${LEFTOVER}`,
      `policy of service old-wiki: roles/iap.egressor null ${LEFTOVER}`,
    ],
  };
}

/**
 * @param gateways what to declare, by direction
 * @param endpoints keys of the endpoints above, or whole lines `key: {...}`
 * @param engines numbers of the engines; half of them are named by ID, half by display name
 */
export function configOf(
  gateways: Readonly<Record<string, string>>,
  endpoints: readonly string[],
  engines: readonly number[],
): string {
  const lines = endpoints.map((entry) => (entry in ENDPOINTS ? `${entry}: ${ENDPOINTS[entry] ?? ''}` : entry));
  const keys = lines.map((line) => line.slice(0, line.indexOf(':')));
  return [
    'version: 1',
    'project: acme-agents',
    'region: us-central1',
    'gateways:',
    ...Object.entries(gateways).map(([direction, gateway]) => `  ${direction}: ${gateway}`),
    ...(lines.length > 0 ? ['endpoints:', ...lines.map((line) => `  ${line}`)] : []),
    'agents:',
    ...engines.map((n) => {
      const selector = n % 2 === 0 ? `Agent ${n}` : `"${1000 + n}"`;
      return `  - { engine: ${selector}, allow: [${keys.join(', ')}] }`;
    }),
    '',
  ].join('\n');
}
