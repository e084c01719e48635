import { record, text } from './answers.js';
import { GitHubApiError, GitHubGraphqlError, GitHubTokenError } from './errors.js';
import { askGraphql } from './graphql.js';
import type { Octokit } from './octokit.js';

/** Who comments with a job's own token. */
const ACTIONS_BOT = 'github-actions[bot]';

/**
 * Whose token this is. GraphQL's `viewer` answers for tokens of apps too, REST's `GET /user` only for those of people; where
 * both say that they may not be asked, it is taken for a job's own token. Any other trouble is no answer: a wrong guess would
 * put a second comment beside ours.
 * @returns a function that asks once and remembers; it throws when GitHub can't be reached or refuses the token
 */
export function createViewer(github: { readonly octokit: Octokit }, token: string): () => Promise<string> {
  let login: string | undefined;
  return async () => {
    if (login === undefined) {
      const found = await findViewer(github.octokit);
      login = isAppToken(token) ? asApp(found) : found;
    }
    return login;
  };
}

/** Installation tokens start with `ghs_` (GitHub's documentation of token formats). */
const isAppToken = (token: string): boolean => token.startsWith('ghs_');

/** GraphQL writes the login of an app's comment without `[bot]`, REST with it, and a person may have the name without. */
const asApp = (login: string): string => (login.endsWith('[bot]') ? login : `${login}[bot]`);

async function findViewer(octokit: Octokit): Promise<string> {
  try {
    const { viewer } = await askGraphql(octokit, 'query { viewer { login } }');
    const login = text(record(viewer).login);
    if (login) return login;
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
  try {
    const { data } = await octokit.request('GET /user');
    return text(record(data).login) || ACTIONS_BOT;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return ACTIONS_BOT;
  }
}

/** The question can't be asked here, or not with this token. */
function isRefusal(error: unknown): boolean {
  if (error instanceof GitHubTokenError) return error.status !== 401;
  if (error instanceof GitHubGraphqlError) return error.isOnly('FORBIDDEN', 'INSUFFICIENT_SCOPES');
  return error instanceof GitHubApiError && [403, 404, 405, 501].includes(error.status);
}
