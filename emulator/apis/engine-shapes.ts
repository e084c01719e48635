import type { Shape } from '../core/shape.js';

const gateway: Shape = { message: { agentGateway: 'string' } };

const deployment: Record<string, Shape> = {
  agentGatewayConfig: { message: { agentToAnywhereConfig: gateway, clientToAgentConfig: gateway } },
  env: { list: { message: { name: 'string', value: 'string' } } },
  secretEnv: { list: { message: { name: 'string', secretRef: { message: { secret: 'string', version: 'string' } } } } },
  pscInterfaceConfig: 'any',
  minInstances: 'int',
  maxInstances: 'int',
  containerConcurrency: 'int',
  resourceLimits: { map: 'string' },
  keepAliveProbe: 'any',
};

const spec: Record<string, Shape> = {
  identityType: ['IDENTITY_TYPE_UNSPECIFIED', 'SERVICE_ACCOUNT', 'AGENT_IDENTITY'],
  effectiveIdentity: 'string',
  serviceAccount: 'string',
  agentFramework: 'string',
  classMethods: { list: 'any' },
  packageSpec: 'any',
  sourceCodeSpec: 'any',
  containerSpec: 'any',
  buildSpec: 'any',
};

const engine: Record<string, Shape> = {
  name: 'string',
  displayName: 'string',
  description: 'string',
  createTime: 'string',
  updateTime: 'string',
  etag: 'string',
  labels: { map: 'string' },
  encryptionSpec: 'any',
  contextSpec: 'any',
};

/** The ReasoningEngine message of a version; v1beta1 has a few fields more (discovery documents, revision 20260920). */
export function engineShape(version: string): Shape {
  const beta = version === 'v1beta1';
  const deploymentSpec: Shape = {
    message: beta
      ? { ...deployment, agentServerMode: ['AGENT_SERVER_MODE_UNSPECIFIED', 'STABLE', 'EXPERIMENTAL'] }
      : deployment,
  };
  const specShape: Shape = { message: { ...spec, deploymentSpec, ...(beta ? { agentCard: 'any' as const } : {}) } };
  const more: Record<string, Shape> = beta ? { trafficConfig: 'any', revisionGarbageCollectionStrategy: 'any' } : {};
  return { message: { ...engine, spec: specShape, ...more } };
}

export const GATEWAY_MASK = 'spec.deploymentSpec.agentGatewayConfig';
export const DEEP_GATEWAY_MASKS = ['agentToAnywhereConfig', 'clientToAgentConfig'].flatMap((field) => [
  `${GATEWAY_MASK}.${field}`,
  `${GATEWAY_MASK}.${field}.agentGateway`,
]);

/** Update mask paths: every writable field, at the depth seen in the Python SDK; `name` and `etag` are not among them. */
export function engineMasks(version: string): string[] {
  const beta = version === 'v1beta1';
  const writable = Object.keys(spec).filter((field) => field !== 'effectiveIdentity');
  return [
    ...['displayName', 'description', 'labels', 'encryptionSpec', 'contextSpec', 'spec', 'spec.deploymentSpec'],
    ...writable.map((field) => `spec.${field}`),
    ...Object.keys(deployment).map((field) => `spec.deploymentSpec.${field}`),
    ...['pickleObjectGcsUri', 'dependencyFilesGcsUri', 'requirementsGcsUri', 'pythonVersion'].map(
      (field) => `spec.packageSpec.${field}`,
    ),
    ...(beta ? ['trafficConfig', 'spec.agentCard', 'spec.deploymentSpec.agentServerMode'] : []),
  ];
}
