import { isTooDeep } from './depth.js';

/** One entry of `error.details`: google.rpc.ErrorInfo, RetryInfo, BadRequest, ... told apart by `@type`. */
export type ErrorDetail = Readonly<Record<string, unknown>>;

/** What could be made of an error body. `message` is never empty. */
export interface ErrorBody {
  readonly status: string | undefined;
  readonly message: string;
  readonly reason: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly details: readonly ErrorDetail[];
  readonly retryDelayMs: number | undefined;
  /** Was it Google's envelope, in the newer or the older form? */
  readonly isEnvelope: boolean;
}

/** Longer messages are cut: a front end's error page must not fill a pull request comment. */
const MAX_MESSAGE = 2000;

/** Names of google.rpc.Code in order of their numbers (google/rpc/code.proto). */
const RPC_CODES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

/** The name of a google.rpc.Code number, if there is one. */
export const rpcNameOf = (code: number | undefined): string | undefined =>
  code === undefined ? undefined : RPC_CODES[code];

/**
 * Reads the body of an error answer, whatever it is: Google's envelope `{"error": {code, message, status, details}}`, the older
 * `error.errors[]`, an OAuth error as token endpoints send it (`{"error": "invalid_grant", "error_description": ...}`), a front
 * end's HTML page, truncated JSON, or nothing.
 * @returns what was understood; never throws
 */
export function parseErrorBody(body: string): ErrorBody {
  const text = body.trim();
  if (text === '') return plain('no explanation was given (empty body)');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return plain(isPage(text) ? `the answer is ${describePage(text)}` : `the answer is no JSON: ${text}`);
  }
  return errorBodyOf(json);
}

/**
 * Reads an error body that is already parsed.
 * @returns what was understood; never throws
 */
export function errorBodyOf(json: unknown): ErrorBody {
  // Some streaming and batch front ends wrap the envelope into an array.
  const outer = record(Array.isArray(json) ? (json[0] as unknown) : json);
  const error = outer.error;
  if (typeof error === 'string') {
    return plain([error, string(outer.error_description)].filter(Boolean).join(': '));
  }
  const envelope = record(error);
  const details = array(envelope.details).map(record);
  const info = errorInfoIn(details);
  const legacy = record(array(envelope.errors)[0]);
  const message = string(envelope.message) ?? string(legacy.message) ?? `the answer was ${shown(json)}`;
  return {
    status: string(envelope.status),
    message: oneLine(message + violations(details, message)),
    reason: string(info?.reason) ?? string(legacy.reason),
    metadata: strings(info?.metadata),
    details,
    retryDelayMs: durationMs(details.find((detail) => isType(detail, 'RetryInfo'))?.retryDelay),
    isEnvelope: Object.keys(envelope).length > 0,
  };
}

/** @returns the ErrorInfo among the details of an error, as Google sent it */
export const errorInfoIn = (details: readonly ErrorDetail[]): ErrorDetail | undefined =>
  details.find((detail) => isType(detail, 'ErrorInfo'));

const plain = (message: string): ErrorBody => ({
  status: undefined,
  message: oneLine(message),
  reason: undefined,
  metadata: {},
  details: [],
  retryDelayMs: undefined,
  isEnvelope: false,
});

/** A message such as "Request contains an invalid argument." says nothing; the fields at fault are in the details. */
function violations(details: readonly ErrorDetail[], message: string): string {
  const found = details.flatMap((detail) =>
    [...array(detail.fieldViolations), ...array(detail.violations)].map(record).flatMap((violation) => {
      const description = string(violation.description);
      if (description === undefined || message.includes(description)) return [];
      return [[string(violation.field) ?? string(violation.subject), description].filter(Boolean).join(': ')];
    }),
  );
  return found.length === 0 ? '' : ` (${found.join('; ')})`;
}

/** Is it HTML (or XML) instead of JSON? */
export const isPage = (text: string): boolean => text.trimStart().startsWith('<');

/** What a web page in place of JSON is about, in one line. */
export function describePage(page: string): string {
  const title = /<title[^>]*>([^<]*)<\/title>/i.exec(page)?.[1]?.trim();
  return oneLine(`a web page instead of JSON${title ? `: ${title}` : ''}`);
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= MAX_MESSAGE ? line : `${line.slice(0, MAX_MESSAGE)}…`;
}

const isType = (detail: ErrorDetail, name: string): boolean =>
  string(detail['@type'])?.endsWith(`google.rpc.${name}`) === true;

/** google.protobuf.Duration in JSON: seconds with an `s`, as in `1.5s`. */
function durationMs(value: unknown): number | undefined {
  const seconds = /^(\d+(?:\.\d+)?)s$/.exec(string(value) ?? '')?.[1];
  return seconds === undefined ? undefined : Math.round(Number(seconds) * 1000);
}

const string = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const array = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
/** Metadata gets into commands that a reader is told to run: names alone, nothing that a shell would take for more. */
const strings = (value: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(record(value)).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string' && /^[\w./:@-]{1,500}$/.test(entry[1]),
    ),
  );

function shown(json: unknown): string {
  return isTooDeep(json) ? 'JSON that is nested too deeply' : JSON.stringify(json);
}
