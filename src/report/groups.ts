import {
  bindingChanges,
  decidingGrants,
  isChange,
  type BindingChange,
  type GrantChange,
  type Plan,
} from '../plan/types.js';

/** Engines to which the same happens. */
export interface Group {
  readonly binding: BindingChange;
  readonly names: string[];
  readonly grants: readonly GrantChange[];
  /** Its binding or one of its grants changes. */
  readonly isChanged: boolean;
}

/** @returns the engines of a plan, grouped by what happens to them, in the order of the plan */
export function groupEngines(plan: Plan): Group[] {
  const grants = new Map<string, GrantChange[]>();
  for (const grant of decidingGrants(plan)) {
    if (grant.engine === undefined) continue;
    const known = grants.get(grant.engine);
    if (known) known.push(grant);
    else grants.set(grant.engine, [grant]);
  }
  const groups = new Map<string, Group>();
  for (const binding of bindingChanges(plan)) {
    const own = grants.get(binding.engine) ?? [];
    const { egress, ingress } = binding;
    const sameness = JSON.stringify([egress, ingress, own.map(({ service, action }) => [service, action])]);
    const group = groups.get(sameness);
    if (group) group.names.push(binding.displayName);
    else {
      const isChanged = isChange(binding) || own.some(isChange);
      groups.set(sameness, { binding, names: [binding.displayName], grants: own, isChanged });
    }
  }
  return [...groups.values()];
}
