import type { Desired } from '../config/desired.js';
import type { Failure } from '../failure.js';
import { readApproval, type Approval } from '../github/approval.js';
import { createComments, type Comments, type StickyComment } from '../github/comments.js';
import { GitHubError, GitHubTokenError } from '../github/errors.js';
import { readEvent, type PullRequest } from '../github/event.js';
import { createGitHub, type GitHub } from '../github/octokit.js';
import { findPullRequest } from '../github/pull-request.js';
import { CancelledError, TimeoutError } from '../google/errors.js';
import type { CommentInputs } from '../inputs.js';
import { hasChanges } from '../plan/plan.js';
import type { Plan } from '../plan/types.js';
import { renderComment, type CommentInput } from '../report/comment.js';
import { parseMarker, storedLabel } from '../report/marker.js';
import { VERSION } from '../version.js';
import { encodePlan } from './plan-payload.js';
import type { Session } from './session.js';

/** How long GitHub may keep a run waiting in all, in milliseconds. */
const PATIENCE_MS = 60_000;
/** How long a run with an approval waits for GitHub to tell which pull request a merge was, in milliseconds. */
const ASSOCIATION_MS = 15_000;
/** How long the last word of a run that was stopped may take, in milliseconds: the runner kills it some seconds later. */
const LAST_WORD_MS = 3_000;

/** What a command has to say to the pull request; label, run, commit and version are known here. */
export type Content = Pick<CommentInput, 'state' | 'engines' | 'failures' | 'next' | 'open'> & {
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

/** The plan comment of the pull request that a run belongs to, if any. */
export interface PlanComment {
  /** Brings the comment up to date, or creates it where it has something to say. Never throws for what GitHub does. */
  show(content: Content): Promise<Shown>;
  /** @throws GitHubError when the comments cannot be read */
  approval(): Promise<Approval | { readonly status: 'no-pull-request' }>;
}

interface Connection {
  readonly github: GitHub;
  readonly comments: Comments;
  readonly pull: PullRequest;
}

/**
 * @param speaker a plan is there to be approved; an apply never approves anything by what it writes
 * @param desired says what the comment's label is made of, unless the input does
 */
export function openPlanComment(
  speaker: 'plan' | 'apply',
  inputs: CommentInputs & { readonly githubToken: string },
  desired: Desired,
  session: Session,
): PlanComment {
  const label = storedLabel(
    inputs.commentLabel || [desired.config ?? 'inputs', desired.project, desired.region].join(' · '),
  );
  const { clock, log } = session;
  const event = readEvent(session.env);
  const connect = async (signal: AbortSignal, waitMs = 0): Promise<Connection | undefined> => {
    const github = once(() => {
      const patienceMs = Math.max(0, Math.min(PATIENCE_MS, session.deadline - clock.now()));
      return createGitHub({ ...session, signal, token: inputs.githubToken, patienceMs, readOnly: event.readOnly });
    });
    const pull = await findPullRequest(event, github, { waitMs });
    if (!pull) return undefined;
    return { github: await github(), comments: createComments(await github(), parseMarker), pull };
  };
  const connected = once(() => connect(session.signal));

  const bodyOf = (content: Content, found: StickyComment | undefined): string | undefined => {
    const { onlySamePlan = false, ...shown } = content;
    const { plan } = content;
    const isSame = plan !== undefined && found?.marker.digest === plan.digest;
    if (onlySamePlan && !isSame) return undefined;
    const approves = speaker === 'plan' || isSame;
    const payload = plan && approves ? encodePlan(plan) : undefined;
    return renderComment({
      ...shown,
      label,
      approves,
      runUrl: event.runUrl ?? '',
      commit: event.commit ?? '',
      version: VERSION,
      ...(payload === undefined ? {} : { payload }),
    });
  };

  let warned = false;
  const failed = (error: unknown): Shown => {
    const isExpected = error instanceof GitHubError || error instanceof TimeoutError || error instanceof CancelledError;
    if (!isExpected) throw error;
    const message = `The comment on the pull request could not be written: ${error.message}`;
    if (inputs.comment === 'always') {
      const reason = error instanceof GitHubTokenError ? 'permission-denied' : 'api-error';
      return { url: '', failure: { reason, message, next: [] } };
    }
    if (!warned) log.warning(`${message}\nEverything is in the step summary.`, { title: 'comment' });
    warned = true;
    return { url: '' };
  };

  return {
    async show(content) {
      if (inputs.comment === 'never') return { url: '' };
      try {
        const connection = await (session.signal.aborted ? connect(AbortSignal.timeout(LAST_WORD_MS)) : connected());
        if (!connection) return inputs.comment === 'always' ? noPullRequest(event.problem) : { url: '' };
        const { comments, pull } = connection;
        if (speaker === 'plan' && pull.merged) {
          log.info('The pull request is merged: its plan comment stays as it was reviewed.');
          return { url: '' };
        }
        const { plan, failures } = content;
        const createIfMissing = plan !== undefined && (hasChanges(plan) || failures.length > 0);
        const url = await comments.upsert({ pull, label, createIfMissing, body: (found) => bodyOf(content, found) });
        return { url: url ?? '' };
      } catch (error) {
        return failed(error);
      }
    },
    async approval() {
      const connection = await connect(session.signal, ASSOCIATION_MS);
      if (!connection) return { status: 'no-pull-request' };
      return readApproval({ ...connection, parseMarker }, connection.pull, label);
    },
  };
}

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
