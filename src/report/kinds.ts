import { DIRECTIONS } from '../config/desired.js';
import { addedGateways, removedGateways } from '../plan/guardrail-text.js';
import { leaves } from '../plan/moves.js';
import {
  directionOf,
  isChange,
  type BindingChange,
  type EndpointChange,
  type GrantChange,
  type GuardrailChange,
} from '../plan/types.js';

/** What a change does to what is there, in the words of a reviewer. The order is that of danger, worst first. */
export const KINDS = ['remove', 'replace', 'update', 'add', 'adopt', 'keep'] as const;
export type Kind = (typeof KINDS)[number];

/** Told apart without colour. The minus is a real one: a hyphen would be a list mark to Mermaid. */
export const KIND_MARKS: Readonly<Record<Kind, string>> = {
  remove: '−',
  replace: '~',
  update: '~',
  add: '+',
  adopt: '=',
  keep: '',
};

/** @returns negative when the first kind is to be shown before the second */
export function byDanger(a: Kind, b: Kind): number {
  return KINDS.indexOf(a) - KINDS.indexOf(b);
}

export interface Described {
  readonly kind: Kind;
  /** One or two words. */
  readonly words: string;
}

/** A direction that loses its gateway counts as a removal, one that gets another as a replacement. */
export function describeBinding(change: BindingChange): Described {
  if (!isChange(change)) return { kind: 'keep', words: '' };
  const lost = DIRECTIONS.filter((direction) => {
    const { from, to } = directionOf(change, direction);
    return from !== null && to === null;
  });
  const replaced = DIRECTIONS.some((direction) => {
    const { from, to } = directionOf(change, direction);
    return from !== null && to !== null && from !== to;
  });
  if (change.action === 'remove') return { kind: 'remove', words: 'unbind' };
  if (lost.length > 0) return { kind: 'remove', words: `unbind ${lost.join(', ')}` };
  if (replaced) return { kind: 'replace', words: leaves(change).length > 0 ? 'move' : 're-bind' };
  if (change.action === 'create') return { kind: 'add', words: 'bind' };
  const added = DIRECTIONS.filter(
    (direction) => directionOf(change, direction).from !== directionOf(change, direction).to,
  );
  return { kind: 'update', words: `add ${added.join(', ')}` };
}

/** Hosts that go make an update a removal; so does the service itself. */
export function describeEndpoint({ action, interfaces }: EndpointChange): Described {
  if (action === 'create') return { kind: 'add', words: 'register' };
  if (action === 'adopt') return { kind: 'adopt', words: 'adopt' };
  if (action === 'keep') return { kind: 'keep', words: '' };
  if (action === 'remove') return { kind: 'remove', words: 'remove' };
  const removes = interfaces.some((item) => item.action === 'remove');
  return removes ? { kind: 'remove', words: 'take hosts out' } : { kind: 'update', words: 'update' };
}

export function describeGrant(change: GrantChange): Described {
  if (!isChange(change)) return { kind: 'keep', words: '' };
  const isRule = change.model === 'V2';
  if (change.action === 'remove') {
    const words = isRule ? 'take out of rule' : 'revoke';
    return { kind: 'remove', words: change.why === 'engine-gone' || change.why === 'inert' ? 'clean up' : words };
  }
  if (change.replaces) return { kind: 'add', words: 'grant again' };
  if (change.engine === undefined) return { kind: 'add', words: 'carry over' };
  return { kind: 'add', words: isRule ? 'grant by rule' : 'grant' };
}

/** A guardrail that refuses less than before counts as a removal; so does a gateway that may no longer be used. */
export function describeGuardrail(change: GuardrailChange): Described {
  if (!isChange(change)) return { kind: 'keep', words: '' };
  if (change.kind === 'policy') {
    if (change.action === 'remove') return { kind: 'remove', words: 'remove' };
    const words = change.to === 'enforced' ? 'enforce' : 'dry run';
    if (change.from === 'enforced') return { kind: 'remove', words };
    return { kind: change.action === 'create' ? 'add' : 'replace', words };
  }
  if (change.action === 'create') return { kind: 'add', words: 'approve' };
  if (change.fromRule !== undefined) return { kind: 'replace', words: 'replace' };
  if (removedGateways(change).length > 0) return { kind: 'remove', words: 'disapprove' };
  return { kind: 'update', words: addedGateways(change).length > 0 ? 'approve' : 'describe' };
}

/** The same for one host of a service. */
export const HOST_KINDS: Readonly<Record<EndpointChange['interfaces'][number]['action'], Kind>> = {
  remove: 'remove',
  change: 'update',
  add: 'add',
  keep: 'keep',
};
