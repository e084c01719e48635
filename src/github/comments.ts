import { plural } from '../plural.js';
import { positive, record, text } from './answers.js';
import { createOnce } from './create-once.js';
import { isNotFound } from './errors.js';
import type { PullRequest } from './event.js';
import type { GitHub } from './octokit.js';
import { pagesOf } from './pages.js';

/** What the first line of a plan comment says about it. */
export interface Marker {
  readonly label: string;
  readonly digest: string;
}

/**
 * Reads the marker on the first line of a comment.
 * @returns undefined when there is none; must not throw, since anybody may have written the comment
 */
export type ParseMarker = (body: string) => Marker | undefined;

export interface StickyComment {
  readonly id: number;
  /** ID for GraphQL. */
  readonly nodeId: string;
  readonly url: string;
  readonly body: string;
  readonly marker: Marker;
}

export interface Upsert {
  readonly pull: PullRequest;
  readonly label: string;
  /** Text for the comment that is there, or for a new one; undefined leaves it alone. */
  readonly body: (found: StickyComment | undefined) => string | undefined;
  /** False: update a comment that is there, and leave a pull request without one alone. */
  readonly createIfMissing: boolean;
}

/** The sticky comments of this program: one for each label of a pull request. */
export interface Comments {
  /**
   * Looks through all comments of the pull request. Only those of the token's own user count, whatever the others say on
   * their first line; of several, the newest.
   * @throws GitHubError
   */
  find(pull: PullRequest, label: string): Promise<StickyComment | undefined>;
  /**
   * Brings the comment up to date, in place.
   * @returns its URL, or undefined when there is none and none was wanted
   * @throws whatever `body` throws
   * @throws GitHubError, GitHubTokenError when the token may not write
   */
  upsert(wanted: Upsert): Promise<string | undefined>;
}

/** @param parseMarker tells our comments from those of others */
export function createComments(github: GitHub, parseMarker: ParseMarker): Comments {
  const find: Comments['find'] = async (pull, label) => {
    const candidates: (StickyComment & { readonly author: string })[] = [];
    // Oldest first; GitHub stops at 2,500 comments.
    for await (const rows of pagesOf(github, `/repos/${pull.owner}/${pull.repo}/issues/${pull.number}/comments`)) {
      for (const row of rows) {
        const comment = commentOf(row);
        const marker = comment ? parseMarker(comment.body) : undefined;
        if (comment && marker?.label === label) candidates.push({ ...comment, marker });
      }
    }
    if (candidates.length === 0) return undefined;
    const viewer = await github.viewer();
    const own = candidates.filter(({ author }) => author === viewer).sort((a, b) => b.id - a.id);
    const [newest] = own;
    if (newest && own.length > 1) {
      github.log.info(`${viewer} has ${own.length} comments for "${label}": the newest counts, ${newest.url}`);
    }
    if (!newest) {
      github.log.info(
        `Left alone, since not by ${viewer}, this token's user: ${plural(candidates.length, 'comment')} for "${label}"`,
      );
    }
    return newest;
  };

  const upsert: Comments['upsert'] = async ({ pull, label, body, createIfMissing }) => {
    for (let tries = 1; ; tries += 1) {
      const found = await find(pull, label);
      const updated = found && (await bring(github, pull, found, body(found)));
      const created = updated === undefined && createIfMissing ? body(undefined) : undefined;
      if (created === undefined) return updated;
      const url = await createOnce(github, () => create(github, pull, created), tries, 'the comment');
      if (url !== undefined) return url;
    }
  };

  return { find, upsert };
}

function commentOf(row: unknown): (Omit<StickyComment, 'marker'> & { readonly author: string }) | undefined {
  const { id, node_id: nodeId, html_url: url, body, user } = record(row);
  const number = positive(id);
  // A comment whose author is gone has no user: nobody's.
  const author = text(record(user).login);
  if (number === undefined || !author) return undefined;
  return { id: number, nodeId: text(nodeId) ?? '', url: text(url) ?? '', body: text(body) ?? '', author };
}

/** @returns the comment's URL, or undefined when it turned out to be gone */
async function bring(
  github: GitHub,
  pull: PullRequest,
  found: StickyComment,
  body: string | undefined,
): Promise<string | undefined> {
  if (body === undefined || sameText(found.body, body)) return found.url;
  return update(github, pull, found, body);
}

/** @returns the comment's URL, or undefined when the comment is gone */
async function update(
  { octokit }: GitHub,
  { owner, repo }: PullRequest,
  { id, url }: StickyComment,
  body: string,
): Promise<string | undefined> {
  try {
    const { data } = await octokit.request('PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}', {
      owner,
      repo,
      comment_id: id,
      body,
    });
    return text(record(data).html_url) ?? url;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function create({ octokit }: GitHub, { owner, repo, number }: PullRequest, body: string): Promise<string> {
  const { data } = await octokit.request('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', {
    owner,
    repo,
    issue_number: number,
    body,
  });
  return text(record(data).html_url) ?? '';
}

/** Browsers send CRLF, and white space at the end shows nowhere. */
const sameText = (a: string, b: string): boolean => normal(a) === normal(b);
const normal = (body: string): string => body.replaceAll('\r\n', '\n').trimEnd();
