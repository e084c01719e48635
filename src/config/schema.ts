import * as z from 'zod';
import type { KnownCheck } from './desired.js';
import { PRESET_NAMES } from './presets.js';

/** An Agent Registry service ID (discovery document of agentregistry v1, Terraform's google_agent_registry_service). */
export const SERVICE_ID = /^[a-z][a-z0-9-]{2,61}[a-z0-9]$/;
/** Levels a check can be set to. */
export const LEVELS = ['error', 'warning', 'off'] as const;

const text = (description: string) => z.string().min(1).describe(description);

const gateway = (direction: string) =>
  text(
    `${direction} gateway: a short name in the scope's own project, a full name ` +
      'projects/P/locations/L/agentGateways/G in the same region, or none to unbind. Leave the key out to leave this direction as it is.',
  )
    .meta({ examples: ['my-gateway', 'projects/my-project/locations/us-central1/agentGateways/my-gateway', 'none'] })
    .optional();

const endpoint = z
  .strictObject({
    display_name: text('Name shown in Agent Registry; the key when left out. At most 63 characters.')
      .max(63)
      .optional(),
    presets: z
      .array(z.enum(PRESET_NAMES))
      .min(1)
      .describe('Named sets of Google host names, expanded for the region in all forms that clients use.')
      .optional(),
    urls: z
      .array(
        text('https://HOST and nothing else: the gateway matches exact host names.').meta({
          pattern: '^[Hh][Tt][Tt][Pp][Ss]://[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)+/?$',
        }),
      )
      .min(1)
      .describe('Hosts the agents may reach, one https URL each, without port or path.')
      .optional(),
    protocol: z
      .enum(['jsonrpc', 'http-json', 'grpc'])
      .describe('Protocol binding of the registered interfaces; jsonrpc when left out.')
      .meta({ default: 'jsonrpc' })
      .optional(),
    carry_over: z
      .boolean()
      .describe(
        'The first grant on an endpoint replaces the registry-wide policy for it. true copies the members who reached it that way.',
      )
      .meta({ default: false })
      .optional(),
  })
  .describe('One Agent Registry service. It needs presets, urls or both.');

const agent = z
  .strictObject({
    engine: text('Display name, ID (in quotes), full resource name of an engine, or all.').meta({
      examples: ['Support agent', '4405152104998502400', 'all'],
    }),
    allow: z
      .array(text('A key of endpoints.'))
      .min(1)
      .describe('Endpoints the engine may reach. Leave it out to allow none.')
      .optional(),
  })
  .describe('One engine, or all of them, and the endpoints it may reach.');

const approved = (direction: string) =>
  z
    .array(
      text('Full name of a gateway, with the project ID.').meta({
        examples: ['projects/my-project/locations/us-central1/agentGateways/my-gateway'],
      }),
    )
    .min(1)
    .describe(`${direction} gateways that engines may use; leave the key out to restrict nothing in this direction.`)
    .optional();

const guardrails = z
  .strictObject({
    organization: text('Organization number, in quotes.').meta({ examples: ['5550001'] }),
    egress: approved('Egress'),
    ingress: approved('Ingress'),
    enforce_on: text('Where it is enforced: projects/P, folders/N or organizations/N.').meta({
      examples: ['projects/my-project', 'folders/4440001', 'organizations/5550001'],
    }),
    dry_run: z.boolean().describe('true: only log what the policy would refuse.').meta({ default: false }).optional(),
  })
  .describe('Organization policy that keeps engines on approved gateways. It needs egress, ingress or both.');

/**
 * The desired-state file. It holds shapes, not meanings: what needs more than one value to judge, or a better sentence
 * than a pattern can give, is checked where the value is built. Free of transforms, so that a JSON schema for editors
 * can be made of it.
 *
 * @param checks all checks that the file may name
 */
export function configSchema(checks: readonly KnownCheck[]) {
  return z
    .strictObject({
      version: z.literal(1).describe('Version of this file format.'),
      project: z
        .union([z.string().min(1), z.int().positive()])
        .describe('Project ID or number of the engines. The input project_id wins over it.')
        .optional(),
      region: text('Region of the engines. The input region wins over it.')
        .meta({ examples: ['us-central1'] })
        .optional(),
      gateways: z
        .strictObject({ egress: gateway('Agent-to-anywhere'), ingress: gateway('Client-to-agent') })
        .describe('Gateways that the engines are bound to.')
        .optional(),
      endpoints: z
        .record(z.string().meta({ pattern: SERVICE_ID.source }), endpoint)
        .describe('Agent Registry services by service ID. The first one that lists a host carries it.')
        .optional(),
      agents: z.array(agent).min(1).describe('Engines and what they may reach.').optional(),
      checks: z
        .strictObject(Object.fromEntries(checks.map((check) => [check.id, levelOf(check)])))
        .describe('Levels of checks by ID: error stops an apply, warning does not, off leaves the check out.')
        .optional(),
      migrate: z
        .boolean()
        .describe(
          'true: while the egress gateway decides by allow policies (V1), also write access rules (V2) for what they grant.',
        )
        .optional(),
      move: z
        .boolean()
        .describe(
          'true: engines may move to another gateway. All of them are unbound from the old one, which takes minutes without a gateway, then bound to the new one.',
        )
        .optional(),
      guardrails: guardrails.optional(),
    })
    .describe('Desired state of the agents of one project and region for bind-agent-gateway.');
}

/** A level that cannot be changed is still read, so that the file's reader can say so in a better sentence. */
function levelOf({ level, fixed }: KnownCheck) {
  const described = z.enum(LEVELS).describe(fixed ? `${level}, cannot be changed.` : `${level} when left out.`);
  return (fixed ? described.meta({ enum: [level] }) : described.meta({ default: level })).optional();
}

/** The desired-state file, typed. */
export type FileConfig = z.infer<ReturnType<typeof configSchema>>;

/** The keys that a map at this path may have; empty where they are free. */
export function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let here: unknown = schema;
  for (const step of path) {
    here = unwrap(here);
    if (here instanceof z.ZodObject) here = Object.hasOwn(here.shape, step) ? here.shape[String(step)] : undefined;
    else if (here instanceof z.ZodRecord) here = here.valueType;
    else if (here instanceof z.ZodArray) here = here.element;
  }
  here = unwrap(here);
  return here instanceof z.ZodObject ? Object.keys(here.shape) : [];
}

function unwrap(schema: unknown): unknown {
  return schema instanceof z.ZodOptional ? schema.unwrap() : schema;
}
