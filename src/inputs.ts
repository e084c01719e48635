import * as core from '@actions/core';
import { ENGINE_WRITES_PER_MINUTE } from './limiter.js';
import { inputOrigin, problem, type Problem } from './config/problems.js';
import type { RawInputs } from './config/raw-inputs.js';
import type { AiplatformVersion } from './google/aiplatform.js';

/** What every step of this action may be told. */
export interface CommonInputs {
  /** The inputs that say something about the desired state. */
  readonly desired: RawInputs;
  readonly apiVersion: AiplatformVersion;
  readonly accessToken: string;
  readonly universe: string;
  readonly requestReason: string;
  readonly githubToken: string;
  /** Take away what this config made and no longer declares. */
  readonly prune: boolean;
}

/** What the steps are told that speak to a pull request. */
export interface CommentInputs {
  /** `auto`: where possible; `always`: fail where it is not. */
  readonly comment: 'auto' | 'always' | 'never';
  /** Empty: made of config path, project and region. */
  readonly commentLabel: string;
}

export interface PlanInputs extends CommonInputs, CommentInputs {
  readonly failOnChanges: boolean;
}

export interface ApplyInputs extends CommonInputs, CommentInputs {
  readonly planFile: string;
  readonly planDigest: string;
  /** `comment`: only what the pull request's plan comment shows is applied. */
  readonly approval: 'none' | 'comment';
  readonly propagationWaitMs: number;
  /** Give an engine whose new binding failed its previous one back. */
  readonly rollback: boolean;
  /** `BIND_AGENT_GATEWAY_ENGINE_WRITES_PER_MINUTE`, for projects whose quota was raised. */
  readonly engineWritesPerMinute: number;
  readonly timeoutMs: number;
}

export interface VerifyInputs extends CommonInputs {
  /** Keep one GitHub issue while something is not as declared. */
  readonly issue: boolean;
  readonly timeoutMs: number;
}

/** Inputs as far as they could be read, and everything that is wrong with them. */
export interface Read<T> {
  readonly inputs: T;
  readonly problems: readonly Problem[];
}

/** Minutes; the runner's own limit for a job is 360, and nobody waits longer than a day. */
const MAX_TIMEOUT_MINUTES = 1440;
const MAX_PROPAGATION_SECONDS = 3600;
const ENGINE_WRITES = 'BIND_AGENT_GATEWAY_ENGINE_WRITES_PER_MINUTE';

export function readPlanInputs(): Read<PlanInputs> {
  const reader = createReader();
  const common = readCommon(reader);
  const comment = readComment(reader);
  const failOnChanges = reader.flag('fail_on_changes', false);
  return { inputs: { ...common, ...comment, failOnChanges }, problems: reader.problems };
}

export function readApplyInputs(): Read<ApplyInputs> {
  const reader = createReader();
  const common = readCommon(reader);
  const inputs: ApplyInputs = {
    ...common,
    ...readComment(reader),
    approval: reader.choice('approval', ['none', 'comment']),
    planFile: reader.text('plan_file'),
    planDigest: reader.matching(
      'plan_digest',
      /^sha256:[0-9a-f]{64}$/,
      'sha256: and 64 hexadecimal digits, the plan_digest output of a plan',
    ),
    propagationWaitMs: reader.number('propagation_wait', 120, 0, MAX_PROPAGATION_SECONDS, 'seconds') * 1000,
    rollback: reader.flag('rollback', false),
    engineWritesPerMinute: readEngineWrites(reader),
    timeoutMs: readTimeout(reader),
  };
  return { inputs, problems: reader.problems };
}

export function readVerifyInputs(): Read<VerifyInputs> {
  const reader = createReader();
  const common = readCommon(reader);
  const issue = reader.flag('issue', false);
  return { inputs: { ...common, issue, timeoutMs: readTimeout(reader) }, problems: reader.problems };
}

