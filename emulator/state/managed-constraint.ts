import { effectivePolicy, isEnforced, lineage, type HierarchyNode } from './orgpolicy.js';
import type { State } from './state.js';

/** The managed constraint against access policies on resources; pages and field reports spell it in two ways. */
const SPELLINGS = {
  singular: 'iam.managed.disableAccessPolicyBinding',
  plural: 'iam.managed.disableAccessPolicyBindings',
} as const;

/** The spellings that exist. */
export function managedConstraints(state: State): string[] {
  const { managedConstraint } = state.settings.iam;
  return managedConstraint === 'both' ? Object.values(SPELLINGS) : [SPELLINGS[managedConstraint]];
}

/** Is it the spelling that does not exist? Google's other constraints are many and not known here: all of those do. */
export function isMisspelt(state: State, constraint: string): boolean {
  const spellings: readonly string[] = Object.values(SPELLINGS);
  return spellings.includes(constraint) && !managedConstraints(state).includes(constraint);
}

/** Is this constraint on where nobody has set it? */
export function isOnByDefault(state: State, constraint: string): boolean {
  return state.settings.iam.managedConstraintDefault === 'enforced' && managedConstraints(state).includes(constraint);
}

/** The constraint that keeps access policies from being bound to the node, once a change of it has propagated. */
export function bindingConstraint(state: State, node: HierarchyNode): string | undefined {
  const asOf = state.clock.now() - state.settings.orgPolicy.propagationMs;
  const nodes = lineage(state.projects, node);
  return managedConstraints(state).find((constraint) => {
    const effective = effectivePolicy((key) => state.orgPolicy.policies.at(key, asOf), nodes, constraint, 'spec');
    return effective === undefined ? isOnByDefault(state, constraint) : isEnforced(effective.spec);
  });
}
