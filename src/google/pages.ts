import type { Shape } from './answer.js';
import { ProtocolError } from './errors.js';
import type { Http, HttpRequest } from './http.js';

const PAGE_SIZE = '100';
/** Nobody has a hundred thousand engines or services: a list that goes on is one that never ends. */
const MOST_PAGES = 1_000;

export interface ListRequest extends Pick<HttpRequest, 'api' | 'path' | 'query' | 'pace'> {
  /** Where the items are; absent when a page is empty, since Google leaves empty lists out. */
  readonly field: string;
  /** What a page must look like. */
  readonly shape: Shape;
}

/**
 * Reads a list to its end.
 * @returns the items of all pages, in order
 * @throws ProtocolError when a page token comes a second time, or page after page: the list would never end
 */
export async function listAll<T>(http: Http, { path, field, query, ...rest }: ListRequest): Promise<T[]> {
  const items: T[] = [];
  const seen = new Set<string>();
  let pageToken: string | undefined;
  for (let pages = 1; ; pages += 1) {
    const page = await http.request<Record<string, unknown>>({
      ...rest,
      method: 'GET',
      path,
      query: { ...query, pageSize: PAGE_SIZE, pageToken },
    });
    // One by one: a page may be longer than a call may have arguments.
    for (const item of (page[field] ?? []) as T[]) items.push(item);
    pageToken = (page.nextPageToken ?? '') as string;
    if (pageToken === '') return items;
    if (seen.has(pageToken)) throw new ProtocolError(`GET ${path} (${rest.api}) never ends: its page token repeats.`);
    if (pages >= MOST_PAGES)
      throw new ProtocolError(`GET ${path} (${rest.api}) never ends: it has more than ${pages} pages.`);
    seen.add(pageToken);
  }
}
