import type { Desired } from '../config/desired.js';
import type { Failure } from '../failure.js';
import { readApproval, type Approval } from '../github/approval.js';
import { createComments, type Comments, type StickyComment } from '../github/comments.js';
import { GitHubNetworkError } from '../github/errors.js';
import { readEvent, type PullRequest } from '../github/event.js';
import { createGitHub, type GitHub } from '../github/octokit.js';
import { findPullRequest, isMergedNow } from '../github/pull-request.js';
import { CancelledError, TimeoutError } from '../google/errors.js';
import type { CommentInputs } from '../inputs.js';
import { hasChanges } from '../plan/plan.js';
import type { Plan } from '../plan/types.js';
import { payloadOf, renderComment, type CommentInput } from '../report/comment.js';
import { parseMarker, storedLabel } from '../report/marker.js';
import { VERSION } from '../version.js';
import { gitHubReason } from './github-failure.js';
import { defaultLabel } from './label.js';
import { encodePlan } from './plan-payload.js';
import type { Session } from './session.js';

/** How long GitHub may keep a run in all, requests and waits together, in milliseconds. */
const BUDGET_MS = 60_000;
/** How long a run with an approval waits for GitHub to tell which pull request a merge was, in milliseconds. */
const ASSOCIATION_MS = 15_000;
/** How long the last word of a run that was stopped may take, in milliseconds: it has to be over five seconds after the signal. */
const LAST_WORD_MS = 3_500;

/** What a command has to say to the pull request; label, run, commit and version are known here. */
export type Content = Pick<CommentInput, 'state' | 'engines' | 'failures' | 'next' | 'open' | 'done'> & {
  readonly plan?: Plan;
  readonly elapsedMs?: number;
  /** Say it only where the comment is about this very plan: a run that wrote nothing leaves another plan's alone. */
  readonly onlySamePlan?: boolean;
};

/** How a comment went: nothing may come of it, and only `comment: always` makes that a failure. */
export interface Shown {
  /** Empty when there is no comment. */
  readonly url: string;
  readonly failure?: Failure;
}

export type ReadApproval = Approval | { readonly status: 'no-pull-request' };

/** The plan comment of the pull request that a run belongs to, if any. */
export interface PlanComment {
  /** Brings the comment up to date, or creates it where it has something to say. Never throws. */
  show(content: Content): Promise<Shown>;
  /** @throws GitHubError when the comments cannot be read */
  approval(): Promise<ReadApproval>;
}

export interface PlanCommentOptions extends CommentInputs {
  /** A plan is there to be approved; an apply never approves anything by what it writes. */
  readonly speaker: 'plan' | 'apply';
  readonly githubToken: string;
  /** The run insists on an approval: then a comment that does not approve is evidence, and stays as it is. */
  readonly insists: boolean;
}

interface Connection {
  readonly github: GitHub;
  readonly comments: Comments;
  readonly pull: PullRequest;
}

