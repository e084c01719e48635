import { checkPolicy } from '../apis/iam-policy-rules.js';
import { asStored, bindingJson, policyJson } from '../apis/iam-views.js';
import type { Json } from '../core/json.js';
import {
  accessPolicyInput,
  accessRuleInput,
  policyBindingInput,
  type AccessPolicyInput,
  type PolicyBindingInput,
} from '../world-iam.js';
import {
  bindingsOfPolicy,
  iamKey,
  nodeTarget,
  bindingsOfTarget,
  removeAccessPolicy,
  removePolicyBinding,
  rulesOf,
  storeAccessPolicy,
  type AccessPolicyRecord,
} from './access-policies.js';
import { nodeOf, putAccessPolicy, putPolicyBinding, ruleOf } from './populate-iam.js';
import type { State } from './state.js';

export type AccessRuleInput = AccessPolicyInput['rules'][number];

/** Access policies, changed behind everybody's back: what the console or another team's pipeline does to them. */
export class LiveAccessPolicies {
  private readonly state: State;

  constructor(state: State) {
    this.state = state;
  }

  /** The policy as the API prints it, with the targets it is bound to. @param on its node; default the first project */
  get(id: string, on?: string): { readonly policy: Json; readonly boundTo: readonly string[] } {
    const record = this.record(id, on);
    const boundTo = bindingsOfPolicy(this.state, record).map(({ target }) => target);
    return { policy: policyJson(this.state, record), boundTo };
  }

  /** All policies of a node, by ID. */
  ids(on?: string): string[] {
    this.state.settle();
    const target = nodeTarget(nodeOf(this.state, on));
    return [...this.state.accessPolicies.values()].flatMap(({ node, id }) => (nodeTarget(node) === target ? [id] : []));
  }

  /** Writes a policy as a whole, new or not, and binds it where the input says. */
  set(input: AccessPolicyInput): void {
    this.state.settle();
    putAccessPolicy(this.state, accessPolicyInput.parse(input), this.state.clock.now());
  }

  /** Adds a rule at the end, under a new etag. */
  addRule(id: string, rule: AccessRuleInput, on?: string): void {
    const record = this.record(id, on);
    const added = ruleOf(this.state, accessRuleInput.parse(rule));
    const policy = { ...record.data, details: { rules: [...rulesOf(record.data), added] } };
    checkPolicy(this.state, policy, { stored: true });
    const { createTime } = record.data;
    const data = { ...asStored(this.state, policy), createTime, updateTime: this.state.clock.iso() };
    storeAccessPolicy(this.state, { ...record, data, etag: this.state.ids.policyEtag() }, this.state.clock.now());
  }

  /** Deletes a policy and its bindings. */
  remove(id: string, on?: string): void {
    removeAccessPolicy(this.state, this.record(id, on), this.state.clock.now());
  }

  bind(input: PolicyBindingInput): void {
    this.state.settle();
    putPolicyBinding(this.state, policyBindingInput.parse(input), this.state.clock.now());
  }

  /** Deletes a binding by its ID. */
  unbind(id: string, on?: string): void {
    this.state.settle();
    const record = this.state.policyBindings.get(iamKey(nodeOf(this.state, on), id));
    if (record === undefined) throw new Error(`There is no policy binding ${id}.`);
    removePolicyBinding(this.state, record, this.state.clock.now());
  }

  /** What is bound to a node, as the API prints it. */
  boundTo(on?: string): Json[] {
    this.state.settle();
    const target = nodeTarget(nodeOf(this.state, on));
    return bindingsOfTarget(this.state, target).map((record) => bindingJson(this.state, record));
  }

  private record(id: string, on?: string): AccessPolicyRecord {
    this.state.settle();
    const record = this.state.accessPolicies.get(iamKey(nodeOf(this.state, on), id));
    if (record === undefined) throw new Error(`There is no access policy ${id} on ${on ?? 'the first project'}.`);
    return record;
  }
}
