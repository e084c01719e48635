import { DIRECTIONS, type Direction } from '../config/desired.js';
import { bindingChanges, directionOf, isChange, type Plan } from '../plan/types.js';
import type { Difference } from './drift.js';
import { engineId, oneOf } from './engine-names.js';
import { gatewayLabel } from './words.js';

/** What it means that an engine is bound to no gateway, to none that is declared, or to another one. */
const MEANINGS: Readonly<Record<Direction, Readonly<Record<'unbound' | 'undeclared' | 'other', string>>>> = {
  egress: {
    unbound: 'Its traffic does not pass the gateway: nothing that it calls is checked there.',
    undeclared: 'What it calls passes that gateway, which lets through only what is granted there.',
    other: 'What it calls is decided by that gateway, with the registry and the policies behind it.',
  },
  ingress: {
    unbound: 'Calls to it do not pass the gateway: nobody is checked there.',
    undeclared: 'Calls to it pass that gateway.',
    other: 'Calls to it pass that gateway, with its policies.',
  },
};

/** @returns one difference per engine and direction that is not bound as declared */
export function bindingDifferences(plan: Plan): Difference[] {
  const label = (name: string | null): string => gatewayLabel(name, plan.scope.project);
  return bindingChanges(plan)
    .filter(isChange)
    .flatMap((change) =>
      DIRECTIONS.flatMap((direction) => {
        const { from, to } = directionOf(change, direction);
        if (from === to) return [];
        const who = agentLabel({ ...change, former: change.recreatedFrom });
        const meanings = MEANINGS[direction];
        if (from === null)
          return [different(`${who} is not bound to ${direction} gateway ${label(to)}`, meanings.unbound)];
        const bound = `${who} is bound to ${direction} gateway ${label(from)}`;
        if (to === null) return [different(`${bound}, and none is declared`, meanings.undeclared)];
        return [different(`${bound} instead of ${label(to)}`, meanings.other)];
      }),
    );
}

/** An engine as a change names it; `former` is what it can have been before it was deployed anew. */
export interface Named {
  readonly displayName?: string;
  readonly engine?: string;
  readonly former?: readonly string[] | undefined;
}

/** @returns `"display name" (ID)`, with `recreated, was …` where it was deployed anew, or what is known of it */
export function agentLabel({ displayName, engine, former }: Named): string {
  const id = engine?.slice(engine.lastIndexOf('/') + 1);
  const anew = former ? `, recreated, was ${oneOf(former.map(engineId))}` : '';
  return [displayName && JSON.stringify(displayName), id && (displayName ? `(${id}${anew})` : `${id}${anew}`)]
    .filter(Boolean)
    .join(' ');
}

function different(what: string, meaning: string): Difference {
  return { what, meaning, details: [] };
}
