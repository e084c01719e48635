import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Session } from '../../src/commands/session.js';
import { NO_INPUTS, type RawInputs } from '../../src/config/raw-inputs.js';
import type { ApplyInputs, PlanInputs, Read, VerifyInputs } from '../../src/inputs.js';
import type { Problem } from '../../src/config/problems.js';
import { stage, type Stage } from './apply.js';
import { fetchOf } from './fetch.js';

export interface Command {
  readonly on: Stage;
  readonly folder: string;
  readonly session: Session;
  readonly masked: string[];
  /** Writes `agent-gateway.yaml`. */
  readonly config: (text: string) => void;
  readonly cleanUp: () => void;
}

/** A workspace, a fake Google Cloud behind it, and the session of one run. */
export function command(): Command {
  const on = stage();
  const folder = mkdtempSync(path.join(tmpdir(), 'bind-agent-gateway-test-'));
  const masked: string[] = [];
  return {
    on,
    folder,
    masked,
    session: {
      env: { RUNNER_TEMP: folder, GITHUB_WORKSPACE: folder },
      fetch: fetchOf(on.google),
      clock: on.clock,
      log: on.log,
      signal: on.deps.signal,
      deadline: on.clock.now() + 1_800_000,
      mask: (secret) => void masked.push(secret),
      newRequestId: () => on.deps.newRequestId(),
      random: () => on.deps.random(),
    },
    config: (text) => writeFileSync(path.join(folder, 'agent-gateway.yaml'), text),
    cleanUp: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A config with one of everything, for the engine with ID 1. */
export const CONFIG = `version: 1
project: acme-agents
region: us-central1
gateways:
  egress: egress
endpoints:
  stripe:
    urls: [https://api.stripe.com]
agents:
  - engine: "1"
    allow: [stripe]
`;

type AllInputs = PlanInputs & ApplyInputs & VerifyInputs;

/** Inputs as a step without any would have them. */
export function inputs(
  more: Partial<Omit<AllInputs, 'desired'>> & { desired?: Partial<RawInputs> } = {},
  problems: readonly Problem[] = [],
): Read<AllInputs> {
  return {
    problems,
    inputs: {
      apiVersion: 'v1beta1',
      accessToken: 'ya29.token',
      universe: 'googleapis.com',
      requestReason: '',
      githubToken: '',
      prune: false,
      comment: 'auto',
      commentLabel: '',
      approval: 'none',
      failOnChanges: false,
      issue: false,
      planFile: '',
      planDigest: '',
      propagationWaitMs: 0,
      rollback: false,
      engineWritesPerMinute: 10,
      timeoutMs: 1_800_000,
      ...more,
      desired: { ...NO_INPUTS, ...more.desired },
    },
  };
}
