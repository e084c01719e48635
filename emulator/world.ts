import { LineCounter, isNode, parseDocument } from 'yaml';
import { z } from 'zod';
import { settingsSchema } from './settings.js';
import { accessPolicyInput, policyBindingInput } from './world-iam.js';
import { customConstraintInput, orgPolicyInput } from './world-orgpolicy.js';

const id = z.string().min(1);
/** A number as text: engine ids have more digits than a JavaScript number holds, so YAML must quote them. */
const digits = z.string().regex(/^\d+$/, 'must be digits in quotes');
const time = z.iso.datetime({ offset: true });

const project = z.strictObject({
  id,
  number: digits,
  organization: digits.optional(),
  /** Bottom to top, between the project and the organization. */
  folders: z.array(digits).default([]),
  displayName: z.string().optional(),
  disabledApis: z.array(z.string()).default([]),
});

const binding = z.strictObject({
  role: z.string().default('roles/iap.egressor'),
  /** IAM members; `engine:ID` stands for that engine's principal. */
  members: z.array(z.string()).min(1),
  condition: z
    .strictObject({ expression: z.string(), title: z.string().optional(), description: z.string().optional() })
    .optional(),
});

const gateway = z.strictObject({
  id,
  project: id.optional(),
  location: id.optional(),
  path: z.enum(['egress', 'ingress', 'AGENT_TO_ANYWHERE', 'CLIENT_TO_AGENT']),
  /** Locations of this project's registries, or full `//agentregistry.googleapis.com/…` names. Egress default: its own location. */
  registries: z.array(z.string()).optional(),
  /** Default: shortly after Agent Gateway became generally available, so before the engines. */
  createTime: z.iso.datetime().default('2026-06-20T00:00:00Z'),
  /** Has the gateway its card (root certificates)? Ingress gateways never have one. */
  card: z.boolean().default(true),
  selfManaged: z.boolean().default(false),
  description: z.string().optional(),
});

const engine = z.strictObject({
  id: digits,
  displayName: z.string().min(1),
  project: id.optional(),
  region: id.optional(),
  description: z.string().optional(),
  identity: z.enum(['agent', 'service-account', 'none']).default('agent'),
  serviceAccount: z.string().optional(),
  /** Computed in the organization form when absent. */
  effectiveIdentity: z.string().optional(),
  createTime: time.default('2026-09-01T08:00:00Z'),
  labels: z.record(z.string(), z.string()).optional(),
  env: z.record(z.string(), z.string()).default({}),
  framework: z.string().default('google-adk'),
  source: z.enum(['package', 'source', 'container']).default('package'),
  classMethods: z.array(z.record(z.string(), z.unknown())).optional(),
  minInstances: z.int().optional(),
  /** Short name of a gateway of its project and region, or a full name. */
  egress: z.string().optional(),
  ingress: z.string().optional(),
  /** Sessions or memories exist below it: delete wants force. */
  hasChildren: z.boolean().default(false),
  /** Somebody's update that is already running when the emulator starts; ends with this binding, if it names one. */
  running: z
    .strictObject({ forMs: z.number().min(0), egress: z.string().optional(), ingress: z.string().optional() })
    .optional(),
  /** The error the last update ended with. */
  lastUpdateError: z.strictObject({ code: z.int(), message: z.string() }).optional(),
});

const service = z.strictObject({
  id,
  project: id.optional(),
  location: id.optional(),
  kind: z.enum(['endpoint', 'agent', 'mcp']).default('endpoint'),
  displayName: z.string().max(63).optional(),
  description: z.string().max(2048).optional(),
  urls: z.array(z.string()).default([]),
  protocol: z.enum(['JSONRPC', 'GRPC', 'HTTP_JSON']).default('JSONRPC'),
  /** Default: after the gateways and before the engines. */
  createTime: time.default('2026-08-01T00:00:00Z'),
  /** Id of its projection; made by the emulator when absent. */
  resourceId: z.string().optional(),
  /** Bindings of the projection's own IAP policy. */
  policy: z.array(binding).optional(),
});

const policy = z.strictObject({
  /** `registry`, `service:ID`, `engine:ID` (its agent entry) or `endpoints|agents|mcpServers/PROJECTION_ID`. */
  on: z.string().regex(/^(registry|service:.+|engine:.+|(endpoints|agents|mcpServers)\/.+)$/, 'is no policy target'),
  project: id.optional(),
  location: id.optional(),
  bindings: z.array(binding).min(1),
});

const extension = z.strictObject({
  id,
  project: id.optional(),
  location: id.optional(),
  service: z.string().default('iap.googleapis.com'),
  policyVersion: z.enum(['V1', 'V2', 'unset']).default('V1'),
  enforcement: z.enum(['ENFORCED', 'DRY_RUN', 'unset']).default('unset'),
  failOpen: z.boolean().default(false),
});

