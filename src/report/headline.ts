import { removedGateways } from '../plan/guardrail-text.js';
import {
  bindingChanges,
  endpointChanges,
  grantChanges,
  guardrailChanges,
  isRemoval,
  type Finding,
  type Plan,
  type PolicyChange,
} from '../plan/types.js';
import { leaves } from '../plan/moves.js';
import { hasChanges } from '../plan/plan.js';
import { plural } from '../plural.js';
import type { CommentInput } from './comment.js';
import { describeBinding, type Kind } from './kinds.js';
import { escapeMarkdown } from './markdown.js';
import { countsLine, duration, scopeLine, writtenGuardrails } from './words.js';

type HeadlineInput = Pick<CommentInput, 'state' | 'plan' | 'engines' | 'failures' | 'elapsedMs'>;

/** @returns the one line that says how things stand: state, counts, scope; Markdown */
export function headline(input: HeadlineInput): string {
  const { plan } = input;
  const parts = plan
    ? [...losses(plan), escapeMarkdown(scopeLine(plan), 300), ...checkCounts(plan.checks), ...governed(input)]
    : [];
  return [`**${stateText(input)}**`, ...parts].join(' · ');
}

function stateText({ state, plan, failures, elapsedMs }: HeadlineInput): string {
  const counts = plan ? countsLine(plan) : '';
  const reason = escapeMarkdown(failures[0]?.reason ?? 'unknown reason');
  const time = (word: string): string => (elapsedMs === undefined ? '' : ` ${word} ${duration(elapsedMs)}`);
  switch (state) {
    case 'planned':
      if (!plan) return `No plan: ${reason}`;
      if (!hasChanges(plan)) return plan.checks.some(({ level }) => level === 'error') ? 'Plan: no changes' : counts;
      return `Plan: ${counts}`;
    case 'applying':
      return `Applying…${counts && ` ${counts}`}`;
    case 'applied':
      return plan && hasChanges(plan) ? `Applied${time('in')}: ${doneLine(plan)}` : counts || 'Applied';
    case 'failed':
      return `Failed${time('after')}: ${reason}${counts && `. Planned: ${counts}`}`;
  }
}

function doneLine(plan: Plan): string {
  const { register, grant, bind, remove } = plan.summary;
  const guardrails = writtenGuardrails(plan);
  const more = guardrails > 0 ? `, ${plural(guardrails, 'guardrail')} changed` : '';
  return `${register} registered, ${grant} granted, ${bind} bound, ${remove} removed${more}`;
}

/**
 * The counts say of an engine that loses its gateway only that its binding changes, and of a guardrail nothing at all.
 *
 * @returns one text, or none
 */
export function losses(plan: Plan): string[] {
  const bindings = bindingChanges(plan);
  const moves = bindings.filter((change) => leaves(change).length > 0);
  const kinds = bindings.filter((change) => !moves.includes(change)).map((change) => describeBinding(change).kind);
  const unbound = moves.filter((change) => describeBinding(change).kind === 'remove');
  const count = (kind: Kind): number => kinds.filter((found) => found === kind).length;
  const endpoints = endpointChanges(plan);
  const removed = endpoints.filter(isRemoval);
  const hosts = endpoints
    .filter((change) => !isRemoval(change))
    .flatMap(({ interfaces }) => interfaces.filter(({ action }) => action === 'remove'));
  // Nobody loses anything by the grant of an engine that is gone.
  const revoked = grantChanges(plan).filter(({ why }) => why === 'not-allowed' || why === 'not-declared');
  const guardrails = guardrailChanges(plan);
  const disapproved = guardrails.flatMap((change) => (change.kind === 'constraint' ? removedGateways(change) : []));
  const loosened = guardrails.filter((change) => change.kind === 'policy' && isLoosened(change));
  const parts = [
    [moves.length, moves.length === 1 ? 'move to another gateway' : 'moves to another gateway'],
    [count('remove') + unbound.length, 'unbind'],
    [count('replace'), 're-bind'],
    [removed.length, removed.length === 1 ? 'endpoint removed' : 'endpoints removed'],
    [revoked.length, revoked.length === 1 ? 'grant revoked' : 'grants revoked'],
    [hosts.length, hosts.length === 1 ? 'host taken out' : 'hosts taken out'],
    [disapproved.length, disapproved.length === 1 ? 'gateway no longer approved' : 'gateways no longer approved'],
    [loosened.length, loosened.length === 1 ? 'guardrail no longer enforced' : 'guardrails no longer enforced'],
  ] as const;
  const texts = parts.flatMap(([number, what]) => (number > 0 ? [`${number} ${what}`] : []));
  return texts.length > 0 ? [`**with ${texts.join(', ')}**`] : [];
}

function isLoosened({ from, to }: PolicyChange): boolean {
  return from === 'enforced' && to !== 'enforced';
}

function checkCounts(checks: readonly Finding[]): string[] {
  const count = (level: string): number => checks.filter((check) => check.level === level).length;
  const [errors, warnings] = [count('error'), count('warning')];
  return [
    ...(errors > 0 ? [`**${plural(errors, 'error')}**, nothing will be applied`] : []),
    ...(warnings > 0 ? [plural(warnings, 'warning')] : []),
  ];
}

/** A bound engine is not a governed one; a plan says that of each engine, since it is about to change. */
function governed({ state, plan, engines }: HeadlineInput): string[] {
  const isOver = state === 'applied' || state === 'failed' || (plan !== undefined && !hasChanges(plan));
  if (!isOver || engines.length === 0) return [];
  const count = engines.filter(({ governance }) => governance === 'governed').length;
  return [`${count} of ${plural(engines.length, 'engine')} governed`];
}
