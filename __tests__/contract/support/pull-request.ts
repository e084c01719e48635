import { afterAll } from '@jest/globals';
import {
  BOT,
  startGitHub,
  TOKENS,
  writeEvent,
  type EventOptions,
  type FakeComment,
  type FakeGitHub,
} from './github.js';
import { newFolder, type Job, type StepResult } from './runner.js';
import { CONFIG, useStages, world, type Stage, type StageOptions } from './stage.js';

/** A pull request of a repository, its config, and the emulated Google Cloud that the config is about. */
export interface Review {
  readonly stage: Stage;
  readonly github: FakeGitHub;
  /** Runs an action in a job that this event started, with the job's own token. */
  readonly run: (folder: string, event?: string, more?: RunOptions) => Promise<StepResult>;
  /** Comments of the job's own user on pull request 7. */
  readonly comments: () => readonly FakeComment[];
  /** The only one of them. */
  readonly body: () => string;
}

export interface RunOptions {
  readonly inputs?: Readonly<Record<string, string>>;
  readonly event?: EventOptions;
  readonly token?: string;
  readonly job?: Job;
}

/** Call once per test file. @returns how to open a review; its servers are gone when the file's tests are over */
export function useReviews(): (options?: Partial<StageOptions>) => Promise<Review> {
  const set = useStages();
  const servers: FakeGitHub[] = [];
  afterAll(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });
  return async (options = {}) => {
    const stage = await set({ world: world(), config: CONFIG, ...options });
    const github = await startGitHub();
    servers.push(github);
    const comments = (): readonly FakeComment[] =>
      github.comments.filter(({ author, pull }) => author === BOT && pull === 7);
    return {
      stage,
      github,
      comments,
      body: () => {
        const [only, ...others] = comments();
        if (!only || others.length > 0) throw new Error(`${comments().length} comments`);
        return only.body;
      },
      run: (folder, name = 'pull_request', { inputs = {}, event = {}, token = TOKENS.JOB, job = {} } = {}) =>
        stage.run(
          folder,
          { github_token: token, ...inputs },
          { ...job, env: { ...github.env, ...writeEvent(newFolder('event'), name, event), ...job.env } },
        ),
    };
  };
}

/** The comment that a run left, for pull requests of other reviews to begin with. */
export interface Shown {
  /** The server it was on: links in it lead there. */
  readonly server: string;
  readonly body: string;
}

export const shownBy = ({ github, body }: Review): Shown => ({ server: github.url, body: body() });

/** Puts it on pull request 7 as the job's own user, as the run would have done there. */
export const show = ({ github }: Review, { server, body }: Shown): FakeComment =>
  github.add({ pull: 7, author: BOT, body: body.replaceAll(server, github.url) });
