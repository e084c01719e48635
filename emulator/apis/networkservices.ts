import { failedPrecondition, invalid } from '../core/errors.js';
import { asJson, asString, asStrings, type Json } from '../core/json.js';
import type { Api } from '../core/router.js';
import { ACCESS_PATH, bindingOf, DIRECTIONS, sameGateway } from '../state/engines.js';
import { placeName } from '../state/names.js';
import { gatewayCard } from '../state/populate-networking.js';
import type { State } from '../state/state.js';
import type { NetworkRecord, Place } from '../state/types.js';
import { kindRoutes, type Kind } from './networking.js';
import { operationRoutes } from './operations.js';

const REGISTRY = /^\/\/agentregistry\.googleapis\.com\/projects\/[^/]+\/locations\/([^/]+)$/;
const times = { name: 'string', createTime: 'string', updateTime: 'string' } as const;

/** Agent gateways (networkservices discovery; the registry rules are from Google's troubleshooting references). */
const agentGateways: Kind = {
  api: 'networkservices',
  collection: 'agentGateways',
  idParameter: 'agentGatewayId',
  message: 'AgentGateway',
  shape: {
    message: {
      ...times,
      etag: 'string',
      description: 'string',
      labels: { map: 'string' },
      googleManaged: {
        message: { governedAccessPath: ['GOVERNED_ACCESS_PATH_UNSPECIFIED', 'AGENT_TO_ANYWHERE', 'CLIENT_TO_AGENT'] },
      },
      selfManaged: { message: { resourceUri: 'string', resourceUris: { list: 'string' } } },
      registries: { list: 'string' },
      protocols: { list: ['PROTOCOL_UNSPECIFIED', 'MCP'] },
      networkConfig: 'any',
      agentConnectivityTemplate: 'string',
      agentGatewayCard: 'any',
    },
  },
  masks: [
    'description',
    'labels',
    'googleManaged',
    'selfManaged',
    'registries',
    'protocols',
    'networkConfig',
    'agentConnectivityTemplate',
  ],
  hasEtag: true,
  records: (state) => state.gateways,
  durationMs: (state) => state.settings.operations.gatewayMs,
  check: checkGateway,
  checkDelete: checkGatewayUnused,
  onCreate: (_state, place, id, data) =>
    pathOf(data) === ACCESS_PATH.egress ? { ...data, agentGatewayCard: gatewayCard(place, id) } : data,
};

/** Authorization extensions; IAP's metadata must say which policy version decides (public live report). */
const authzExtensions: Kind = {
  api: 'networkservices',
  collection: 'authzExtensions',
  idParameter: 'authzExtensionId',
  message: 'AuthzExtension',
  shape: {
    message: {
      ...times,
      description: 'string',
      labels: { map: 'string' },
      service: 'string',
      timeout: 'string',
      failOpen: 'bool',
      authority: 'string',
      loadBalancingScheme: 'string',
      wireFormat: 'string',
      forwardHeaders: { list: 'string' },
      forwardAttributes: { list: 'string' },
      metadata: { map: 'any' },
    },
  },
  masks: [
    ...['description', 'labels', 'service', 'timeout', 'failOpen', 'authority', 'loadBalancingScheme', 'wireFormat'],
    ...['forwardHeaders', 'forwardAttributes', 'metadata'],
  ],
  hasEtag: false,
  records: (state) => state.extensions,
  durationMs: (state) => state.settings.operations.authzMs,
  check: checkExtension,
  checkDelete: checkExtensionUnused,
  onCreate: (_state, _place, _id, data) => data,
};

export const networkservices: Api = {
  name: 'networkservices',
  service: 'networkservices.googleapis.com',
  versions: ['v1', 'v1beta1'],
  routes: [...kindRoutes(agentGateways), ...kindRoutes(authzExtensions), ...operationRoutes('networkservices')],
};

function pathOf(data: Json): string {
  return asString(asJson(data.googleManaged).governedAccessPath);
}

/** One of managed and self-managed; at most two registries, and then one global and one regional. */
function checkGateway(state: State, place: Place, _id: string, data: Json, isNew: boolean): void {
  const kinds = ['googleManaged', 'selfManaged'].filter((field) => data[field] !== undefined);
  if (kinds.length !== 1) throw invalid('Exactly one of google_managed, self_managed must be set.', 'agent_gateway');
  const locations = asStrings(data.registries).map((name) => REGISTRY.exec(name)?.[1]);
  if (locations.includes(undefined)) {
    throw invalid(
      'registries must look like //agentregistry.googleapis.com/projects/{project}/locations/{location}.',
      'registries',
    );
  }
  const globals = locations.filter((location) => location === 'global').length;
  if (locations.length > 2 || (locations.length === 2 && globals !== 1)) {
    throw invalid('At most two registries are allowed: one global and one regional or multi-regional.', 'registries');
  }
  if (isNew && state.settings.networking.oneGatewayPerDirection) refuseSecond(state, place, data);
}

function refuseSecond(state: State, place: Place, data: Json): void {
  const exists = [...state.gateways.values()].some(
    (record) =>
      record.project === place.project && record.location === place.location && pathOf(record.data) === pathOf(data),
  );
  if (!exists) return;
  throw failedPrecondition('Another Agent Gateway is already active or being created for this project and direction.');
}

/** A gateway cannot go while engines are bound to it (public reports: FAILED_PRECONDITION). */
function checkGatewayUnused(state: State, record: NetworkRecord): void {
  const name = `${placeName(record, false)}/agentGateways/${record.id}`;
  const isUsed = [...state.engines.values()].some((engine) =>
    DIRECTIONS.some((direction) => sameGateway(state, bindingOf(engine.data)[direction], name)),
  );
  if (isUsed) throw failedPrecondition(`Resource '${name}' is still in use by reasoning engines.`);
}

function checkExtension(_state: State, _place: Place, _id: string, data: Json): void {
  if (asString(data.service) === '') throw invalid('Required field is not set: service.', 'authz_extension.service');
  const seconds = Number(/^([\d.]+)s$/.exec(asString(data.timeout))?.[1] ?? NaN);
  if (!(seconds >= 0.01 && seconds <= 10))
    throw invalid('timeout must be between 10 and 10000 milliseconds.', 'authz_extension.timeout');
  if (data.service !== 'iap.googleapis.com') return;
  const version = asString(asJson(data.metadata).iapPolicyVersion);
  if (version !== 'V1' && version !== 'V2') {
    throw invalid(
      'iapPolicyVersion is a required key in metadata with unspecified load balancing scheme.',
      'authz_extension.metadata',
    );
  }
}

function checkExtensionUnused(state: State, record: NetworkRecord): void {
  const user = [...state.authzPolicies.values()].find((policy) => {
    const extension = asJson(asJson(policy.data.customProvider).authzExtension);
    return asStrings(extension.resources).some(
      (name) => state.findByName(state.extensions, 'authzExtensions', name) === record,
    );
  });
  if (user) throw failedPrecondition(`Resource '${record.id}' is still in use by authorization policy '${user.id}'.`);
}
