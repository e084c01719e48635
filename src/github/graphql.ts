import { list, record, text } from './answers.js';
import { GitHubGraphqlError } from './errors.js';
import type { Octokit } from './octokit.js';

/**
 * Asks GraphQL; octokit knows where it is, on GitHub Enterprise Server too.
 * @returns `data` of the answer, its shape unchecked
 * @throws GitHubGraphqlError when the answer has errors; GitHubApiError with 404, 405 or 501 when there is no such endpoint
 */
export async function askGraphql(
  octokit: Octokit,
  query: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<Readonly<Record<string, unknown>>> {
  try {
    return record(await octokit.graphql<unknown>(query, { ...variables }));
  } catch (error) {
    const errors = record(error).name === 'GraphqlResponseError' ? list(record(error).errors) : undefined;
    if (!errors) throw error;
    throw new GitHubGraphqlError(
      errors.map(record).map(({ type, message }) => ({ type: text(type) ?? '', message: text(message) ?? 'unknown' })),
    );
  }
}
