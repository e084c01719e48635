import type { Google } from '../../src/google/index.js';
import type { CustomConstraint, OrganizationPolicy } from '../../src/google/types.js';
import { aborted, apiError, notFound } from './errors.js';
import type { Calls } from './google.js';

/** Organization policies in memory, by name as it is given: a project's ID and number are two names here. */
export class FakeOrgPolicy {
  readonly constraints = new Map<string, CustomConstraint>();
  readonly policies = new Map<string, OrganizationPolicy>();
  /** What holds at a place, by the policy's name. */
  readonly effective = new Map<string, OrganizationPolicy>();
  readonly #calls: Calls;
  #etags = 0;

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  readonly client: Google['orgpolicy'] = {
    getConstraint: (name) => this.#run('getConstraint', name, undefined, () => found(this.constraints, name)),
    createConstraint: (constraint) =>
      this.#run('createConstraint', constraint.name, constraint, () => {
        if (this.constraints.has(constraint.name)) throw apiError(409, 'ALREADY_EXISTS', { api: 'orgpolicy' });
        this.constraints.set(constraint.name, structuredClone(constraint));
        return constraint;
      }),
    patchConstraint: (constraint) =>
      this.#run('patchConstraint', constraint.name, constraint, () => {
        found(this.constraints, constraint.name);
        this.constraints.set(constraint.name, structuredClone(constraint));
        return constraint;
      }),
    getPolicy: (name) => this.#run('getPolicy', name, undefined, () => found(this.policies, name)),
    getEffectivePolicy: (name) => this.#run('getEffectivePolicy', name, undefined, () => found(this.effective, name)),
    createPolicy: (policy) =>
      this.#run('createPolicy', policy.name, policy, () => {
        if (this.policies.has(policy.name)) throw apiError(409, 'ALREADY_EXISTS', { api: 'orgpolicy' });
        return this.putPolicy(policy);
      }),
    patchPolicy: (policy) =>
      this.#run('patchPolicy', policy.name, policy, () => {
        if (found(this.policies, policy.name).etag !== policy.etag) throw aborted();
        return this.putPolicy(policy);
      }),
    deletePolicy: (name, etag) =>
      this.#run('deletePolicy', name, undefined, () => {
        if (found(this.policies, name).etag !== etag) throw aborted();
        this.policies.delete(name);
      }),
  };

  /** Stores a policy as somebody else would, with a new etag. */
  putPolicy(policy: OrganizationPolicy): OrganizationPolicy {
    this.#etags += 1;
    const stored = { ...structuredClone(policy), etag: `p${this.#etags}` };
    this.policies.set(policy.name, stored);
    return stored;
  }

  #run<T>(method: string, resource: string, body: unknown, work: () => T): Promise<T> {
    return this.#calls.run(`orgpolicy.${method}`, resource, body, work);
  }
}

function found<T>(records: ReadonlyMap<string, T>, name: string): T {
  const record = records.get(name);
  if (record === undefined) throw notFound();
  return record;
}
