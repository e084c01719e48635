import { DEEPEST, isTooDeep } from './depth.js';
import { describePage, isPage } from './error-body.js';
import { ProtocolError, type Exchange } from './errors.js';

/** Looks at an answer's fields. @returns what is wrong with them, if anything */
export type Shape = (answer: Readonly<Record<string, unknown>>) => string | undefined;

/** A successful answer as it came. */
export interface RawAnswer {
  readonly status: number;
  readonly body: string;
  readonly contentType: string | null;
}

/**
 * Makes a JSON object of an answer that says success.
 * @throws ProtocolError that says what came instead; never the text itself, which may hold anything
 */
export function parseAnswer(exchange: Exchange, answer: RawAnswer, shape?: Shape): Record<string, unknown> {
  const wrong = (what: string, transient: boolean): ProtocolError =>
    new ProtocolError(
      `${exchange.method} ${exchange.url} answered ${answer.status} with ${what}.`,
      exchange,
      transient,
    );
  const replaced = replacementOf(answer);
  if (replaced !== undefined) throw wrong(replaced, true);
  // A method that answers with google.protobuf.Empty sends {}, some front ends 204 and nothing.
  const json = answer.status === 204 ? {} : parse(answer.body);
  if (json === undefined) throw wrong(`something that is no complete JSON (${answer.body.length} characters)`, true);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw wrong('JSON that is no object', false);
  if (isTooDeep(json)) throw wrong(`JSON that is nested deeper than ${DEEPEST}`, false);
  const problem = shape?.(json as Record<string, unknown>);
  if (problem !== undefined) throw wrong(`JSON of another shape: ${problem}`, false);
  return (/:\s*null\b/.test(answer.body) ? withoutNulls(json) : json) as Record<string, unknown>;
}

/** To protobuf JSON a field that is null is a field that is not there; to JavaScript's default values it is not. */
function withoutNulls(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(withoutNulls);
  if (typeof json !== 'object' || json === null) return json;
  const fields = Object.entries(json).filter(([, value]) => value !== null);
  return Object.fromEntries(fields.map(([name, value]) => [name, withoutNulls(value)]));
}

/** What somebody on the way sent in place of the API's JSON. */
function replacementOf({ status, body, contentType }: RawAnswer): string | undefined {
  if (status === 204) return undefined;
  if (body.trim() === '') return 'an empty body';
  if (isPage(body)) return describePage(body);
  return isJsonType(contentType) ? undefined : `content of type ${(contentType ?? '').slice(0, 100)}, not JSON`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Google always names the type; where a private endpoint does not, the text has to do. */
const isJsonType = (type: string | null): boolean =>
  type === null || /^\s*(?:application|text)\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type);