/** @param desired says what the comment's label is made of, unless the input does */
export function openPlanComment(options: PlanCommentOptions, desired: Desired, session: Session): PlanComment {
  const { speaker, comment, githubToken } = options;
  const label = storedLabel(options.commentLabel || defaultLabel(desired));
  const { clock, log } = session;
  const event = readEvent(session.env);
  if (event.problem !== undefined && comment === 'auto') log.warning(event.problem, { title: 'comment' });
  const use = { needs: 'pull-requests: write', readOnly: event.readOnly } as const;
  let left = BUDGET_MS;
  let gaveUp = false;
  let approved: ReadApproval | undefined;
  let known: PullRequest | undefined;
  const isStopped = (): boolean => session.signal.aborted;

  const connect = async (signal: AbortSignal, patienceMs: number, waitMs = 0): Promise<Connection | undefined> => {
    const github = once(() => createGitHub({ ...session, signal, token: githubToken, patienceMs, use }));
    known ??= await findPullRequest(event, github, { waitMs });
    if (!known) return undefined;
    return { github: await github(), comments: createComments(await github(), parseMarker), pull: known };
  };

  /** What stands there may have been edited: only what was read with its editor may be written again as approved. */
  const standing = async ({ github, comments, pull }: Connection): Promise<ReadApproval> => {
    approved ??= await readApproval({ github, comments, parseMarker }, pull, label).catch(() => ({ status: 'none' }));
    return approved;
  };

  /** @returns the text for the comment, given the one that is there; undefined leaves it alone */
  const textFor = async (
    content: Content,
    connection: Connection,
  ): Promise<(found: StickyComment | undefined) => string | undefined> => {
    const { onlySamePlan = false, ...shown } = content;
    const { plan } = content;
    const render = (approvedDigest: string, payload: string | undefined): string =>
      renderComment({
        ...shown,
        label,
        approvedDigest,
        runUrl: event.runUrl ?? '',
        commit: event.commit ?? '',
        version: VERSION,
        ...(payload === undefined ? {} : { payload }),
      });
    const payload = plan && encodePlan(plan);
    if (speaker === 'plan' && connection.pull.underReview) return () => render(plan?.digest ?? '', payload);
    const stands = await standing(connection);
    const isApproved = stands.status === 'found' && (plan === undefined || stands.digest === plan.digest);
    if (isApproved) return () => render(stands.digest, payload ?? payloadOf(stands.body));
    const leaves = onlySamePlan || speaker === 'plan' || options.insists || plan === undefined;
    return (found) => (onlySamePlan || (found && leaves) ? undefined : render('', undefined));
  };

  const tell = async (content: Content, signal: AbortSignal): Promise<Shown> => {
    const connection = await connect(signal, left);
    if (!connection) return comment === 'always' ? noPullRequest(event.problem) : { url: '' };
    const { comments, pull, github } = connection;
    const isMerged = speaker === 'plan' && (pull.merged || (await isMergedNow(github, pull)) === true);
    if (isMerged) {
      log.info('The pull request is merged: its plan comment stays as it was reviewed.');
      return { url: '' };
    }
    const { plan, failures } = content;
    const createIfMissing = plan !== undefined && (hasChanges(plan) || failures.length > 0);
    const body = await textFor(content, connection);
    return { url: (await comments.upsert({ pull, label, createIfMissing, body })) ?? '' };
  };

  const failed = (error: unknown): Shown => {
    const message = `The comment on the pull request could not be written: ${error instanceof Error ? error.message : 'unknown'}`;
    if (comment === 'always') {
      const reason = isStopped() ? reasonOfEnd(session.signal) : gitHubReason(error);
      return { url: '', failure: { reason, message, next: [] } };
    }
    if (!gaveUp) log.warning(`${message}\nEverything is in the step summary.`, { title: 'comment' });
    // The end of the run is no silence of GitHub: there is a last word to come.
    gaveUp ||= isSilence(error) && !isStopped();
    return { url: '' };
  };

  /** The run may be told to stop while its end is being said: then that is said once more, in the time that is left for it. */
  const say = async (content: Content): Promise<Shown> => {
    const lastWord = (): Promise<Shown> => within(LAST_WORD_MS, LAST_WORD_MS, (limit) => tell(content, limit));
    if (isStopped()) return lastWord();
    try {
      const both = (limit: AbortSignal): AbortSignal => AbortSignal.any([session.signal, limit]);
      return await within(left, BUDGET_MS, (limit) => tell(content, both(limit)));
    } catch (error) {
      if (!isStopped() || content.state === 'applying') throw error;
      return lastWord();
    }
  };

  return {
    async show(content) {
      if (comment === 'never' || gaveUp) return { url: '' };
      const start = clock.now();
      try {
        return await say(content);
      } catch (error) {
        return failed(error);
      } finally {
        left -= clock.now() - start;
      }
    },
    async approval() {
      const connection = await connect(session.signal, BUDGET_MS, ASSOCIATION_MS);
      if (!connection) return { status: 'no-pull-request' };
      const { github, comments, pull } = connection;
      approved = await readApproval({ github, comments, parseMarker }, pull, label);
      return approved;
    },
  };
}

/** @param leftMs of `ofMs`, for messages @param run is told to stop when that is over */
async function within<T>(leftMs: number, ofMs: number, run: (limit: AbortSignal) => Promise<T>): Promise<T> {
  const limit = new AbortController();
  const late = new TimeoutError(`GitHub took longer than the ${ofMs / 1000} s it has.`);
  const timer = setTimeout(() => limit.abort(late), leftMs);
  try {
    return await run(limit.signal);
  } finally {
    clearTimeout(timer);
  }
}

/** GitHub did not answer in time: the next word would wait as long for nothing. The run's own end is another matter. */
const isSilence = (error: unknown): boolean => error instanceof GitHubNetworkError || error instanceof TimeoutError;

/** A run that was stopped is named after that, whatever its last word came to. */
const reasonOfEnd = ({ reason }: AbortSignal): Failure['reason'] =>
  reason instanceof CancelledError ? 'cancelled' : 'timeout';

function noPullRequest(problem: string | undefined): Shown {
  return {
    url: '',
    failure: {
      reason: 'invalid-input',
      message: `comment is "always", but this run belongs to no pull request.${problem ? ` ${problem}` : ''}`,
      next: ['Run on pull requests only, or set comment to auto.'],
    },
  };
}

/** What is expensive is made when it is first needed, and only once, unless that failed. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    made.catch(() => (made = undefined));
    return made;
  };
}
