import { z } from 'zod';
import { HTTP_STATUSES, STATUS_NAMES } from '../core/errors.js';

/** Prefixes a fault may name: those of the APIs, and `oidc` for the GitHub-like token URL. */
export const FAULT_APIS = [
  'aiplatform',
  'agentregistry',
  'iap',
  'networkservices',
  'networksecurity',
  'cloudresourcemanager',
  'serviceusage',
  'sts',
  'iamcredentials',
  'orgpolicy',
  'iam',
  'oidc',
] as const;

const milliseconds = z.number().min(0);
const positive = z.int().min(1);
const seconds = z.number().min(0);

/** One or several of them. */
const oneOrMore = <T extends z.ZodType>(item: T): z.ZodUnion<[T, z.ZodArray<T>]> =>
  z.union([item, z.array(item).min(1)]);

/** Which requests; everything that is named must hold. Requests that are refused before (no token, no such method) never count. */
const match = z.strictObject({
  api: oneOrMore(z.enum(FAULT_APIS)).optional(),
  method: oneOrMore(z.enum(['GET', 'POST', 'PATCH', 'DELETE'])).optional(),
  /** Whole path with the version. `*` is a run without `/` and `:`, `**` any run: `**:setIamPolicy`. */
  path: z.string().min(1).optional(),
  /** Does the method change anything? Reads by POST (getIamPolicy) do not. */
  write: z.boolean().optional(),
});

/** Which of the matching requests, counted in order of arrival from 1. */
const when = z.union([
  z.literal('every'),
  z.strictObject({ nth: oneOrMore(positive) }),
  z.strictObject({ first: positive }),
  /** The same seed hits the same requests again, in whatever order they arrive. */
  z.strictObject({ probability: z.number().min(0).max(1), seed: z.int().default(1) }),
]);

/** Before the API acts: nothing has changed. After: the change is made, and only the answer is not what it should be. */
const at = z.enum(['before', 'after']);

const common = {
  /** For the request log and for taking it away again; made up when absent. */
  id: z.string().min(1).optional(),
  match: match.prefault({}),
};
const fault = { ...common, when: when.default('every') };

/** An error answer in the API's own form. 409 is ABORTED, the conflict of a stale etag, unless `rpc` says otherwise. */
const status = z.strictObject({
  ...fault,
  kind: z.literal('status'),
  status: z.literal(HTTP_STATUSES),
  rpc: z.enum(STATUS_NAMES).optional(),
  message: z.string().optional(),
  /** Seconds for a `Retry-After` header. */
  retryAfter: seconds.optional(),
  retryAfterForm: z.enum(['seconds', 'date']).default('seconds'),
  /** Seconds for a google.rpc.RetryInfo detail. */
  retryInfo: seconds.optional(),
  at: at.default('before'),
});

/** The connection is reset; with `midway` it ends after half of the answer. */
const reset = z.strictObject({ ...fault, kind: z.literal('reset'), at: z.enum(['before', 'after', 'midway']) });

/** The answer's text ends in the middle, although HTTP says that it is whole. */
const truncated = z.strictObject({ ...fault, kind: z.literal('truncated') });

/** A web page instead of JSON: a front end's error page, or with 200 a proxy that wants something. */
const html = z.strictObject({
  ...fault,
  kind: z.literal('html'),
  status: z.int().min(200).max(599).default(502),
  at: at.default('before'),
});

/** No body at all; the API's own status unless one is given. */
const empty = z.strictObject({
  ...fault,
  kind: z.literal('empty'),
  status: z.int().min(200).max(599).optional(),
  at: at.default('after'),
});

/** The API's answer under another `content-type`. */
const contentType = z.strictObject({
  ...fault,
  kind: z.literal('content-type'),
  contentType: z.string().min(1).default('text/plain; charset=UTF-8'),
});

/** Any text in place of the API's: JSON of another shape, for one. */
const body = z.strictObject({
  ...fault,
  kind: z.literal('body'),
  body: z.string(),
  status: z.int().min(200).max(599).default(200),
  contentType: z.string().default('application/json; charset=UTF-8'),
  at: at.default('after'),
});

/** The answer takes its time; with `at: before` the change too is made only then, whether or not the client still listens. */
const slow = z.strictObject({
  ...fault,
  kind: z.literal('slow'),
  firstByteMs: milliseconds.default(0),
  /** Between the first and the second half of the body. */
  bodyMs: milliseconds.default(0),
  at: at.default('after'),
});

/** The operation that the request starts or reads can't be found from now on; what it does goes on. */
const operationVanishes = z.strictObject({ ...fault, kind: z.literal('operation-vanishes') });

/** The operation that the request starts or reads does not end before the fault is taken away. */
const operationNeverEnds = z.strictObject({ ...fault, kind: z.literal('operation-never-ends') });

/** Reads show the world as it was: `forMs` ago, or for the next `reads` matching reads after each change as it was before it. */
const staleReads = z.strictObject({
  ...fault,
  kind: z.literal('stale-reads'),
  for: z.union([z.strictObject({ ms: milliseconds }), z.strictObject({ reads: positive })]),
});

/**
 * Somebody else writes just before a setIamPolicy (a member), an engine PATCH (a label), the update or deletion of an organization
 * policy (the same rules) or of an access policy (a rule): the etag that was read is stale.
 */
const foreignWrite = z.strictObject({ ...fault, kind: z.literal('foreign-write'), member: z.string().optional() });

/** A token is refused as expired after so many matching requests with it; each new token starts anew. */
const tokenExpires = z.strictObject({
  ...common,
  kind: z.literal('token-expires'),
  afterRequests: z.int().min(0),
  /** Only this one; absent means every token. */
  token: z.string().optional(),
});

const schema = z.discriminatedUnion('kind', [
  status,
  reset,
  truncated,
  html,
  empty,
  contentType,
  body,
  slow,
  operationVanishes,
  operationNeverEnds,
  staleReads,
  foreignWrite,
  tokenExpires,
]);

/** Every kind of fault. */
export const FAULT_KINDS = schema.options.map((option) => option.shape.kind.value);

export type FaultInput = z.input<typeof schema>;
export type Fault = z.output<typeof schema>;
export type FaultKind = Fault['kind'];
export type FaultOf<K extends FaultKind> = Extract<Fault, { kind: K }>;
export type When = z.output<typeof when>;
export type FaultMatch = z.output<typeof match>;

/** Faults that can't be read; the message lists every problem. */
export class FaultError extends Error {
  override readonly name = 'FaultError';
}

/** Reads one fault or a list of them. Unknown keys are errors; all problems are reported at once. */
export function readFaults(input: unknown): Fault[] {
  const list: unknown[] = Array.isArray(input) ? input : [input];
  const parsed = z.array(schema).safeParse(list);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    ({ path: [index, ...path], message }) =>
      `faults[${String(index)}]${path.map((key) => `.${String(key)}`).join('')}: ${message}`,
  );
  throw new FaultError(`These are no faults:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
}
