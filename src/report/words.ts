import type { EngineResult } from '../apply/result.js';
import type { EngineReport } from './engines.js';
import type { Action, Plan, Summary } from '../plan/types.js';

/** Marks of a change that can be told apart without colour. */
export const MARKS: Readonly<Record<Action, string>> = {
  create: '+',
  update: '~',
  remove: '-',
  keep: ' ',
  adopt: '=',
};

/** @returns e.g. `2 to register, 4 to grant, 2 to bind, 0 to remove`, or that there is nothing to do */
export function countsLine({ register, grant, bind, remove }: Summary): string {
  if (register + grant + bind + remove === 0) return 'No changes: the world is as declared.';
  return `${register} to register, ${grant} to grant, ${bind} to bind, ${remove} to remove`;
}

/** @returns the scope in words */
export function scopeLine({ scope }: Pick<Plan, 'scope'>): string {
  return `project ${scope.project} (${scope.projectNumber}), region ${scope.region}`;
}

/** @returns the gateway's short name and, where it is not the scope's own project's, that project */
export function gatewayLabel(name: string | null, project: string | undefined): string {
  if (name === null) return 'not bound';
  const [, owner, id] = /^projects\/([^/]+)\/locations\/[^/]+\/agentGateways\/([^/]+)$/.exec(name) ?? [];
  if (owner === undefined || id === undefined) return name;
  return owner === project ? id : `${id} (project ${owner})`;
}

/** Why a host is granted that nothing in the config asks for. */
export const UNASKED = 'not asked for, but granted with the service';

/** What each status of an engine means, in words. */
export const STATUS_WORDS: Readonly<Record<EngineResult['status'], string>> = {
  bound: 'as declared, nothing to do',
  changed: 'changed in this run',
  unbound: 'unbound, as declared',
  failed: 'FAILED',
  pending: 'not done',
};

/** @returns how one engine stands, for the log */
export function engineLine({ displayName, id, status, governanceText }: EngineReport): string {
  return `${JSON.stringify(displayName)} (${id}): ${STATUS_WORDS[status]}; ${governanceText}`;
}
