import type { Google } from '../../src/google/index.js';
import { OperationError } from '../../src/google/errors.js';
import type { AccessPolicy, AccessRule, Operation, PolicyBinding } from '../../src/google/types.js';
import { PROJECT } from './builders.js';
import { aborted, apiError, notFound } from './errors.js';
import type { Calls, FakeOptions } from './google.js';

const PARENT = `projects/${PROJECT.id}/locations/global`;
export const ACCESS_POLICY = `${PARENT}/accessPolicies/agent-gateway-egress`;
const TARGET = `//cloudresourcemanager.googleapis.com/projects/${PROJECT.number}`;

interface Running {
  readonly operation: string;
  readonly endsAt: number;
  readonly end: () => unknown;
  answer?: Operation;
}

/**
 * IAM v3 in memory. A write is checked when it comes (etags, IDs) and carried out when its operation ends; answers name projects by
 * their number, whatever was sent.
 */
export class FakeAccess {
  /** By name with the project's ID. */
  readonly policies = new Map<string, AccessPolicy>();
  readonly bindings = new Map<string, PolicyBinding>();
  readonly #calls: Calls;
  readonly #options: FakeOptions;
  readonly #running: Running[] = [];
  readonly #bindableAt = new Map<string, number>();
  #writes = 0;

  constructor(calls: Calls, options: FakeOptions) {
    this.#calls = calls;
    this.#options = options;
  }

  /** Stores a policy as somebody else would, with a new etag. */
  put(name: string, policy: Omit<AccessPolicy, 'name' | 'etag'>): AccessPolicy {
    const stored = { ...structuredClone(policy), name, etag: `a${(this.#writes += 1)}` };
    this.policies.set(name, stored);
    return stored;
  }

  /** Binds a policy to the project as somebody else would. */
  bind(policy: string, id = policy.slice(policy.lastIndexOf('/') + 1)): void {
    const name = `${PARENT}/policyBindings/${id}`;
    this.bindings.set(name, { name, policyKind: 'ACCESS', policy, target: { resource: TARGET }, etag: 'b1' });
  }