const authzPolicy = z.strictObject({
  id,
  project: id.optional(),
  location: id.optional(),
  gateways: z.array(z.string()).default([]),
  extension: z.string().optional(),
  action: z.enum(['ALLOW', 'DENY', 'CUSTOM', 'DENY_BY_DEFAULT']).default('CUSTOM'),
  profile: z.enum(['REQUEST_AUTHZ', 'CONTENT_AUTHZ']).default('REQUEST_AUTHZ'),
});

const denied = z.union([
  z.string(),
  z.strictObject({ permission: z.string(), resource: z.string().describe('prefix of a resource name') }),
]);

export const worldSchema = z
  .strictObject({
    projects: z.array(project).min(1),
    /** Default location of everything that has none. */
    region: id.default('us-central1'),
    gateways: z.array(gateway).default([]),
    extensions: z.array(extension).default([]),
    authzPolicies: z.array(authzPolicy).default([]),
    engines: z.array(engine).default([]),
    services: z.array(service).default([]),
    policies: z.array(policy).default([]),
    customConstraints: z.array(customConstraintInput).default([]),
    orgPolicies: z.array(orgPolicyInput).default([]),
    accessPolicies: z.array(accessPolicyInput).default([]),
    policyBindings: z.array(policyBindingInput).default([]),
    /** Permissions the caller does not have. */
    denied: z.array(denied).default([]),
    /** Trust domains that exist besides those of the projects above. */
    trustDomains: z.array(z.string()).default([]),
    settings: settingsSchema.prefault({}),
  })
  .check((context) => {
    for (const list of ['projects', 'gateways', 'extensions', 'authzPolicies', 'engines', 'services'] as const) {
      context.issues.push(
        ...duplicates(context.value[list]).map((index) => ({
          code: 'custom' as const,
          input: context.value,
          path: [list, index, 'id'],
          message: 'this id is already taken in its project and location',
        })),
      );
    }
  });

interface Placed {
  readonly id: string;
  readonly project?: string | undefined;
  readonly location?: string | undefined;
  readonly region?: string | undefined;
}

/** Positions of items whose id an earlier item of the same place already has. */
function duplicates(items: readonly Placed[]): number[] {
  const keys = items.map((item) => [item.project, item.location ?? item.region, item.id].join(' '));
  return keys.flatMap((key, index) => (keys.indexOf(key) < index ? [index] : []));
}

export type WorldInput = z.input<typeof worldSchema>;
export type ParsedWorld = z.output<typeof worldSchema>;
export type EngineInput = z.input<typeof engine>;
export type ServiceInput = z.input<typeof service>;
export type ParsedEngine = ParsedWorld['engines'][number];
export type ParsedService = ParsedWorld['services'][number];
export type ParsedBinding = ParsedWorld['policies'][number]['bindings'][number];
export type BindingInput = z.input<typeof binding>;
export const engineSchema = engine;
export const serviceSchema = service;
export const bindingSchema = binding;

/** A world that cannot be read; the message lists every problem with line and column. */
export class WorldError extends Error {
  constructor(problems: readonly string[]) {
    super(`The world cannot be read:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'WorldError';
  }
}

/** Reads a world from YAML text or an object. Unknown keys are errors; all problems are reported at once. */
export function readWorld(input: string | WorldInput, file = 'world'): ParsedWorld {
  const lines = new LineCounter();
  const document =
    typeof input === 'string' ? parseDocument(input, { lineCounter: lines, intAsBigInt: false }) : undefined;
  if (document !== undefined && document.errors.length > 0) {
    throw new WorldError(document.errors.map((error) => `${file}: ${error.message}`));
  }
  const content: unknown = document === undefined ? input : document.toJS();
  const parsed = worldSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new WorldError(
    parsed.error.issues.map((issue) => {
      // An unknown key is reported for the mapping that holds it: point at the key itself.
      const path = issue.code === 'unrecognized_keys' ? [...issue.path, ...issue.keys.slice(0, 1)] : issue.path;
      const where = document === undefined ? file : `${file}:${positionOf(document, path, lines)}`;
      return `${where}: ${path.length === 0 ? 'top level' : path.map(String).join('.')}: ${issue.message}`;
    }),
  );
}

/** `line:column` of the node at the path, or of its closest parent that exists. */
function positionOf(
  document: ReturnType<typeof parseDocument>,
  path: readonly PropertyKey[],
  lines: LineCounter,
): string {
  for (let length = path.length; length >= 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) {
      const { line, col } = lines.linePos(node.range[0]);
      return `${line}:${col}`;
    }
  }
  return '1:1';
}
