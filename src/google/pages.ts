import { ProtocolError } from './errors.js';

/** One page of a list; `items` is absent when the page is empty, since Google leaves empty lists out. */
export interface Page<T> {
  readonly items: readonly T[] | undefined;
  readonly nextPageToken: string | undefined;
}

/**
 * Reads a list to its end.
 * @param fetchPage reads the page of a token, the first one without
 * @returns the items of all pages, in order
 * @throws ProtocolError when a page token comes a second time: the list would never end
 */
export async function listAll<T>(fetchPage: (pageToken: string | undefined) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  const seen = new Set<string>();
  let pageToken: string | undefined;
  for (;;) {
    const page = await fetchPage(pageToken);
    items.push(...(page.items ?? []));
    if (page.nextPageToken === undefined || page.nextPageToken === '') return items;
    if (seen.has(page.nextPageToken))
      throw new ProtocolError('A list of Google Cloud never ends: its page token repeats.');
    seen.add(page.nextPageToken);
    pageToken = page.nextPageToken;
  }
}
