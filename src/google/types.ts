/**
 * The Google resources this action reads and writes, as JSON on the wire. Only fields that are used are named.
 * Source: Google's discovery documents (aiplatform 20260920, agentregistry 20260904, networkservices 20260921,
 * networksecurity 20260924, iap 20260428, orgpolicy 20260723), and the google.iam.v3 protos. `agentGatewayConfig` and access
 * policies are in no published npm type, so all are written here.
 */

export interface ReasoningEngine {
  /** projects/{NUMBER}/locations/{l}/reasoningEngines/{id} */
  name: string;
  displayName?: string;
  etag?: string;
  createTime?: string;
  updateTime?: string;
  /** v1beta1 only. */
  trafficConfig?: { trafficSplitManual?: { targets?: Record<string, unknown>[] } };
  spec?: {
    identityType?: string;
    /** Without a scheme; `principal://` in front makes it an IAM member. */
    effectiveIdentity?: string;
    serviceAccount?: string;
    classMethods?: Record<string, unknown>[];
    containerSpec?: { imageUri?: string };
    sourceCodeSpec?: Record<string, unknown>;
    packageSpec?: Record<string, unknown>;
    deploymentSpec?: {
      agentGatewayConfig?: AgentGatewayConfig | null;
      env?: { name: string; value?: string }[];
      /** v1beta1 only. */
      agentServerMode?: string;
    };
  };
}

/** A PATCH replaces the whole message: a direction that is left out is unbound. */
export interface AgentGatewayConfig {
  agentToAnywhereConfig?: { agentGateway: string };
  clientToAgentConfig?: { agentGateway: string };
}

export interface Operation {
  name: string;
  /** aiplatform leaves it out while the operation runs, agentregistry sends false. */
  done?: boolean;
  error?: RpcStatus;
  response?: Record<string, unknown>;
  metadata?: Record<string, unknown> & { '@type'?: string; genericMetadata?: { createTime?: string } };
}

/** google.rpc.Status: `code` is the RPC code, not an HTTP status. */
export interface RpcStatus {
  code?: number;
  message?: string;
  details?: Record<string, unknown>[];
}

export interface RegistryInterface {
  url: string;
  protocolBinding: string;
}

export interface RegistryService {
  /** projects/{p}/locations/{l}/services/{id} */
  name: string;
  displayName?: string;
  description?: string;
  interfaces?: RegistryInterface[];
  endpointSpec?: { type: string; content?: unknown };
  agentSpec?: { type: string; content?: unknown };
  mcpServerSpec?: { type: string; content?: unknown };
  /** projects/{p}/locations/{l}/{endpoints|agents|mcpServers}/{server-made id}; may lag the write by some seconds. */
  registryResource?: string;
  createTime?: string;
}

export interface IamBinding {
  role: string;
  members?: string[];
  condition?: { expression?: string; title?: string; description?: string; location?: string };
}

export interface IamPolicy {
  version?: number;
  etag?: string;
  bindings?: IamBinding[];
}

export interface AgentGateway {
  name: string;
  googleManaged?: { governedAccessPath?: 'AGENT_TO_ANYWHERE' | 'CLIENT_TO_AGENT' | (string & {}) };
  selfManaged?: Record<string, unknown>;
  /** //agentregistry.googleapis.com/projects/{p}/locations/{l} */
  registries?: string[];
  agentGatewayCard?: { mtlsEndpoint?: string; rootCertificates?: string[] };
  createTime?: string;
}

export interface AuthzPolicy {
  name: string;
  target?: { resources?: string[] };
  action?: string;
  policyProfile?: string;
  customProvider?: { authzExtension?: { resources?: string[] }; cloudIap?: Record<string, unknown> };
}

export interface AuthzExtension {
  name: string;
  service?: string;
  failOpen?: boolean;
  metadata?: Record<string, unknown>;
}

export interface Project {
  /** projects/{NUMBER} */
  name: string;
  projectId: string;
  parent?: string;
  state?: string;
}

/** A rule about resources of one type in an organization. It has no etag, and enforces nothing without a policy. */
export interface CustomConstraint {
  /** organizations/{n}/customConstraints/custom.{X}; X has at most 71 letters and digits. */
  name: string;
  /** Cannot be changed. */
  resourceTypes: string[];
  methodTypes: string[];
  /** CEL about `resource`, at most 1000 characters. */
  condition: string;
  actionType: 'ALLOW' | 'DENY' | (string & {});
  /** At most 200 characters. */
  displayName?: string;
  /** At most 2000 characters. */
  description?: string;
  updateTime?: string;
}

export interface OrganizationPolicySpec {
  etag?: string;
  updateTime?: string;
  rules?: {
    enforce?: boolean;
    condition?: { expression?: string; title?: string; description?: string; location?: string };
    /** Of list constraints. */
    values?: Record<string, unknown>;
    allowAll?: boolean;
    denyAll?: boolean;
    parameters?: Record<string, unknown>;
  }[];
  inheritFromParent?: boolean;
  reset?: boolean;
}

/** Where a constraint is enforced: from this project, folder or organization downwards. */
export interface OrganizationPolicy {
  /** {projects|folders|organizations}/{id}/policies/{constraint}; answers have the project's number. */
  name: string;
  spec?: OrganizationPolicySpec;
  /** Only logged, never refused. */
  dryRunSpec?: OrganizationPolicySpec;
  etag?: string;
}

/** Who may (or may not) do what; every rule is evaluated on its own. Source: google.iam.v3 `AccessPolicyRule`. */
export interface AccessRule {
  /** At most 256 characters, and the only text of a rule. */
  description?: string;
  effect?: 'ALLOW' | 'DENY' | (string & {});
  principals?: string[];
  excludedPrincipals?: string[];
  operation?: { permissions?: string[]; excludedPermissions?: string[] };
  /** By the service whose permission it is about; without one the rule holds for every destination. */
  conditions?: Record<string, { expression?: string; title?: string; description?: string; location?: string }>;
}

/** IAM's access policy ("V2"). It counts where it is bound, and for everything below. */
export interface AccessPolicy {
  /** {projects|folders|organizations}/{id}/locations/global/accessPolicies/{id} */
  name: string;
  etag?: string;
  /** At most 63 characters. */
  displayName?: string;
  annotations?: Record<string, string>;
  details?: { rules?: AccessRule[] };
}

/** What ties a policy to a resource. Target, kind and policy cannot be changed. */
export interface PolicyBinding {
  /** {projects|folders|organizations}/{id}/locations/global/policyBindings/{id} */
  name: string;
  etag?: string;
  displayName?: string;
  annotations?: Record<string, string>;
  target?: { resource?: string; principalSet?: string };
  policyKind?: 'ACCESS' | (string & {});
  policy?: string;
}
