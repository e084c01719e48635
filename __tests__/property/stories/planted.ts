import type { Google } from '../../../src/google/index.js';
import { clientsOf } from '../../support/apply.js';
import type { RegistryService } from '../../../src/google/types.js';
import { markOf, memberOf, EGRESSOR } from '../../support/builders.js';
import { membersIn } from '../../support/snapshot.js';
import { ENGINE_IDS } from '../../support/arbitrary.js';
import { without } from '../../support/without.js';
import type { Plant } from './alone.js';

/*
 * Bugs as somebody might write them. Each sits between a run and its clients, and sends or shows what a run with that bug
 * would send or see.
 */

/** The mask names the whole message, and only what is declared is put into it. */
export const forgetsUndeclaredDirections: Plant = (on, { gateways }) =>
  withAiplatform(on, (client) => ({
    patchGatewayConfig: (name, { agentToAnywhereConfig, clientToAgentConfig }, etag) => {
      const egress = gateways.egress && agentToAnywhereConfig ? { agentToAnywhereConfig } : {};
      const ingress = gateways.ingress && clientToAgentConfig ? { clientToAgentConfig } : {};
      return client.patchGatewayConfig(name, { ...egress, ...ingress }, etag);
    },
  }));

/** An engine is written without the etag of what was read. */
export const writesEnginesBlindly: Plant = (on) =>
  withAiplatform(on, (client) => ({
    patchGatewayConfig: (name, config) => client.patchGatewayConfig(name, config, undefined),
  }));

/** A policy is written without the etag of what was read. */
export const writesPoliciesBlindly: Plant = (on) =>
  withIap(on, (client) => ({ setPolicy: (resource, policy) => client.setPolicy(resource, without(policy, 'etag')) }));

/** The members of the role become those that the action knows, instead of being joined by them. */
export const replacesMembers: Plant = (on) =>
  withIap(on, (client) => ({
    setPolicy: (resource, policy) => {
      const known = ENGINE_IDS.map(memberOf);
      const bindings = (policy.bindings ?? []).map((binding) =>
        binding.role === EGRESSOR
          ? { ...binding, members: (binding.members ?? []).filter((member) => known.includes(member)) }
          : binding,
      );
      return client.setPolicy(resource, { ...policy, bindings });
    },
  }));

/** Whoever is taken out of a policy is taken out of all of it, conditions and other roles included. */
export const prunesWholePolicies: Plant = (on) =>
  withIap(on, (client) => ({
    setPolicy: (resource, policy) => {
      const before = membersIn(on.google.policies.get(resource)?.bindings ?? []);
      const now = membersIn(policy.bindings ?? []);
      const gone = before.filter((entry) => !now.includes(entry)).map((entry) => entry.split(' ')[1] ?? '');
      const bindings = (policy.bindings ?? []).map((binding) => ({
        ...binding,
        members: (binding.members ?? []).filter((member) => !gone.includes(member)),
      }));
      return client.setPolicy(resource, { ...policy, bindings });
    },
  }));

/** What is not declared counts as the config's own, whatever its description says. */
export const ownsAllServices: Plant = (on, { config, endpoints }) => {
  const { agentregistry } = on.google;
  const marked = (service: RegistryService): RegistryService => {
    const id = service.name.slice(service.name.lastIndexOf('/') + 1);
    return endpoints.some(({ key }) => key === id) ? service : { ...service, description: markOf(id, config) };
  };
  const listServices: Google['agentregistry']['listServices'] = async (project, location) =>
    (await agentregistry.listServices(project, location)).map(marked);
  const getService: Google['agentregistry']['getService'] = async (name) =>
    marked(await agentregistry.getService(name));
  return clientsOf(on, { agentregistry: { ...agentregistry, listServices, getService } });
};

/** Only the services of the config's own keys are looked through for a URL. */
export const knowsOwnServicesOnly: Plant = (on, { endpoints }) => {
  const { agentregistry } = on.google;
  const listServices: Google['agentregistry']['listServices'] = async (project, location) =>
    (await agentregistry.listServices(project, location)).filter(({ name }) =>
      endpoints.some(({ key }) => name.endsWith(`/services/${key}`)),
    );
  return clientsOf(on, { agentregistry: { ...agentregistry, listServices } });
};

function withAiplatform(
  on: Parameters<Plant>[0],
  replaced: (client: Google['aiplatform']) => Partial<Google['aiplatform']>,
): Google {
  const { aiplatform } = on.google;
  return clientsOf(on, { aiplatform: { ...aiplatform, ...replaced(aiplatform) } });
}

function withIap(on: Parameters<Plant>[0], replaced: (client: Google['iap']) => Partial<Google['iap']>): Google {
  const { iap } = on.google;
  return clientsOf(on, { iap: { ...iap, ...replaced(iap) } });
}
