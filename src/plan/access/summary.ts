import type { Desired } from '../../config/desired.js';
import type { Observed } from '../../observe/observed.js';
import type { GrantModel } from '../types.js';
import { ruleScope } from './grants.js';
import { markOf, ownerHash } from './marks.js';
import { rulesOf } from './rules.js';

/** @returns the model with the access policy that is written to, as it was found; without one where none is */
export function withAccessPolicy(model: GrantModel, { config }: Desired, observed: Observed): GrantModel {
  const { access } = observed;
  if (!model.writes.includes('V2') || access === undefined) return model;
  const owner = ownerHash({ config, scope: ruleScope(observed) });
  const rules = rulesOf(access.policy);
  const ownRules = rules.filter((rule) => markOf(rule)?.owner === owner).length;
  const { name, isBound, bindings, policy } = access;
  return {
    ...model,
    accessPolicy: {
      name,
      exists: policy !== null,
      isBound,
      ...(bindings.kind === 'read' ? { bindings: bindings.bindings.length } : {}),
      ownRules,
      otherRules: rules.length - ownRules,
    },
  };
}
