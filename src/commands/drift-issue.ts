import type { Desired } from '../config/desired.js';
import type { Failure } from '../failure.js';
import { GitHubApiError, GitHubSetupError, isPassing } from '../github/errors.js';
import { readEvent, type RunEvent } from '../github/event.js';
import { createIssues, type Issues, type KeptIssue } from '../github/issues.js';
import { createGitHub } from '../github/octokit.js';
import { TimeoutError } from '../google/errors.js';
import { renderClosing, renderIssue, type IssueInput } from '../report/issue.js';
import { parseMarker, storedLabel } from '../report/marker.js';
import { VERSION } from '../version.js';
import { gitHubReason } from './github-failure.js';
import { issueLabel } from './label.js';
import type { Session } from './session.js';

/** How long GitHub may keep a run in all, requests and waits together, in milliseconds. */
const BUDGET_MS = 60_000;
const PLACE = { title: 'issue' };
const NOT_IN_FORCE =
  'This run belongs to a pull request, whose config is not in force yet: the drift issue stays as it is.';

/** What a verification found; label, run, commit and version are known here. */
export interface Found extends Pick<IssueInput, 'plan' | 'drift' | 'engines'> {
  /** How things stand, in one line. */
  readonly verdict: string;
  /** There is drift, or a check says no: the issue is to be open. */
  readonly isBad: boolean;
}

/**
 * Keeps the drift issue of this config and scope: open and up to date while something is wrong, closed when nothing is. Never
 * throws. What passes by itself (GitHub is down, or limits requests) is a warning, since the next run makes up for it; what does
 * not (a token without the permission, a repository without issues) is a failure, since nobody would ever see an issue.
 *
 * @returns why there is no issue, or undefined
 */
export async function keepDriftIssue(
  found: Found,
  githubToken: string,
  desired: Desired,
  session: Session,
): Promise<Failure | undefined> {
  const { log, env } = session;
  const event = readEvent(env);
  if (event.pull) {
    log.warning(NOT_IN_FORCE, PLACE);
    return undefined;
  }
  try {
    const kept = await tell(found, githubToken, desired, event, session);
    for (const { what, url } of kept) log.info(`Drift issue ${what}: ${url}`);
    return undefined;
  } catch (error) {
    const message = `The drift issue could not be brought up to date: ${error instanceof Error ? error.message : 'unknown'}`;
    if (isPassing(error) || (error instanceof TimeoutError && !session.signal.aborted)) {
      log.warning(`${message}\nThe next run tries again.`, PLACE);
      return undefined;
    }
    return { reason: gitHubReason(error), message, next: adviceOn(error) };
  }
}

async function tell(
  found: Found,
  token: string,
  desired: Desired,
  event: RunEvent,
  session: Session,
): Promise<readonly KeptIssue[]> {
  const label = storedLabel(issueLabel(desired));
  const runUrl = event.runUrl ?? '';
  const issues = await connect(token, event, session);
  if (!found.isBad) return issues.close(label, renderClosing(found.verdict, runUrl));
  const issue = renderIssue({ ...found, label, runUrl, commit: event.commit ?? '', version: VERSION });
  return [await issues.keepOpen(label, issue)];
}

async function connect(token: string, { repository, readOnly }: RunEvent, session: Session): Promise<Issues> {
  if (!repository) throw new GitHubSetupError('GITHUB_REPOSITORY does not say which repository the issue belongs to.');
  const signal = AbortSignal.any([session.signal, AbortSignal.timeout(BUDGET_MS)]);
  const use = { needs: 'issues: write', readOnly } as const;
  const github = await createGitHub({ ...session, signal, token, patienceMs: BUDGET_MS, use });
  return createIssues(github, repository, (body) => {
    const marker = parseMarker(body);
    return marker?.state === 'drift' ? marker : undefined;
  });
}

/** 410 is GitHub's answer where issues are turned off. */
function adviceOn(error: unknown): string[] {
  const isOff = error instanceof GitHubApiError && error.status === 410;
  return isOff ? ['Turn on issues in the settings of the repository, or leave out the input issue.'] : [];
}
