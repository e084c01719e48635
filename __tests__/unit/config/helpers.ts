import type { KnownCheck } from '../../../src/config/desired.js';
import { buildDesired } from '../../../src/config/build.js';
import type { Desired } from '../../../src/config/desired.js';
import { formatProblem } from '../../../src/config/problems.js';
import { NO_INPUTS, type RawInputs } from '../../../src/config/raw-inputs.js';

export const KNOWN_CHECKS: readonly KnownCheck[] = ['gateway-dry-run', 'gateway-fail-open', 'quota-near'].map((id) => ({
  id,
  level: 'warning',
  fixed: false,
}));

/** A file with the given lines after the parts every file needs. */
export const FILE_HEAD = 'version: 1\nproject: acme-agents\nregion: us-central1\n';

export interface Built {
  readonly desired: Desired | undefined;
  /** Formatted, one line each. */
  readonly problems: readonly string[];
}

export function build(
  text: string | undefined,
  inputs: Partial<RawInputs> = {},
  more: { project?: string; universe?: string } = {},
): Built {
  const { desired, problems } = buildDesired({
    ...(text === undefined ? {} : { file: { path: 'agent-gateway.yaml', text } }),
    inputs: { ...NO_INPUTS, ...inputs },
    defaults: more.project === undefined ? {} : { project: more.project },
    universe: more.universe ?? 'googleapis.com',
    checks: KNOWN_CHECKS,
  });
  return { desired, problems: problems.map(formatProblem) };
}

/** The desired state, or an error that names the problems. */
export function desiredOf(text: string | undefined, inputs: Partial<RawInputs> = {}): Desired {
  const { desired, problems } = build(text, inputs);
  if (desired === undefined) throw new Error(problems.join('\n'));
  return desired;
}
