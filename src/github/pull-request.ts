import { commitName, list, positive, record, text } from './answers.js';
import { isNotFound } from './errors.js';
import type { PullRequest, Push, Repository, RunEvent } from './event.js';
import type { GitHub } from './octokit.js';

const FIRST_WAIT_MS = 2_000;

/**
 * Which pull request does this run belong to? Only a push needs to ask: `GET /repos/{owner}/{repo}/commits/{sha}/pulls` lists
 * the merged pull request that brought a commit of the default branch, else merged and open ones (GitHub's documentation).
 * That list may lag behind a merge by seconds, so the number in the title of a merge or squash commit is looked up too; those
 * are anybody's words, and count only when the pull request itself says that it was merged as this very commit.
 * @param github creates the client; not called when the event says enough
 * @param options.waitMs how long to ask again while GitHub knows of no pull request at all; 0 unless said otherwise
 * @returns undefined when there is none, or more than one that might be meant
 * @throws GitHubError when GitHub does not answer
 */
export async function findPullRequest(
  event: RunEvent,
  github: () => Promise<GitHub>,
  options: { readonly waitMs?: number } = {},
): Promise<PullRequest | undefined> {
  const { pull, push, repository } = event;
  if (pull || !push || !repository) return pull;
  const client = await github();
  let waited = 0;
  for (let delay = FIRST_WAIT_MS; ; delay *= 2) {
    const found = await pullsOf(client, repository, push.commit);
    const row = found.length > 0 ? choose(found, push) : await namedInTitle(client, repository, push);
    if (row) return pullOf(row, repository, push);
    waited += delay;
    if (found.length > 0 || waited > (options.waitMs ?? 0)) return undefined;
    if (!(await client.patience.wait(delay, `GitHub knows of no pull request with ${push.commit}`))) return undefined;
  }
}

/** A push to the branch that is to be merged is under review; one to where it is merged to is not, whatever the list says. */
function pullOf({ number, merged, head }: Row, repository: Repository, { branch }: Push): PullRequest {
  return { ...repository, number, merged, underReview: !merged && branch !== undefined && head === branch };
}

/**
 * Whether it was merged meanwhile: the event of a run says how it was when the run was first started.
 * @returns undefined when GitHub does not tell
 * @throws GitHubError when GitHub does not answer
 */
export async function isMergedNow(
  { octokit }: GitHub,
  { owner, repo, number }: PullRequest,
): Promise<boolean | undefined> {
  try {
    const { data } = await octokit.request('GET /repos/{owner}/{repo}/pulls/{pull_number}', {
      owner,
      repo,
      pull_number: number,
    });
    const { merged, merged_at: mergedAt } = record(data);
    return merged === true || typeof mergedAt === 'string';
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

interface Row {
  readonly number: number;
  readonly open: boolean;
  readonly merged: boolean;
  /** The commit on the base branch that merged it, or that it would be merged as. */
  readonly mergeCommit: string | undefined;
  readonly base: string | undefined;
  /** Branch of this repository, undefined for one of a fork. */
  readonly head: string | undefined;
}

async function pullsOf({ octokit }: GitHub, repository: Repository, commit: string): Promise<Row[]> {
  const { data } = await octokit.request('GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls', {
    ...repository,
    commit_sha: commit,
    per_page: 100,
  });
  return (list(data) ?? []).flatMap((pull) => rowOf(pull, repository) ?? []);
}

function rowOf(value: unknown, { owner, repo }: Repository): Row | undefined {
  const pull = record(value);
  const number = positive(pull.number);
  const ours = `${owner}/${repo}`.toLowerCase();
  const nameOf = (side: unknown): string | undefined => text(record(record(side).repo).full_name)?.toLowerCase();
  const isOurs = (side: unknown): boolean => nameOf(side) === ours;
  if (number === undefined || (nameOf(pull.base) ?? ours) !== ours) return undefined;
  return {
    number,
    open: pull.state === 'open',
    merged: typeof pull.merged_at === 'string',
    mergeCommit: commitName(pull.merge_commit_sha),
    base: text(record(pull.base).ref),
    head: isOurs(pull.head) ? text(record(pull.head).ref) : undefined,
  };
}

/** The merged one, else the open one. Where several fit, the narrower question decides, or nobody does. */
function choose(rows: readonly Row[], { commit, branch }: Push): Row | undefined {
  const merged = rows.filter((row) => row.merged);
  const here = merged.filter(({ base }) => branch === undefined || base === branch);
  const asThis = merged.filter(({ mergeCommit }) => mergeCommit === commit);
  const both = here.filter((row) => asThis.includes(row));
  for (const fitting of [both, here, asThis]) {
    if (fitting.length > 0) return only(fitting);
  }
  const open = rows.filter((row) => row.open);
  const ofBranch = open.filter(({ head }) => branch !== undefined && head === branch);
  return only(ofBranch.length > 0 ? ofBranch : open);
}

const only = (rows: readonly Row[]): Row | undefined => (rows.length === 1 ? rows[0] : undefined);

/** `Merge pull request #7 from …` of a merge, `… (#7)` of a squash: what GitHub writes unless people change it. */
async function namedInTitle({ octokit }: GitHub, repository: Repository, push: Push): Promise<Row | undefined> {
  const [, merge, squash] = /^Merge pull request #(\d{1,9}) from |\(#(\d{1,9})\)$/.exec(push.title) ?? [];
  const number = positive(Number(merge ?? squash));
  if (number === undefined) return undefined;
  try {
    const { data } = await octokit.request('GET /repos/{owner}/{repo}/pulls/{pull_number}', {
      ...repository,
      pull_number: number,
    });
    const row = rowOf(data, repository);
    return row?.merged && row.mergeCommit === push.commit ? row : undefined;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
