import fc from 'fast-check';
import type { Desired, DesiredEndpoint, GatewayReference } from '../../src/config/desired.js';
import type { AgentGatewayConfig, IamBinding, RegistryService } from '../../src/google/types.js';
import { stage, type Stage } from './apply.js';
import {
  agent,
  desired,
  EGRESSOR,
  egressConfig,
  endpoint,
  FILE,
  fromFile,
  gateway,
  iapOf,
  ingressConfig,
  markOf,
  memberOf,
  PROJECT,
  REGION,
  service,
} from './builders.js';

/** Everything random is drawn from small pools, so that names meet. */
export const KEYS = ['alpha', 'beta', 'gamma'] as const;
/** Keys of another config. */
export const OTHER_KEYS = ['delta', 'epsilon'] as const;
export const OTHER_FILE = 'other.yaml';
const SERVICE_IDS = [...KEYS, 'theirs-1', 'theirs-2', 'delta'] as const;
export const HOSTS = ['a.example', 'b.example', 'c.example', 'd.example', 'aiplatform.googleapis.com'] as const;
export const ENGINE_IDS = ['1', '2', '3', '4'] as const;
/** Of engines that are granted something and are gone. */
export const GONE_IDS = ['8', '9'] as const;
const PROTOCOLS = ['JSONRPC', 'GRPC'] as const;

export interface EngineState {
  readonly id: string;
  readonly config: AgentGatewayConfig;
  readonly env: Readonly<Record<string, string>>;
}

/** The world before a run. A URL is in one service at most, as the registry has it. */
export interface World {
  readonly engines: readonly EngineState[];
  readonly services: readonly RegistryService[];
  /** Bindings by service ID; the registry-wide ones under `*`. */
  readonly policies: Readonly<Record<string, readonly IamBinding[]>>;
}

export interface Case {
  readonly world: World;
  readonly desired: Desired;
}

const gatewayArb = (id: string): fc.Arbitrary<GatewayReference | 'none' | undefined> =>
  fc.constantFrom<GatewayReference | 'none' | undefined>(
    undefined,
    'none',
    gateway(id),
    gateway(id, PROJECT.id),
    gateway(id, PROJECT.number),
  );

const endpointArb = (key: string): fc.Arbitrary<DesiredEndpoint> =>
  fc
    .record({
      hosts: fc.subarray([...HOSTS], { minLength: 1 }),
      protocol: fc.constantFrom(...PROTOCOLS),
      carryOver: fc.boolean(),
      gemini: fc.boolean(),
    })
    .map(({ hosts, protocol, carryOver, gemini }) =>
      endpoint(key, hosts, {
        protocol,
        carryOver,
        presets: gemini ? [{ name: 'gemini', origin: fromFile() }] : [],
      }),
    );

const configArb: fc.Arbitrary<AgentGatewayConfig> = fc
  .tuple(
    fc.constantFrom({}, egressConfig('egress'), egressConfig('egress', PROJECT.number), egressConfig('old')),
    fc.constantFrom({}, ingressConfig('ingress'), ingressConfig('old', PROJECT.number)),
  )
  .map(([egress, ingress]) => ({ ...egress, ...ingress }));

const bindingArb: fc.Arbitrary<IamBinding> = fc
  .record({
    role: fc.constantFrom(EGRESSOR, 'roles/iap.admin'),
    members: fc.subarray(['principal://x', 'user:y@example.com', ...[...ENGINE_IDS, ...GONE_IDS].map(memberOf)]),
    condition: fc.constantFrom(undefined, { expression: 'night', title: 'n' }),
  })
  .map(({ role, members, condition }) => ({ role, members, ...(condition ? { condition } : {}) }));

export const worldArb: fc.Arbitrary<World> = fc
  .record({
    engines: fc.tuple(
      ...ENGINE_IDS.map((id) =>
        fc.record({
          id: fc.constant(id),
          config: configArb,
          env: fc.constantFrom({}, { GOOGLE_CLOUD_LOCATION: 'global' }, { GOOGLE_API_USE_MTLS_ENDPOINT: 'always' }),
        }),
      ),
    ),
    there: fc.subarray([...SERVICE_IDS]),
    own: fc.subarray([...KEYS]),
    places: fc.tuple(...HOSTS.map(() => fc.constantFrom(undefined, ...SERVICE_IDS))),
    protocols: fc.tuple(...HOSTS.map(() => fc.constantFrom(...PROTOCOLS))),
    slash: fc.subarray([...HOSTS]),
    policies: fc.dictionary(fc.constantFrom('*', ...SERVICE_IDS), fc.array(bindingArb, { maxLength: 3 })),
  })
  .map(({ engines, there, own, places, protocols, slash, policies }) => ({
    engines,
    // A service that is made anew has an ID of its own, on which nobody can have granted anything.
    policies: Object.fromEntries(
      Object.entries(policies).filter(([id]) => id === '*' || there.some((service) => service === id)),
    ),
    services: there.map((id) =>
      service(id, [], {
        ...(own.some((key) => key === id) ? { description: markOf(id) } : {}),
        ...(id === 'delta' ? { description: markOf(id, OTHER_FILE) } : {}),
        interfaces: HOSTS.flatMap((host, index) =>
          places[index] === id
            ? [{ url: `https://${host}${slash.includes(host) ? '/' : ''}`, protocolBinding: protocols[index] ?? '' }]
            : [],
        ),
      }),
    ),
  }));

/** What a file may declare with these keys. */
export const desiredOf = (pool: readonly string[], config: string): fc.Arbitrary<Desired> =>
  fc
    .record({
      egress: gatewayArb('egress'),
      ingress: gatewayArb('ingress'),
      endpoints: fc.tuple(...pool.map(endpointArb)),
      keys: fc.shuffledSubarray([...pool]),
      agents: fc.subarray([...ENGINE_IDS]),
      allows: fc.tuple(...ENGINE_IDS.map(() => fc.subarray([...pool]))),
      narrowed: fc.boolean(),
      prune: fc.boolean(),
    })
    .map(({ egress, ingress, endpoints, keys, agents, allows, narrowed, prune }) => {
      const declared = keys.flatMap((key) => endpoints.filter((item) => item.key === key));
      return desired({
        config,
        gateways: { ...(egress ? { egress } : {}), ...(ingress ? { ingress } : {}) },
        endpoints: declared,
        prune,
        agents: agents.map((id) =>
          agent(
            id,
            (allows[ENGINE_IDS.indexOf(id)] ?? []).filter((key) => keys.includes(key)),
          ),
        ),
        ...(narrowed && agents[0] ? { only: [agent(agents[0], []).selector] } : {}),
      });
    });

export const desiredArb = desiredOf(KEYS, FILE);

export const caseArb: fc.Arbitrary<Case> = fc.record({ world: worldArb, desired: desiredArb });

const REGISTRY = `projects/${PROJECT.number}/locations/${REGION}/iap_web/agentRegistry`;
export const policyPath = (id: string): string => (id === '*' ? REGISTRY : iapOf(id));

/** A fake Google Cloud with this world in it. */
export function staged({ engines, services, policies }: World, updateMs = 150_000): Stage {
  const on = stage({ updateMs });
  for (const { id, config, env } of engines) on.google.engines.add(id, { config, env });
  for (const each of services) on.google.registry.add(each);
  for (const [id, bindings] of Object.entries(policies)) on.google.putPolicy(policyPath(id), [...bindings]);
  return on;
}
