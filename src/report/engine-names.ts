import { engineOfMember, parseEngineName } from '../google/names.js';
import { bindingChanges, type EndpointChange, type Plan } from '../plan/types.js';

/** Names that are listed before the rest is only counted. */
const SHOWN = 3;

/** @returns the ID of an engine, from its name or from the IAM member that is its identity; anything else as it is */
export function engineId(nameOrMember: string): string {
  return (parseEngineName(nameOrMember) ?? engineOfMember(nameOrMember))?.id ?? nameOrMember;
}

/** @returns the display names of the engines that lose a service which goes; whoever else is granted on it is gone */
export function losersOf({ members = [] }: EndpointChange, plan: Pick<Plan, 'changes'>): string[] {
  if (members.length === 0) return [];
  const ids = new Set(members.map(engineId));
  const losers = bindingChanges(plan).filter(({ engine }) => ids.has(engineId(engine)));
  return losers.map(({ displayName, engine }) => displayName || engineId(engine));
}

/** @returns how engines are called in a plan, by name; one that is not in it by its ID */
export function displayNames(plan: Pick<Plan, 'changes'>): (engine: string) => string {
  const names = new Map(bindingChanges(plan).map(({ engine, displayName }) => [engine, displayName]));
  return (engine) => names.get(engine) || engineId(engine);
}

/** @returns e.g. `a`, `one of a, b`, `one of a, b, c and 2 more`; the items escaped for where they are shown */
export function oneOf(items: readonly string[]): string {
  const more = items.length > SHOWN ? ` and ${items.length - SHOWN} more` : '';
  return `${items.length > 1 ? 'one of ' : ''}${items.slice(0, SHOWN).join(', ')}${more}`;
}
