import { canonical, compareText } from './canonical.js';
import { guardrailText } from './guardrail-text.js';
import type { BindingChange, Change, Plan } from './types.js';

/**
 * How the live plan differs from a reviewed one, for people.
 *
 * @returns one line per change that stands in only one of them, `reviewed:` or `now:` in front; sorted
 */
export function planDifference(
  reviewed: Pick<Plan, 'scope' | 'changes'>,
  live: Pick<Plan, 'scope' | 'changes'>,
): string[] {
  const index = (changes: readonly Change[]): Map<string, Change> =>
    new Map(changes.map((change) => [JSON.stringify(canonical(change)), change]));
  const [before, now] = [index(reviewed.changes), index(live.changes)];
  const lines = [
    ...onlyIn(before, now).map((change) => `reviewed: ${describe(change)}`),
    ...onlyIn(now, before).map((change) => `now:      ${describe(change)}`),
  ];
  const scopes = [reviewed.scope, live.scope].map((scope) => JSON.stringify(canonical(scope)));
  const scope = scopes[0] === scopes[1] ? [] : [`reviewed: scope ${scopes[0]}`, `now:      scope ${scopes[1]}`];
  return [...scope, ...lines.sort((a, b) => compareText(a.slice(10), b.slice(10)))];
}

function onlyIn(these: ReadonlyMap<string, Change>, others: ReadonlyMap<string, Change>): Change[] {
  return [...these].filter(([key]) => !others.has(key)).map(([, change]) => change);
}

function describe(change: Change): string {
  switch (change.layer) {
    case 'endpoint': {
      const urls = change.interfaces
        .filter(({ action }) => action !== 'keep')
        .map(({ action, url }) => `${action} ${url}`);
      return `endpoint ${change.key}: ${change.action} ${change.service}${urls.length > 0 ? ` (${urls.join(', ')})` : ''}`;
    }
    case 'grant':
      return `grant ${change.key}${change.model ? ` (${change.model})` : ''}: ${change.action} ${change.member}${formerText(change.replaces)}`;
    case 'binding':
      return `binding ${JSON.stringify(change.displayName)} (${change.engine}): ${change.action}, egress ${change.egress.from} -> ${change.egress.to}, ingress ${change.ingress.from} -> ${change.ingress.to}${movesText(change)}${formerText(change.recreatedFrom)}`;
    case 'guardrail':
      return `guardrail ${change.direction} ${change.kind} (${change.name}): ${change.action}, ${guardrailText(change)}`;
  }
}

function movesText({ moves = [] }: BindingChange): string {
  return moves.length > 0 ? `, as a move (${moves.join(', ')})` : '';
}

function formerText(former: readonly string[] | undefined): string {
  return former ? `, recreated, was ${former.join(' or ')}` : '';
}
