import { afterEach } from '@jest/globals';
import { createComments, type Comments, type Marker } from '../../../src/github/comments.js';
import type { PullRequest } from '../../../src/github/event.js';
import { createGitHub, type GitHub, type GitHubOptions } from '../../../src/github/octokit.js';
import type { Fetch } from '../../../src/google/transport.js';
import { OWNER, REPO, startGitHub, TOKENS, type FakeGitHub } from '../../contract/support/github.js';
import { recordingLog, type RecordingLog } from '../../support/log.js';
import { fakeClock, type FakeClock } from '../google/fakes.js';

export const PULL: PullRequest = { owner: OWNER, repo: REPO, number: 7, merged: false, underReview: true };

/** Node's own fetch in the program's form. */
export const plainFetch: Fetch = (url, init) => fetch(url, { ...init, redirect: 'manual' });

/** A comment as this program writes it, reduced to its marker. */
export const planBody = (label: string, digest = 'sha256:1', text = 'The plan'): string =>
  `<!-- test-plan ${JSON.stringify({ label, digest })} -->\n${text}`;

export function parseMarker(body: string): Marker | undefined {
  const [, json] = /^<!-- test-plan (\{.*\}) -->$/.exec(body.split('\n', 1)[0]?.trimEnd() ?? '') ?? [];
  return json === undefined ? undefined : (JSON.parse(json) as Marker);
}

export interface Desk {
  readonly server: FakeGitHub;
  readonly github: GitHub;
  readonly comments: Comments;
  readonly log: RecordingLog;
  readonly clock: FakeClock;
  /** Methods and paths so far, those of reading left out on demand. */
  readonly sent: (method?: string) => string[];
}

/** Call once per test file. @returns how to start a server and a client for one test; they are gone after it */
export function useDesk(): (options?: Partial<GitHubOptions> & { enterprise?: boolean }) => Promise<Desk> {
  const servers: FakeGitHub[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });
  return async ({ enterprise = false, ...options } = {}) => {
    const server = await startGitHub({ enterprise });
    servers.push(server);
    const log = recordingLog();
    const clock = fakeClock();
    const github = await createGitHub({
      token: TOKENS.JOB,
      env: server.env,
      fetch: plainFetch,
      clock,
      signal: new AbortController().signal,
      log,
      random: () => 1,
      patienceMs: 120_000,
      use: { needs: 'pull-requests: write' },
      ...options,
    });
    const sent = (method?: string): string[] =>
      server.requests
        .filter((request) => method === undefined || request.method === method)
        .map((request) => `${request.method} ${request.path}`);
    return { server, github, comments: createComments(github, parseMarker), log, clock, sent };
  };
}

/** Other people's comments on the pull request. */
export function chat(server: FakeGitHub, count: number): void {
  for (let n = 0; n < count; n += 1) server.add({ pull: 7, author: `reviewer-${n % 5}`, body: `comment ${n}` });
}
