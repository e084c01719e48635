import { invalid } from './errors.js';
import type { Json } from './json.js';

export interface PageLimits {
  readonly default: number;
  readonly max: number;
}

/**
 * One page of a list: `pageSize` above the server's cap is coerced down, a negative one or a foreign `pageToken` is a 400 (AIP-158).
 * A token is only good for the list it came from.
 */
export function page(
  items: readonly Json[],
  field: string,
  query: URLSearchParams,
  list: string,
  limits: PageLimits,
): Json {
  const asked = Number(query.get('pageSize') ?? '0');
  if (!Number.isInteger(asked) || asked < 0) throw invalid('Page size must not be negative.', 'page_size');
  const size = Math.min(asked === 0 ? limits.default : asked, limits.max);
  const start = offsetOf(query.get('pageToken') ?? '', list);
  const end = start + size;
  return {
    ...(items.length > start ? { [field]: items.slice(start, end) } : {}),
    ...(end < items.length ? { nextPageToken: tokenOf(end, list) } : {}),
  };
}

function tokenOf(offset: number, list: string): string {
  return Buffer.from(JSON.stringify([list, offset])).toString('base64url');
}

function offsetOf(token: string, list: string): number {
  if (token === '') return 0;
  try {
    const [from, offset] = JSON.parse(Buffer.from(token, 'base64url').toString()) as [unknown, unknown];
    if (from === list && typeof offset === 'number') return offset;
  } catch {
    // Falls through to the same answer as a token of another list.
  }
  throw invalid('The page token is invalid or was issued for another request.', 'page_token');
}
