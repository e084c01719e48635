import { list } from './answers.js';
import { GitHubApiError } from './errors.js';
import type { GitHub } from './octokit.js';

/** Of 100 rows each: a list that goes on after that is none. */
const MAX_PAGES = 100;

/**
 * A list, page after page as the `Link` header says (GitHub's "Using pagination in the REST API"). Whoever has found what they
 * look for stops asking.
 *
 * @param path below the API's root
 * @param query the list's filters
 * @throws GitHubApiError when an answer is no list, or the list never ends
 */
export async function* pagesOf(
  { octokit }: GitHub,
  path: string,
  query: Readonly<Record<string, string>> = {},
): AsyncGenerator<readonly unknown[], void> {
  let next: string | undefined = `${path}?${new URLSearchParams({ ...query, per_page: '100' }).toString()}`;
  for (let page = 0; next !== undefined; page += 1) {
    const answer: { data: unknown; status: number; headers: { link?: string | undefined } } = await octokit.request(
      `GET ${next}`,
    );
    const rows = list(answer.data);
    if (!rows || page >= MAX_PAGES) {
      const problem = rows ? 'the list never ends' : 'that is no list';
      throw new GitHubApiError({ method: 'GET', path }, answer.status, problem);
    }
    yield rows;
    next = /<([^<>]+)>;[^,]*\brel="next"/.exec(answer.headers.link ?? '')?.[1];
  }
}
