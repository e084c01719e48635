import { timestamp } from '../core/clock.js';
import { compact, type Json } from '../core/json.js';
import type { ParsedWorld } from '../world.js';
import { recordKey } from './names.js';
import type { State } from './state.js';
import type { NetworkRecord, Place } from './types.js';
import { placeOf } from './targets.js';

/** Gateways, extensions and authorization policies of the world. */
export function populateNetworking(state: State, world: ParsedWorld): void {
  for (const input of world.gateways) {
    const place = placeOf(state, input.project, input.location, world.region);
    addNetworkRecord(state, state.gateways, place, input.id, gatewayData(place, input));
  }
  for (const input of world.extensions) {
    const place = placeOf(state, input.project, input.location, world.region);
    addNetworkRecord(state, state.extensions, place, input.id, extensionData(state, input));
  }
  for (const input of world.authzPolicies) {
    const place = placeOf(state, input.project, input.location, world.region);
    addNetworkRecord(state, state.authzPolicies, place, input.id, authzPolicyData(state, place, input));
  }
}

/** Stores a networking resource under its place and id. */
export function addNetworkRecord(
  state: State,
  records: Map<string, NetworkRecord>,
  place: Place,
  id: string,
  data: Json,
): NetworkRecord {
  const record: NetworkRecord = { ...place, id, data, etag: state.ids.etag() };
  records.set(recordKey(place, id), record);
  return record;
}

const PATHS = { egress: 'AGENT_TO_ANYWHERE', ingress: 'CLIENT_TO_AGENT' };

function gatewayData(place: Place, input: ParsedWorld['gateways'][number]): Json {
  const path = input.path === 'egress' || input.path === 'ingress' ? PATHS[input.path] : input.path;
  const isEgress = path === 'AGENT_TO_ANYWHERE';
  const registries = (input.registries ?? (isEgress ? [place.location] : [])).map((name) =>
    name.startsWith('//') ? name : `//agentregistry.googleapis.com/projects/${place.project.id}/locations/${name}`,
  );
  return compact({
    createTime: input.createTime,
    updateTime: input.createTime,
    description: input.description,
    ...(input.selfManaged ? { selfManaged: {} } : { googleManaged: { governedAccessPath: path } }),
    registries: registries.length > 0 ? registries : undefined,
    agentGatewayCard: isEgress && input.card ? gatewayCard(place, input.id) : undefined,
  });
}

/** The output card of an egress gateway; ingress gateways were never seen with one (public live report). */
export function gatewayCard(place: Place, id: string): Json {
  return {
    mtlsEndpoint: `${id}.${place.location}.agentgateway.${place.project.number}.goog:443`,
    rootCertificates: ['-----BEGIN CERTIFICATE-----\nZW11bGF0ZWQgZ2F0ZXdheSByb290\n-----END CERTIFICATE-----\n'],
    serviceExtensionsServiceAccount: `service-${place.project.number}@gcp-sa-dep.iam.gserviceaccount.com`,
  };
}

function extensionData(state: State, input: ParsedWorld['extensions'][number]): Json {
  return {
    ...times(state),
    service: input.service,
    timeout: '1s',
    failOpen: input.failOpen,
    metadata: compact({
      iapPolicyVersion: input.policyVersion === 'unset' ? undefined : input.policyVersion,
      iamEnforcementMode: input.enforcement === 'unset' ? undefined : input.enforcement,
    }),
  };
}

function authzPolicyData(state: State, place: Place, input: ParsedWorld['authzPolicies'][number]): Json {
  const base = `projects/${place.project.id}/locations/${place.location}`;
  const full = (collection: string, name: string): string =>
    name.includes('/') ? name : `${base}/${collection}/${name}`;
  return compact({
    ...times(state),
    target: { resources: input.gateways.map((name) => full('agentGateways', name)) },
    action: input.action,
    policyProfile: input.profile,
    customProvider:
      input.extension === undefined
        ? undefined
        : { authzExtension: { resources: [full('authzExtensions', input.extension)] } },
  });
}

function times(state: State): Json {
  const now = timestamp(state.clock.now());
  return { createTime: now, updateTime: now };
}