  readonly client: Google['accesspolicies'] = {
    getPolicy: (name) => this.#run('getPolicy', name, undefined, () => shown(this.#found(this.policies, name))),
    createPolicy: (name, policy) =>
      this.#write('createPolicy', name, policy, () => {
        if (this.policies.has(name)) throw apiError(409, 'ALREADY_EXISTS', { api: 'iam' });
        checkRules(policy);
        return () => {
          if (this.policies.has(name)) throw new OperationError('operations/x', { code: 6, message: 'exists' });
          this.#bindableAt.set(name, this.#options.clock.now() + (this.#options.replicationMs ?? 0));
          return shown(this.put(name, policy));
        };
      }),
    patchPolicy: (policy) =>
      this.#write('patchPolicy', policy.name, policy, () => {
        const name = withId(policy.name);
        if (this.#found(this.policies, name).etag !== policy.etag) throw aborted();
        checkRules(policy);
        // The etag is what counts when the write is carried out.
        return () => {
          const now = this.policies.get(name);
          if (!now) throw new OperationError('operations/x', { code: 5, message: 'deleted meanwhile' });
          if (now.etag !== policy.etag) {
            throw new OperationError('operations/x', { code: 10, message: 'changed meanwhile' });
          }
          return shown(this.put(name, policy));
        };
      }),
    deletePolicy: (name, etag) =>
      this.#write('deletePolicy', name, undefined, () => {
        if (this.#found(this.policies, name).etag !== etag) throw aborted();
        const isBound = [...this.bindings.values()].some(({ policy }) => withId(policy ?? '') === withId(name));
        if (isBound) throw apiError(400, 'FAILED_PRECONDITION', { api: 'iam' });
        return () => {
          this.policies.delete(withId(name));
          return {};
        };
      }),
    bindingsTo: (number) =>
      this.#run('bindingsTo', number, undefined, () => [...this.bindings.values()].map(shownBinding)),
    bindingsOf: (policy) =>
      this.#run('bindingsOf', policy, undefined, () =>
        [...this.bindings.values()].filter((item) => withId(item.policy ?? '') === withId(policy)).map(shownBinding),
      ),
    getBinding: (name) =>
      this.#run('getBinding', name, undefined, () => shownBinding(this.#found(this.bindings, name))),
    createBinding: (name, binding) =>
      this.#write('createBinding', name, binding, () => {
        if (this.bindings.has(name)) throw apiError(409, 'ALREADY_EXISTS', { api: 'iam' });
        const policy = withId(binding.policy ?? '');
        if (!this.policies.has(policy)) throw notFound();
        if ((this.#bindableAt.get(policy) ?? 0) > this.#options.clock.now()) throw notFound();
        return () => {
          this.bindings.set(name, { ...structuredClone(binding), name, etag: 'b1' });
          return shownBinding(this.#found(this.bindings, name));
        };
      }),
    deleteBinding: (name) =>
      this.#write('deleteBinding', name, undefined, () => {
        this.#found(this.bindings, name);
        return () => {
          this.bindings.delete(withId(name));
          return {};
        };
      }),
    getOperation: (name) =>
      this.#run('getOperation', name, undefined, () => {
        const running = this.#running.find(({ operation }) => operation === name);
        if (!running) throw notFound();
        return this.#finish(running);
      }),
  };

  /** Every write is carried out in its own time, whether anybody asks for the operation or not. */
  #settle(): void {
    for (const running of this.#running) this.#finish(running);
  }

  #finish(running: Running): Operation {
    if (running.answer) return running.answer;
    if (running.endsAt > this.#options.clock.now()) return { name: running.operation, done: false };
    try {
      running.answer = { name: running.operation, done: true, response: running.end() as Record<string, unknown> };
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      running.answer = {
        name: running.operation,
        done: true,
        error: { code: error.code ?? 2, message: error.rpcMessage },
      };
    }
    return running.answer;
  }

  #write(method: string, resource: string, body: unknown, check: () => () => unknown): Promise<Operation> {
    return this.#run(method, resource, body, () => {
      const end = check();
      const operation = `projects/${PROJECT.number}/locations/global/operations/op-${this.#running.length}`;
      const running: Running = { operation, endsAt: this.#options.clock.now() + (this.#options.iamMs ?? 0), end };
      this.#running.push(running);
      return { name: operation, done: false };
    });
  }

  #run<T>(method: string, resource: string, body: unknown, work: () => T): Promise<T> {
    return this.#calls.run(`accesspolicies.${method}`, resource, body, () => {
      this.#settle();
      return work();
    });
  }

  #found<T>(records: ReadonlyMap<string, T>, name: string): T {
    const record = records.get(withId(name));
    if (record === undefined) throw notFound();
    return record;
  }
}

/** A policy has a rule, a rule has members, and nobody can write a member that is gone (google.iam.v3). */
function checkRules({ details }: Pick<AccessPolicy, 'details'>): void {
  const rules = details?.rules ?? [];
  const isWritable = ({ principals = [], description = '' }: AccessRule): boolean =>
    principals.length > 0 && !principals.some((member) => member.startsWith('deleted:')) && description.length <= 256;
  if (rules.length === 0 || !rules.every(isWritable)) throw apiError(400, 'INVALID_ARGUMENT', { api: 'iam' });
}

const withId = (name: string): string => name.replace(`projects/${PROJECT.number}/`, `projects/${PROJECT.id}/`);
const withNumber = (name: string): string => name.replace(`projects/${PROJECT.id}/`, `projects/${PROJECT.number}/`);
const shown = (policy: AccessPolicy): AccessPolicy => ({ ...policy, name: withNumber(policy.name) });
const shownBinding = (binding: PolicyBinding): PolicyBinding => ({
  ...binding,
  name: withNumber(binding.name),
  policy: withNumber(binding.policy ?? ''),
});
