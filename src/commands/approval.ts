import { explain } from '../explain.js';
import type { Failure } from '../failure.js';
import type { Approval } from '../github/approval.js';
import { GitHubError } from '../github/errors.js';
import { GoogleError } from '../google/errors.js';
import { planDifference } from '../plan/difference.js';
import type { Plan } from '../plan/types.js';
import { payloadOf } from '../report/comment.js';
import type { PlanComment } from './plan-comment.js';
import { decodePlan } from './plan-payload.js';

/**
 * Whether the plan comment of the pull request shows the live plan. It only ever makes apply refuse: what is done is what
 * the live plan says, never what a comment says.
 *
 * @returns why the plan is not approved, or undefined when it is
 */
export async function notApproved(live: Plan, comment: PlanComment): Promise<Failure | undefined> {
  try {
    return judge(live, await comment.approval());
  } catch (error) {
    if (error instanceof GoogleError) return explain(error, 'Reading the plan comment', 'not-approved');
    if (!(error instanceof GitHubError)) throw error;
    return refuse('not-approved', `The plan comment cannot be read, so nothing is approved: ${error.message}`);
  }
}

function judge(live: Plan, approval: Awaited<ReturnType<PlanComment['approval']>>): Failure | undefined {
  switch (approval.status) {
    case 'no-pull-request':
      return refuse('not-approved', 'This run belongs to no pull request, so no plan comment approves it.');
    case 'none':
      return refuse('not-approved', 'The pull request has no plan comment with this label.');
    case 'edited-by-other':
      return refuse(
        'not-approved',
        `The plan comment ${approval.url} was edited by ${approval.editor || 'somebody else'}, so it does not count.`,
      );
    case 'found':
      return judgeDigest(live, approval);
  }
}

function judgeDigest(live: Plan, approval: Extract<Approval, { status: 'found' }>): Failure | undefined {
  if (approval.digest === live.digest) return undefined;
  if (approval.digest === '') {
    return refuse('not-approved', `The comment ${approval.url} shows no plan that could be approved.`);
  }
  return refuse('plan-changed', ...difference(live, approval));
}

/** The plan in the comment is believed only where it is the one that the comment names. */
function difference(live: Plan, { digest, body, url }: Extract<Approval, { status: 'found' }>): string[] {
  const reviewed = decodePlan(payloadOf(body) ?? '');
  if (reviewed?.digest !== digest) {
    return [`The live plan has the digest ${live.digest}, the one in the comment ${url} has ${digest}.`];
  }
  return [`The live plan is not the one in the comment ${url}:`, ...planDifference(reviewed, live)];
}

function refuse(reason: 'not-approved' | 'plan-changed', ...lines: string[]): Failure {
  const next = [
    'Run the plan step on the pull request again (comment: auto), have its comment reviewed, then apply.',
    ...(reason === 'not-approved' ? ['Both steps need the same config, scope and comment_label.'] : []),
  ];
  return { reason, message: [...lines, 'Nothing was written.'].join('\n'), next };
}
