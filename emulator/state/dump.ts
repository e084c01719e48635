import { bindingJson, policyJson } from '../apis/iam-views.js';
import { constraintJson } from '../apis/orgpolicy-constraints.js';
import { policyJson as orgPolicyJson } from '../apis/orgpolicy-policies.js';
import { operationJson } from '../core/operations.js';
import { engineName, placeName } from './names.js';
import { principalOf } from './engines.js';
import { registryResource } from './services.js';
import type { State } from './state.js';
import type { NetworkRecord } from './types.js';

/** The whole state as plain JSON, for the admin surface and for comparing worlds in tests. */
export function dumpState(state: State): Record<string, unknown> {
  const networking = (records: ReadonlyMap<string, NetworkRecord>, collection: string): unknown[] =>
    [...records.values()].map((record) => ({
      name: `${placeName(record, false)}/${collection}/${record.id}`,
      etag: record.etag,
      ...record.data,
    }));
  return structuredClone({
    projects: state.projects.map((project) => ({ ...project, disabledApis: [...project.disabledApis] })),
    engines: [...state.engines.values()].map((engine) => ({
      name: engineName(engine),
      etag: engine.etag,
      agentId: engine.agentId,
      principal: principalOf(engine) ?? null,
      ...engine.data,
    })),
    services: [...state.services.values()].map((record) => ({
      name: `${placeName(record, false)}/services/${record.id}`,
      registryResource: registryResource(state, record),
      ...record.data,
    })),
    policies: Object.fromEntries(state.policies),
    gateways: networking(state.gateways, 'agentGateways'),
    extensions: networking(state.extensions, 'authzExtensions'),
    authzPolicies: networking(state.authzPolicies, 'authzPolicies'),
    customConstraints: state.orgPolicy.constraints.values().map(constraintJson),
    orgPolicies: state.orgPolicy.policies.values().map((record) => orgPolicyJson(state, record)),
    accessPolicies: [...state.accessPolicies.values()].map((record) => policyJson(state, record)),
    policyBindings: [...state.policyBindings.values()].map((record) => bindingJson(state, record)),
    dryRunViolations: state.orgPolicy.dryRunViolations,
    denied: state.denied,
    operations: state.operations.list(() => true).map(operationJson),
    settings: state.settings,
  });
}
