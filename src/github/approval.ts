import { record, text } from './answers.js';
import type { Comments, ParseMarker, StickyComment } from './comments.js';
import { ApprovalUnreadableError, GitHubApiError, GitHubError, GitHubGraphqlError } from './errors.js';
import type { PullRequest } from './event.js';
import { askGraphql } from './graphql.js';
import type { GitHub } from './octokit.js';

/** What the pull request's plan comment approves, or why it approves nothing. */
export type Approval =
  | { readonly status: 'found'; readonly digest: string; readonly body: string; readonly url: string }
  /** There is no comment of the token's own user with this label. */
  | { readonly status: 'none' }
  /** Somebody else edited the comment last; `editor` is empty when GitHub does not say who. */
  | { readonly status: 'edited-by-other'; readonly url: string; readonly editor: string };

/** Body and editor in one question, so that nobody can edit in between. */
const QUESTION = `query ($id: ID!) {
  node(id: $id) {
    ... on IssueComment { body lastEditedAt author { __typename login } editor { __typename login } }
  }
}`;

/**
 * Reads the digest that the plan comment shows. Whoever may write to the repository can edit the comment, and REST does not say
 * who did; GraphQL does (fields `editor` and `lastEditedAt` of IssueComment).
 * @throws ApprovalUnreadableError when the editor can't be found out; only a server without GraphQL is taken at REST's word,
 * with a warning
 * @throws GitHubError when the comments can't be read
 */
export async function readApproval(
  { github, comments, parseMarker }: { github: GitHub; comments: Comments; parseMarker: ParseMarker },
  pull: PullRequest,
  label: string,
): Promise<Approval> {
  const found = await comments.find(pull, label);
  if (!found) return { status: 'none' };
  const seen = await look(github, found);
  if (seen === 'gone') return { status: 'none' };
  if (seen.editor !== undefined) return { status: 'edited-by-other', url: found.url, editor: seen.editor };
  const marker = parseMarker(seen.body);
  if (marker?.label !== label) return { status: 'none' };
  return { status: 'found', digest: marker.digest, body: seen.body, url: found.url };
}

/** @returns the body as it stands, with the login of an editor who is not the author (empty when unknown) */
async function look(
  { octokit, log, isCloud }: GitHub,
  { nodeId, url, body }: StickyComment,
): Promise<{ body: string; editor?: string } | 'gone'> {
  try {
    const { node } = await askGraphql(octokit, QUESTION, { id: nodeId });
    return judge(node, url);
  } catch (error) {
    if (isWithoutGraphql(error) && !isCloud) {
      log.warning(
        `This server has no GraphQL: whether somebody else edited the plan comment was not checked (${url}).`,
      );
      return { body };
    }
    if (error instanceof GitHubGraphqlError && error.isOnly('NOT_FOUND')) return 'gone';
    if (error instanceof ApprovalUnreadableError || !(error instanceof GitHubError)) throw error;
    throw new ApprovalUnreadableError(url, error.message);
  }
}

function judge(node: unknown, url: string): { body: string; editor?: string } {
  const comment = record(node);
  const body = text(comment.body);
  if (body === undefined || !('lastEditedAt' in comment) || !('editor' in comment)) {
    throw new ApprovalUnreadableError(url, 'GitHub answered with something else than the comment.');
  }
  if (comment.lastEditedAt === null && comment.editor === null) return { body };
  const [author, editor] = [comment.author, comment.editor].map(record);
  // A person may have an app's login, since GraphQL writes that without `[bot]`: the type tells them apart.
  const login = text(editor?.login);
  const same = login !== undefined && login === author?.login && editor?.__typename === author.__typename;
  return same ? { body } : { body, editor: login ?? '' };
}

/** The endpoint itself is missing; an error about the comment would come with status 200. */
const isWithoutGraphql = (error: unknown): boolean =>
  error instanceof GitHubApiError && error.method === 'POST' && [404, 405, 501].includes(error.status);
