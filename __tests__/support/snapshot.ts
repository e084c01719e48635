import type { AgentGatewayConfig, IamBinding, RegistryService } from '../../src/google/types.js';
import { ENGINE_IDS } from './arbitrary.js';
import type { Stage } from './apply.js';
import { conditionKey } from '../../src/plan/policy.js';

/** All that runs write, at one moment. */
export interface Snapshot {
  /** By service ID. */
  readonly services: ReadonlyMap<string, RegistryService>;
  /** By IAP resource. */
  readonly policies: ReadonlyMap<string, readonly IamBinding[]>;
  /** By engine ID. */
  readonly engines: ReadonlyMap<string, AgentGatewayConfig>;
}

export function snapshotOf({ google }: Pick<Stage, 'google'>): Snapshot {
  const idOf = (name: string): string => name.slice(name.lastIndexOf('/') + 1);
  return structuredClone({
    services: new Map([...google.registry.services].map(([name, service]) => [idOf(name), service])),
    policies: new Map([...google.policies].map(([path, { bindings }]) => [path, bindings ?? []])),
    engines: new Map(ENGINE_IDS.map((id) => [id, google.engines.configOf(id)])),
  });
}

/** The members of a policy, each with its role and condition. */
export const membersIn = (bindings: readonly IamBinding[]): string[] =>
  bindings.flatMap(({ role, members, condition }) =>
    (members ?? []).map((member) => [role, member, conditionKey(condition)].join(' ').trim()),
  );

/**
 * A snapshot as lines that are equal for worlds that mean the same: the order of interfaces, bindings and members says
 * nothing, and a gateway is one gateway whether its project is an ID or a number.
 */
export function linesOf({ services, policies, engines }: Snapshot): string[] {
  return [
    ...[...services].flatMap(([id, service]) => [
      `service ${id} ${JSON.stringify([service.displayName, service.description])}`,
      ...(service.interfaces ?? []).map(({ url, protocolBinding }) => `interface ${id} ${url} ${protocolBinding}`),
    ]),
    ...[...policies].flatMap(([path, bindings]) => membersIn(bindings).map((member) => `member ${path} ${member}`)),
    ...[...engines].flatMap(([id, config]) => [
      `egress ${id} ${shortName(config.agentToAnywhereConfig?.agentGateway)}`,
      `ingress ${id} ${shortName(config.clientToAgentConfig?.agentGateway)}`,
    ]),
  ].sort();
}

/** All gateways of these worlds are in one project and region. */
export const shortName = (gateway: string | undefined): string => gateway?.split('/').at(-1) ?? 'none';
