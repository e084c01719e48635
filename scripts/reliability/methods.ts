import type { FaultInput, RequestLogEntry } from '../../emulator/index.js';
import { matches } from '../../emulator/faults/match.js';
import { guardedCase, releasedCase } from './guarded.js';
import { prunedCase, type Case } from './world.js';

/**
 * `read` and `write` as the API has it; `operation` reads how a write goes on; `ask` is a courtesy that a run can do without;
 * `token` is about who calls.
 */
export type MethodKind = 'read' | 'write' | 'operation' | 'ask' | 'token';

/** One method of one API that an apply uses. */
export interface Method {
  readonly title: string;
  readonly kind: MethodKind;
  readonly match: NonNullable<FaultInput['match']>;
  /** What has to be so before the method is used at all. */
  readonly setup?: readonly FaultInput[];
  /** The world and config it is used in, where those of all others do not use it. */
  readonly given?: () => Case;
}

/** The project does not confirm a permission, as where it is granted on single resources: then these are asked themselves. */
const GRANTED_BELOW: readonly FaultInput[] = [
  {
    kind: 'body',
    body: '{"permissions":["agentregistry.services.list","aiplatform.reasoningEngines.get","agentregistry.services.create","agentregistry.services.get","agentregistry.services.update","networkservices.agentGateways.get","networkservices.agentGateways.use"]}',
    match: { api: 'cloudresourcemanager', path: '**:testIamPermissions' },
  },
];

const method = (
  title: string,
  kind: MethodKind,
  match: NonNullable<FaultInput['match']>,
  setup?: readonly FaultInput[],
): Method => ({ title, kind, match, ...(setup ? { setup } : {}) });

const guardrail = (
  title: string,
  kind: MethodKind,
  verb: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  given = guardedCase,
): Method => ({ title, kind, match: { api: 'orgpolicy', method: verb, path }, given });

const ENGINES = '**/reasoningEngines';

/** Every method; the runs themselves are checked against this list, so that none is forgotten. */
export const METHODS: readonly Method[] = [
  method('engines.list', 'read', { api: 'aiplatform', method: 'GET', path: ENGINES }),
  method('engines.get', 'read', { api: 'aiplatform', method: 'GET', path: `${ENGINES}/*` }),
  method('engines.patch', 'write', { api: 'aiplatform', method: 'PATCH', path: `${ENGINES}/*` }),
  method(
    'engines.testIamPermissions',
    'ask',
    { api: 'aiplatform', method: 'POST', path: `${ENGINES}/*:testIamPermissions` },
    GRANTED_BELOW,
  ),
  method('engines.operations.list', 'operation', { api: 'aiplatform', method: 'GET', path: `${ENGINES}/*/operations` }),
  method('engines.operations.get', 'operation', {
    api: 'aiplatform',
    method: 'GET',
    path: `${ENGINES}/*/operations/*`,
  }),
  method('services.list', 'read', { api: 'agentregistry', method: 'GET', path: '**/services' }),
  method('services.get', 'read', { api: 'agentregistry', method: 'GET', path: '**/services/*' }),
  method('services.create', 'write', { api: 'agentregistry', method: 'POST', path: '**/services' }),
  method('services.patch', 'write', { api: 'agentregistry', method: 'PATCH', path: '**/services/*' }),
  {
    ...method('services.delete', 'write', { api: 'agentregistry', method: 'DELETE', path: '**/services/*' }),
    given: prunedCase,
  },
  method('registry operations.get', 'operation', { api: 'agentregistry', method: 'GET', path: '**/operations/*' }),
  method('iap.getIamPolicy', 'read', { api: 'iap', method: 'POST', path: '**:getIamPolicy' }),
  method('iap.setIamPolicy', 'write', { api: 'iap', method: 'POST', path: '**:setIamPolicy' }),
  method('iap.testIamPermissions', 'ask', { api: 'iap', method: 'POST', path: '**:testIamPermissions' }, GRANTED_BELOW),
  method('agentGateways.get', 'read', { api: 'networkservices', method: 'GET', path: '**/agentGateways/*' }),
  method('authzExtensions.get', 'read', { api: 'networkservices', method: 'GET', path: '**/authzExtensions/*' }),
  method('authzPolicies.list', 'read', { api: 'networksecurity', method: 'GET', path: '**/authzPolicies' }),
  method('projects.get', 'read', { api: 'cloudresourcemanager', method: 'GET', path: '/v3/projects/*' }),
  method('projects.testIamPermissions', 'ask', {
    api: 'cloudresourcemanager',
    method: 'POST',
    path: '**:testIamPermissions',
  }),
  guardrail('customConstraints.get', 'read', 'GET', '**/customConstraints/*'),
  guardrail('customConstraints.create', 'write', 'POST', '**/customConstraints'),
  guardrail('customConstraints.patch', 'write', 'PATCH', '**/customConstraints/*'),
  guardrail('policies.get', 'read', 'GET', '**/policies/*'),
  guardrail('policies.create', 'write', 'POST', '**/policies'),
  guardrail('policies.patch', 'write', 'PATCH', '**/policies/*'),
  guardrail('policies.delete', 'write', 'DELETE', '**/policies/*', releasedCase),
  method('OIDC token (GitHub)', 'token', { api: 'oidc' }),
  method('sts.token', 'token', { api: 'sts' }),
  method('generateAccessToken', 'token', { api: 'iamcredentials' }),
];

/** @returns requests that belong to no method above */
export function unknownRequests(requests: readonly RequestLogEntry[]): RequestLogEntry[] {
  return requests.filter((entry) => !METHODS.some(({ match }) => matches(match, entry)));
}
