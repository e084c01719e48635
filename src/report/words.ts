import type { EngineResult, RollbackOutcome } from '../apply/result.js';
import type { EngineReport } from './engines.js';
import type { Cut } from './fit.js';
import {
  bindingChanges,
  guardrailChanges,
  isChange,
  type Action,
  type GrantChange,
  type GuardrailChange,
  type GuardrailWrite,
  type Plan,
  type RemovalReason,
} from '../plan/types.js';
import { plural } from '../plural.js';

/** Marks of a change that can be told apart without colour. */
export const MARKS: Readonly<Record<Action, string>> = {
  create: '+',
  update: '~',
  remove: '-',
  keep: ' ',
  adopt: '=',
};

/** @returns e.g. `2 to register, 4 to grant, 2 to bind, 0 to remove`, or that there is nothing to do */
export function countsLine(plan: Pick<Plan, 'summary' | 'changes' | 'checks'>): string {
  const { register, grant, bind, remove } = plan.summary;
  const guardrails = writtenGuardrails(plan);
  if (register + grant + bind + remove + guardrails === 0) {
    // Nothing to do and something wrong: then nothing is known to be as declared.
    const isSound = plan.checks.every(({ level }) => level !== 'error');
    return isSound ? 'No changes: the world is as declared.' : 'No changes';
  }
  const more = guardrails > 0 ? `, ${plural(guardrails, 'guardrail')} to change` : '';
  return `${register} to register, ${grant} to grant, ${bind} to bind, ${remove} to remove${more}`;
}

/** @returns how many constraints and policies are written; one that is removed counts with all that is */
export function writtenGuardrails(plan: Pick<Plan, 'changes'>): number {
  return guardrailChanges(plan).filter((change) => isChange(change) && change.action !== 'remove').length;
}

const WHEN_WORDS: Readonly<Record<GuardrailWrite['when'], string>> = {
  'before-bindings': 'before the bindings',
  'after-bindings': 'after the bindings',
};

/**
 * When a guardrail is written and why; where no binding changes there is nothing to be before or after.
 *
 * @returns one line per write, its reasons as they are: escape them
 */
export function writeTexts({ writes }: GuardrailChange, plan: Pick<Plan, 'changes'>): string[] {
  const binds = bindingChanges(plan).some(isChange);
  return writes.map((write) => {
    const list = 'gateways' in write ? plural(write.gateways.length, 'gateway') : '';
    if (!binds) return [list, write.why].filter(Boolean).join(': ');
    return `${[WHEN_WORDS[write.when], list].filter(Boolean).join(': ')}, because ${write.why}`;
  });
}

/** @returns where a policy is set or a constraint belongs, e.g. `projects/acme-agents` */
export function nodeLabel(guardrail: string): string {
  return guardrail.replace(/\/(?:policies|customConstraints)\/[^/]+$/, '');
}

/** @returns the scope in words */
export function scopeLine({ scope }: Pick<Plan, 'scope'>): string {
  return `project ${scope.project} (${scope.projectNumber}), region ${scope.region}`;
}

/** @returns the gateway's short name and, where it is not the scope's own project's, that project */
export function gatewayLabel(name: string | null, project: string | undefined): string {
  return name === null ? 'not bound' : shortName(name, 'agentGateways', project);
}

/** @returns the service's short name and, where it is not the scope's own project's, that project */
export function serviceLabel(name: string, project: string | undefined): string {
  return shortName(name, 'services', project);
}

function shortName(name: string, collection: string, project: string | undefined): string {
  const [, owner, found, id] = /^projects\/([^/]+)\/locations\/[^/]+\/([^/]+)\/([^/]+)$/.exec(name) ?? [];
  if (owner === undefined || id === undefined || found !== collection) return name;
  return owner === project ? id : `${id} (project ${owner})`;
}

/** @param ms milliseconds @returns e.g. `8 s`, `2 min`, `2 min 31 s`, `1 h 2 min` */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (hours > 0) return `${hours} h${minutes > 0 ? ` ${minutes} min` : ''}`;
  return `${minutes} min${rest > 0 ? ` ${rest} s` : ''}`;
}

/** @returns why somebody is in a plan who is no engine of the config */
export function sourceOf({ action, model }: Pick<GrantChange, 'action' | 'model'>): string {
  if (action === 'remove') return 'declared no longer';
  return `carried over from the ${model === 'V2' ? 'allow policies (V1)' : 'registry-wide policy'}`;
}

/** Why a member is taken away, after its name. */
export const REMOVAL_REASONS: Readonly<Record<RemovalReason, string>> = {
  'engine-gone': 'is gone',
  'not-allowed': 'is not allowed this endpoint',
  'not-declared': 'is not declared any more',
  inert: 'is granted by a rule now',
};

/** Why a host is granted that nothing in the config asks for. */
export const UNASKED = 'not asked for, but granted with the service';

/** What each status of an engine means, in words. */
export const STATUS_WORDS: Readonly<Record<EngineResult['status'], string>> = {
  bound: 'as declared, nothing to do',
  changed: 'changed in this run',
  unbound: 'unbound, as declared',
  failed: 'FAILED',
  pending: 'to do',
};

/** What came of giving an engine its previous binding back, in words. */
export const ROLLBACK_WORDS: Readonly<Record<RollbackOutcome, string>> = {
  restored: 'rolled back',
  kept: 'still as before',
  failed: 'roll-back FAILED',
  'not-begun': 'not rolled back',
};

/** @returns how one engine stands, for the log */
export function engineLine({ displayName, id, status, rollback, governanceText }: EngineReport): string {
  const back = rollback === undefined ? '' : `, ${ROLLBACK_WORDS[rollback]}`;
  return `${JSON.stringify(displayName)} (${id}): ${STATUS_WORDS[status]}${back}; ${governanceText}`;
}

/** @returns e.g. `380 of 400 changed bindings, 2 of 12 hosts not shown` */
export function cutsText(cuts: readonly Cut[]): string {
  return `${cuts.map(({ what, left, all }) => (all === 1 ? what : `${left} of ${all} ${what}`)).join(', ')} not shown`;
}
