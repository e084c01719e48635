import type { Shape } from './answer.js';
import { ProtocolError } from './errors.js';
import type { Http, HttpRequest } from './http.js';

const PAGE_SIZE = '100';

export interface ListRequest extends Pick<HttpRequest, 'api' | 'path'> {
  /** Where the items are; absent when a page is empty, since Google leaves empty lists out. */
  readonly field: string;
  /** What a page must look like. */
  readonly shape: Shape;
}

/**
 * Reads a list to its end.
 * @returns the items of all pages, in order
 * @throws ProtocolError when a page token comes a second time: the list would never end
 */
export async function listAll<T>(http: Http, { api, path, field, shape }: ListRequest): Promise<T[]> {
  const items: T[] = [];
  const seen = new Set<string>();
  let pageToken: string | undefined;
  for (;;) {
    const query = { pageSize: PAGE_SIZE, pageToken };
    const page = await http.request<Record<string, unknown>>({ api, method: 'GET', path, query, shape });
    items.push(...((page[field] ?? []) as T[]));
    pageToken = (page.nextPageToken ?? '') as string;
    if (pageToken === '') return items;
    if (seen.has(pageToken)) throw new ProtocolError(`GET ${path} (${api}) never ends: its page token repeats.`);
    seen.add(pageToken);
  }
}
