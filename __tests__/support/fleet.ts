import type { ApplyResult } from '../../src/apply/result.js';
import type { Desired } from '../../src/config/desired.js';
import type { AgentGatewayConfig } from '../../src/google/types.js';
import { stage, type Stage } from './apply.js';
import { agent, desired, egressConfig, engineNamed, gateway } from './builders.js';
import type { UpdateEnd } from './google-engines.js';

/** How long an update of an engine takes. */
export const UPDATE_MS = 150_000;
export const OLD = egressConfig('old');
export const NEW = egressConfig('egress');
/** How an update ends that fails. */
export const failed: UpdateEnd = { code: 13, message: 'the container cannot start' };

export const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index + 1}`);

/** These engines to the new gateway. */
export const wantOf = (names: readonly string[], more: Partial<Desired> = {}): Desired =>
  desired({ gateways: { egress: gateway('egress') }, move: true, agents: names.map((id) => agent(id, [])), ...more });

/** So many engines on the old gateway, whose slot is free at once unless said otherwise. */
export function fleet(
  count: number,
  { releaseMs = 0, config = OLD }: { releaseMs?: number; config?: AgentGatewayConfig } = {},
): Stage {
  const on = stage({ updateMs: UPDATE_MS });
  on.google.engines.slotReleaseMs = releaseMs;
  for (const id of ids(count)) on.google.engines.add(id, { config });
  return on;
}

export interface Write {
  readonly id: string;
  readonly config: unknown;
  /** Milliseconds since the first write. */
  readonly at: number;
}

/** Updates of engines that were sent, in their order. */
export const writes = (on: Stage): Write[] => {
  const calls = on.google.calls.filter(({ method }) => method === 'aiplatform.patchGatewayConfig');
  return calls.map(({ resource, body, at }) => ({
    id: resource.slice(resource.lastIndexOf('/') + 1),
    config: body,
    at: at - (calls[0]?.at ?? 0),
  }));
};
/** All that the log has. */
export const told = (on: Stage): string => on.log.lines().join('\n');
export const configs = (on: Stage, count: number): AgentGatewayConfig[] =>
  ids(count).map((id) => on.google.engines.configOf(id));
export const statuses = (result: ApplyResult): string[] => [...result.engines.values()].map(({ status }) => status);
export const rollbacks = (result: ApplyResult): unknown[] =>
  [...result.engines.values()].map(({ rollback }) => rollback);
/** How the next updates of an engine end. */
export const ends = (on: Stage, id: string, ...all: UpdateEnd[]): void =>
  void on.google.engines.ends.set(engineNamed(id), all);