function readCommon(reader: Reader): CommonInputs {
  const accessToken = reader.text('access_token');
  const githubToken = reader.text('github_token');
  // Before anything else is said: from here on the runner masks them in logs and summaries.
  for (const secret of [accessToken, githubToken]) if (secret !== '') core.setSecret(secret);
  return {
    desired: {
      config: reader.text('config'),
      project_id: reader.text('project_id'),
      region: reader.text('region'),
      engines: reader.text('engines'),
      egress_gateway: reader.text('egress_gateway'),
      ingress_gateway: reader.text('ingress_gateway'),
      allow: reader.text('allow'),
    },
    apiVersion: reader.choice('api_version', ['v1beta1', 'v1']),
    accessToken: reader.token(
      'access_token',
      accessToken,
      'Pass the access_token output of google-github-actions/auth.',
    ),
    universe:
      reader.matching('universe', /^[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'a domain such as googleapis.com') || 'googleapis.com',
    requestReason: reader.matching('request_reason', /^[^\p{Cc}]{1,500}$/u, 'one line of at most 500 characters'),
    githubToken: reader.token('github_token', githubToken, 'Leave it out, or pass the token as it is.'),
    prune: reader.flag('prune', false),
  };
}

/** A property of the project and not of a run, so it is no input but a variable of the workflow. */
function readEngineWrites({ problems }: Reader): number {
  const text = process.env[ENGINE_WRITES] ?? '';
  if (text === '') return ENGINE_WRITES_PER_MINUTE;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  const message = `${JSON.stringify(text.slice(0, 80))} is not a number of engine writes a minute.`;
  problems.push(
    problem(inputOrigin(ENGINE_WRITES), message, 'Write the quota of the project, or remove the variable.'),
  );
  return ENGINE_WRITES_PER_MINUTE;
}

function readTimeout(reader: Reader): number {
  return reader.number('timeout', 30, 0.01, MAX_TIMEOUT_MINUTES, 'minutes') * 60_000;
}

function readComment(reader: Reader): CommentInputs {
  return {
    comment: reader.choice('comment', ['auto', 'always', 'never']),
    commentLabel: reader.matching('comment_label', /^[^\p{Cc}]{1,200}$/u, 'one line of at most 200 characters'),
  };
}

interface Reader {
  readonly problems: Problem[];
  text(name: string): string;
  flag(name: string, otherwise: boolean): boolean;
  choice<T extends string>(name: string, choices: readonly [T, ...T[]]): T;
  number(name: string, otherwise: number, min: number, max: number, unit: string): number;
  /** The empty string when not given or wrong. */
  matching(name: string, pattern: RegExp, what: string): string;
  /** A header refuses such a token too, with a message that quotes it in another form than the runner masks. */
  token(name: string, value: string, fix: string): string;
}

function createReader(): Reader {
  const problems: Problem[] = [];
  const text = (name: string): string => core.getInput(name);
  const wrong = (name: string, message: string, fix: string): void =>
    void problems.push(problem(inputOrigin(name), message, fix));
  const shown = (name: string): string => JSON.stringify(text(name).slice(0, 80));
  const flag = (name: string, otherwise: boolean): boolean => {
    const value = text(name).toLowerCase();
    if (value === '') return otherwise;
    if (value !== 'true' && value !== 'false') wrong(name, `${shown(name)} is not a boolean.`, 'Write true or false.');
    return value === 'true';
  };
  return {
    problems,
    text,
    flag,
    choice(name, choices) {
      const value = text(name);
      const found = choices.find((choice) => choice === value);
      if (value !== '' && !found) wrong(name, `${shown(name)} is not known.`, `Write one of: ${choices.join(', ')}.`);
      return found ?? choices[0];
    },
    number(name, otherwise, min, max, unit) {
      if (text(name) === '') return otherwise;
      const value = Number(text(name));
      if (/^\d+(\.\d+)?$/.test(text(name)) && value >= min && value <= max) return value;
      wrong(name, `${shown(name)} is not a number of ${unit} from ${min} to ${max}.`, `Write e.g. ${otherwise}.`);
      return otherwise;
    },
    matching(name, pattern, what) {
      if (text(name) === '' || pattern.test(text(name))) return text(name);
      wrong(name, `${shown(name)} is not ${what}.`, 'Correct it or leave it out.');
      return '';
    },
    token(name, value, fix) {
      if (/^[\x21-\x7e]*$/.test(value)) return value;
      // Not even a part of it is shown: it may be a token with a stray character.
      wrong(name, 'The token holds a blank or a character that no token has.', fix);
      return '';
    },
  };
}
