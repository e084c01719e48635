import { z } from 'zod';
import { STATUS_NAMES } from './core/errors.js';
import { iamSettings } from './settings-iam.js';
import { orgPolicySettings } from './settings-orgpolicy.js';

/** How an engine update ends: well, well with a binding that stays null, or with an rpc code and message in the operation. */
const outcome = z.union([
  z.enum(['ok', 'null-binding']),
  z.strictObject({
    code: z.int().min(1).max(16),
    message: z.string().default('Please refer to our troubleshooting pages for how to resolve the failure.'),
  }),
]);
export type UpdateOutcome = z.infer<typeof outcome>;

const milliseconds = z.number().min(0);
const count = z.int().min(0);

/** How long each kind of operation takes. Google's own: minutes (an egress attach took 5 m 11 s in a public live report). */
const operations = z.strictObject({
  engineUpdateMs: milliseconds.default(1500),
  engineCreateMs: milliseconds.default(1500),
  engineDeleteMs: milliseconds.default(500),
  serviceMs: milliseconds.default(150),
  gatewayMs: milliseconds.default(1000),
  authzMs: milliseconds.default(500),
  accessPolicyMs: milliseconds.default(500),
  /** After an operation ended: stay readable, or answer 404 this long after the end (both were seen). */
  finished: z.enum(['kept', 'vanish']).default('kept'),
  vanishAfterMs: milliseconds.default(0),
});

const engineUpdate = z.strictObject({
  outcome: outcome.default('ok'),
  /** By engine id or display name; wins over `outcome`. */
  engines: z.record(z.string(), outcome).default({}),
  /** Only the next this many updates of an engine fail that way, then they end well; 0 means all. */
  times: count.default(0),
});

/** What happens with a request the documentation forbids without saying how it is refused. */
const refusal = z.enum(['sync', 'lro', 'accepted']);

const aiplatform = z.strictObject({
  /** A gateway that is missing, of the other direction or in another region. */
  invalidGateway: refusal.default('sync'),
  /** Another engine of the project and region is bound to a different gateway. Public reports: LRO error 13. */
  secondGateway: refusal.default('lro'),
  secondGatewayMessage: z
    .string()
    .default('Internal error encountered. Please refer to our troubleshooting pages for how to resolve the failure.'),
  /**
   * Status that goes with it. Public reports: 13 in the operation; "specified parameters are invalid" was seen as well; which
   * one "Another Agent Gateway is already active" has is not known.
   */
  secondGatewayStatus: z.enum(STATUS_NAMES).default('INTERNAL'),
  /** How long the slot of a gateway stays taken after its last engine left ("freed only minutes after"). */
  slotReleaseMs: milliseconds.default(0),
  /** Engine without AGENT_IDENTITY ("must ensure the instance is assigned an agent identity"). */
  withoutAgentIdentity: refusal.default('sync'),
  /** Engine created before 2026-04-29. */
  tooOld: refusal.default('sync'),
  /** PATCH while another runs: code unknown, the message contains "not in ACTIVE state". */
  busy: z.enum(['FAILED_PRECONDITION', 'ABORTED']).default('FAILED_PRECONDITION'),
  etag: z.enum(['checked', 'ignored']).default('checked'),
  etagMismatch: z.enum(['ABORTED', 'FAILED_PRECONDITION']).default('ABORTED'),
  /** Masks below agentGatewayConfig: accounts differ. */
  deepMask: z.enum(['rejected', 'accepted']).default('rejected'),
  /** What GET shows after a PATCH with `{}`. */
  emptyBinding: z.enum(['absent', 'empty-object']).default('absent'),
  /** How the gateway's name is stored in the binding. */
  bindingNames: z.enum(['as-sent', 'number', 'id']).default('as-sent'),
  listOmitsDeploymentSpec: z.boolean().default(true),
  /** 10 writes a minute per project and region; off by default so that tests need not wait. */
  writeQuota: z.strictObject({ enabled: z.boolean().default(false), perMinute: count.default(10) }).prefault({}),
  /** Projects (ID) without the early-access entitlement of mid 2026. */
  notEntitledProjects: z.array(z.string()).default([]),
});

