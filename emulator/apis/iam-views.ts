import { asJson, asString, compact, isJson, type Json } from '../core/json.js';
import {
  EGRESS_SERVICE,
  rulesOf,
  type AccessPolicyRecord,
  type PolicyBindingRecord,
} from '../state/access-policies.js';
import type { State } from '../state/state.js';
import { withLiterals } from './iam-conditions.js';
import { entryInForm, iamName, inForm } from './iam-names.js';

/** An AccessPolicy as the API prints it. */
export function policyJson(state: State, record: AccessPolicyRecord): Json {
  const { uid, etag, data } = record;
  return { name: iamName(state, record, 'accessPolicies'), uid, etag, ...structuredClone(data) };
}

/** A PolicyBinding as the API prints it. */
export function bindingJson(state: State, record: PolicyBindingRecord): Json {
  const { uid, etag, data, policyUid } = record;
  const { bindingPolicy, bindingTarget } = state.settings.iam.projectForms;
  const target = asString(asJson(data.target).resource);
  return {
    name: iamName(state, record, 'policyBindings'),
    uid,
    etag,
    policyUid,
    ...structuredClone(data),
    target: { resource: inForm(state, target, bindingTarget) },
    policy: inForm(state, asString(data.policy), bindingPolicy),
  };
}

/** A policy's fields as the server keeps them: empty lists are none (protobuf JSON), and the rules as its switches say. */
export function asStored(state: State, policy: Json): Json {
  const rules = rulesOf(policy).map((rule) => storedRule(state, rule));
  const sorted = state.settings.iam.ruleOrder === 'sorted';
  const details = { ...asJson(policy.details), rules: sorted ? rules.sort(byText) : rules };
  return compact({
    displayName: asString(policy.displayName) || undefined,
    annotations: notEmpty(policy.annotations),
    details: policy.details === undefined ? undefined : details,
  });
}

function storedRule(state: State, rule: Json): Json {
  const operation = asJson(rule.operation);
  const { conditions } = rule;
  return compact({
    ...rule,
    principals: storedList(state, rule.principals),
    excludedPrincipals: storedList(state, rule.excludedPrincipals),
    operation: compact({ ...operation, excludedPermissions: notEmpty(operation.excludedPermissions) }),
    conditions: isJson(conditions) ? notEmpty(storedConditions(state, conditions)) : undefined,
  });
}

function storedList(state: State, list: unknown): unknown {
  const kept = notEmpty(list);
  return Array.isArray(kept) && state.settings.iam.ruleOrder === 'sorted' ? kept.toSorted() : kept;
}

/** Projects that conditions name may come back in another form. */
function storedConditions(state: State, conditions: Json): Json {
  const form = state.settings.iam.projectForms.conditions;
  const condition = conditions[EGRESS_SERVICE];
  if (form === 'as-sent' || !isJson(condition)) return conditions;
  const expression = withLiterals(asString(condition.expression), (literal) => entryInForm(state, literal, form));
  return { ...conditions, [EGRESS_SERVICE]: { ...condition, expression } };
}

function notEmpty(value: unknown): unknown {
  const isEmpty = Array.isArray(value) ? value.length === 0 : isJson(value) && Object.keys(value).length === 0;
  return isEmpty ? undefined : value;
}

function byText(a: Json, b: Json): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
