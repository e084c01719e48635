import { positive, record, text } from './answers.js';
import type { Marker, ParseMarker } from './comments.js';
import { createOnce } from './create-once.js';
import { GitHubApiError, GitHubSetupError } from './errors.js';
import type { Repository } from './event.js';
import type { GitHub } from './octokit.js';
import { pagesOf } from './pages.js';

/** An issue as this program writes it. The first line of the body is its marker. */
export interface IssueText {
  readonly title: string;
  readonly body: string;
}

/** What became of the issue, for the log. */
export interface KeptIssue {
  readonly what: 'opened' | 'reopened' | 'updated' | 'unchanged' | 'closed';
  readonly url: string;
}

/** The issues of this program: one for each label of a repository. */
export interface Issues {
  /**
   * Sees to it that there is one open issue that says this: the oldest open one is brought up to date where its marker has
   * another digest, else the one that was closed last is reopened, else one is opened. A second open one, of two runs at a time,
   * is closed. Only issues of the token's own user count, whatever those of others say on their first line.
   *
   * @throws GitHubError, GitHubTokenError when the token may not write
   */
  keepOpen(label: string, issue: IssueText): Promise<KeptIssue>;
  /**
   * Closes every open issue with this label, each with a comment.
   *
   * @throws GitHubError, GitHubTokenError when the token may not write
   */
  close(label: string, comment: string): Promise<readonly KeptIssue[]>;
}

interface OwnIssue {
  readonly number: number;
  readonly url: string;
  readonly marker: Marker;
}

/** Of 100 issues and pull requests each, newest first: what was closed that long ago is opened as a new one. */
const CLOSED_PAGES = 10;
const OTHER_TOKEN = 'Close it, and use a token in github_token whose user can be asked for.';

/** @param parseMarker tells our issues from those of others */
export function createIssues(github: GitHub, repository: Repository, parseMarker: ParseMarker): Issues {
  const { owner, repo } = repository;
  const { octokit, log } = github;
  const route = { owner, repo };

  /** GitHub's list has pull requests among the issues; `creator` takes the login as REST writes it. */
  async function* own(label: string, query: Readonly<Record<string, string>>): AsyncGenerator<readonly OwnIssue[]> {
    const viewer = await github.viewer();
    for await (const rows of pagesOf(github, `/repos/${owner}/${repo}/issues`, { ...query, creator: viewer })) {
      yield rows.flatMap((row) => {
        const issue = issueOf(row, viewer, parseMarker);
        return issue?.marker.label === label ? issue : [];
      });
    }
  }

  const openOnes = async (label: string): Promise<OwnIssue[]> => {
    const found: OwnIssue[] = [];
    for await (const issues of own(label, { state: 'open', sort: 'created', direction: 'asc' })) found.push(...issues);
    return found.sort((a, b) => a.number - b.number);
  };

  const lastClosed = async (label: string): Promise<OwnIssue | undefined> => {
    let pages = 0;
    for await (const [newest] of own(label, { state: 'closed', sort: 'updated', direction: 'desc' })) {
      pages += 1;
      if (newest || pages >= CLOSED_PAGES) return newest;
    }
    return undefined;
  };

  /** @returns false when the issue turned out to be gone */
  const update = async ({ number }: OwnIssue, change: Readonly<Record<string, string>>): Promise<boolean> => {
    try {
      await octokit.request('PATCH /repos/{owner}/{repo}/issues/{issue_number}', {
        ...route,
        issue_number: number,
        ...change,
      });
      return true;
    } catch (error) {
      // 410 is GitHub's answer for an issue that was deleted.
      if (error instanceof GitHubApiError && (error.status === 404 || error.status === 410)) return false;
      throw error;
    }
  };

  /** Closed first: a comment without it would be written anew by every run. */
  const closeOne = async (issue: OwnIssue, reason: 'completed' | 'not_planned', comment: string): Promise<void> => {
    if (!(await update(issue, { state: 'closed', state_reason: reason }))) return;
    await octokit.request('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', {
      ...route,
      issue_number: issue.number,
      body: comment,
    });
  };

  const bringOpen = async (found: OwnIssue, { body }: IssueText, digest: string): Promise<KeptIssue | undefined> => {
    if (found.marker.digest === digest) return { what: 'unchanged', url: found.url };
    return (await update(found, { body })) ? { what: 'updated', url: found.url } : undefined;
  };

  const reopen = async (label: string, { body }: IssueText): Promise<KeptIssue | undefined> => {
    const found = await lastClosed(label);
    if (!found || !(await update(found, { state: 'open', body }))) return undefined;
    return { what: 'reopened', url: found.url };
  };

  const open = async ({ title, body }: IssueText): Promise<KeptIssue> => {
    const { data } = await octokit.request('POST /repos/{owner}/{repo}/issues', { ...route, title, body });
    const { html_url: link, user } = record(data);
    const url = text(link) ?? '';
    const [author = '', viewer] = [text(record(user).login), await github.viewer()];
    // Then no run would ever find it again, and each would open another one.
    if (author !== viewer)
      throw new GitHubSetupError(`${url} was opened by ${author}, not by ${viewer}. ${OTHER_TOKEN}`);
    return { what: 'opened', url };
  };

  return {
    async keepOpen(label, issue) {
      const digest = parseMarker(issue.body)?.digest ?? '';
      for (let tries = 1; ; tries += 1) {
        const [oldest, ...others] = await openOnes(label);
        for (const other of others) {
          log.info(`Two issues for "${label}": the older one stays, ${other.url} is closed`);
          await closeOne(other, 'not_planned', `Duplicate of #${oldest?.number ?? 0}.`);
        }
        const kept = oldest ? await bringOpen(oldest, issue, digest) : await reopen(label, issue);
        const done = kept ?? (await createOnce(github, () => open(issue), tries, 'the issue'));
        if (done) return done;
      }
    },
    async close(label, comment) {
      const found = await openOnes(label);
      for (const issue of found) await closeOne(issue, 'completed', comment);
      return found.map(({ url }) => ({ what: 'closed', url }));
    },
  };
}

/** @returns undefined for a pull request, an issue of somebody else, and one without our marker on its first line */
function issueOf(row: unknown, viewer: string, parseMarker: ParseMarker): OwnIssue | undefined {
  const { number, html_url: url, body, user, pull_request: pull } = record(row);
  const id = positive(number);
  if (id === undefined || pull !== undefined || text(record(user).login) !== viewer) return undefined;
  const marker = parseMarker(text(body) ?? '');
  return marker && { number: id, url: text(url) ?? '', marker };
}