const registry = z.strictObject({
  /** A second service with the same interface URL. */
  duplicateUrl: z.enum(['ALREADY_EXISTS', 'INVALID_ARGUMENT', 'accepted']).default('ALREADY_EXISTS'),
  /** Manual registration in us and eu: documents disagree. */
  multiRegionRegistration: z.enum(['rejected', 'accepted']).default('rejected'),
  /** How long after the operation `registryResource` and the projection appear. */
  registryResourceDelayMs: milliseconds.default(0),
  quotaPerKind: count.default(100),
});

const iap = z.strictObject({
  /** A policy on an id that is no projection of the registry: one page says it fails, another that it is inert. */
  unknownResource: z.enum(['not-found', 'accepted']).default('not-found'),
  /** principalSet members on one resource: accepted in October 2026, refused on MCP servers before. */
  principalSetOnResource: z.enum(['accepted', 'rejected']).default('accepted'),
  /** Bindings of other roles than roles/iap.egressor: one field report says it is the only role allowed. */
  otherRoles: z.enum(['accepted', 'rejected']).default('accepted'),
  maxPrincipals: count.default(1500),
  /** How members of an engine that is deleted read from then on: as before, or `deleted:principal://…?uid=…` as IAM's reference has it. */
  goneMembers: z.enum(['kept', 'marked-deleted']).default('kept'),
  /** The next this many setIamPolicy calls find that somebody else wrote just before them. */
  foreignWrites: count.default(0),
});

const networking = z.strictObject({
  /** A created authorization policy is stored without its fields although the operation ended well (public live report). */
  authzPolicyCreate: z.enum(['ok', 'stored-empty']).default('ok'),
  /** Older pages allow one gateway per direction in a project and region. */
  oneGatewayPerDirection: z.boolean().default(false),
});

/** What the gateway does where the documents leave room; used by the decision function only. */
const gateway = z.strictObject({
  /** Egress gateway without a request authorization policy. */
  withoutPolicy: z.enum(['denied', 'allowed']).default('denied'),
  /** Which model decides when the IAP extension does not say (a report: V1; creation wants the key). */
  withoutPolicyVersion: z.enum(['V1', 'V2']).default('V1'),
  /** Does the IAP extension answer? If not, failOpen decides. */
  extensionAvailable: z.boolean().default(true),
});

const auth = z.strictObject({
  /** Tokens accepted besides those issued here; empty means any that is not empty. */
  tokens: z.array(z.string()).default([]),
  tokenLifetimeSeconds: z.int().min(1).default(3600),
  /** What the GitHub-like token URL wants in its Authorization header. */
  oidcRequestToken: z.string().default('emulator-request-token'),
});

export const settingsSchema = z.strictObject({
  operations: operations.prefault({}),
  engineUpdate: engineUpdate.prefault({}),
  aiplatform: aiplatform.prefault({}),
  registry: registry.prefault({}),
  iap: iap.prefault({}),
  networking: networking.prefault({}),
  orgPolicy: orgPolicySettings.prefault({}),
  iam: iamSettings.prefault({}),
  gateway: gateway.prefault({}),
  auth: auth.prefault({}),
  /** Added to every answer, for benchmarks. */
  latencyMs: milliseconds.default(0),
  pageSize: z.strictObject({ default: z.int().min(1).default(100), max: z.int().min(1).default(100) }).prefault({}),
  /** Does the name in an answer carry the project number (else the project ID)? Seen per API in public logs. */
  projectNumberInNames: z
    .strictObject({
      aiplatform: z.boolean().default(true),
      services: z.boolean().default(false),
      registryResource: z.boolean().default(true),
      networkservices: z.boolean().default(false),
      networksecurity: z.boolean().default(false),
      orgpolicy: z.boolean().default(true),
    })
    .prefault({}),
  /** Status of a request to a project that does not exist. */
  unknownProject: z.enum(STATUS_NAMES).default('PERMISSION_DENIED'),
});

export type Settings = z.output<typeof settingsSchema>;
export type SettingsInput = z.input<typeof settingsSchema>;

/** The settings with a partial change on top, validated as a whole: unknown switches are errors. */
export function changeSettings(settings: Settings, change: unknown): Settings {
  return settingsSchema.parse(merge(settings, change));
}

function merge(base: unknown, change: unknown): unknown {
  if (!isPlain(base) || !isPlain(change)) return change;
  // An outcome is replaced as a whole: half of an old one makes no sense with half of a new one.
  if ('code' in base || 'code' in change) return change;
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(change)) result[key] = key in base ? merge(base[key], value) : value;
  return result;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
