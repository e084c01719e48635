import type { Clock } from '../../src/clock.js';
import type { Google } from '../../src/google/index.js';
import { iapResourceOf } from '../../src/google/names.js';
import type { AuthzExtension, AuthzPolicy, AgentGateway, IamPolicy } from '../../src/google/types.js';
import { PROJECT } from './builders.js';
import { FakeAccess } from './google-access.js';
import { FakeEngines } from './google-engines.js';
import { FakeOrgPolicy } from './google-orgpolicy.js';
import { FakeRegistry } from './google-registry.js';
import { aborted, apiError, notFound, reset } from './errors.js';
import { Answers } from './stale.js';

/** One call of a client's method. */
export interface Call {
  readonly method: string;
  readonly resource: string;
  readonly body?: unknown;
  /** Milliseconds of the clock. */
  readonly at: number;
}

/**
 * What happens to one call: `pass`, an error instead of it, an error after it was carried out, something that somebody
 * else does just before, or (`stale`) the oldest answer to it that is not older than a read may lag.
 */
export type Step = 'pass' | 'stale' | Error | { readonly after: Error } | (() => void);

export interface Calls {
  run<T>(method: string, resource: string, body: unknown, work: () => T): Promise<T>;
}

export interface FakeOptions {
  readonly clock: Clock;
  /** How long an update of an engine takes. */
  readonly updateMs?: number;
  /** How long after its creation a service has no registry resource. */
  readonly projectionMs?: number;
  /** How long after that IAP does not know it. */
  readonly iapMs?: number;
  /** How long a write of an access policy or its binding takes. */
  readonly iamMs?: number;
  /** How long after its creation an access policy cannot be bound. */
  readonly replicationMs?: number;
}

/** Google Cloud in memory: the clients' interfaces without HTTP. Everything is copied in and out. */
export class FakeGoogle implements Google, Calls {
  readonly calls: Call[] = [];
  readonly gateways = new Map<string, AgentGateway>();
  readonly authzPolicies: AuthzPolicy[] = [];
  readonly extensions = new Map<string, AuthzExtension>();
  /** By IAP resource. */
  readonly policies = new Map<string, IamPolicy>();
  readonly engines: FakeEngines;
  readonly registry: FakeRegistry;
  readonly organization = new FakeOrgPolicy(this);
  readonly aiplatform: Google['aiplatform'];
  readonly agentregistry: Google['agentregistry'];
  readonly orgpolicy: Google['orgpolicy'] = this.organization.client;
  readonly access: FakeAccess;
  readonly accesspolicies: Google['accesspolicies'];
  readonly projects = new Map([[PROJECT.id, PROJECT]]);
  /** What happens to a call that no script is about. */
  weather: (call: Call) => Step = () => 'pass';
  /** Milliseconds that a request is on its way, and its answer. */
  latency: () => number = () => 0;
  readonly #answers: Answers;
  readonly #steps = new Map<string, Step[]>();
  readonly #options: FakeOptions;
  #left = Infinity;

  constructor(options: FakeOptions) {
    this.#options = options;
    this.#answers = new Answers(options.clock);
    this.engines = new FakeEngines(this, options);
    this.registry = new FakeRegistry(this, options);
    this.aiplatform = {
      ...this.engines.client,
      testPermissions: (engine, permissions) =>
        this.run('aiplatform.testPermissions', engine, permissions, () =>
          this.#held(permissions, this.deniedOnResources),
        ),
    };
    this.agentregistry = this.registry.client;
    this.access = new FakeAccess(this, options);
    this.accesspolicies = this.access.client;
    this.registry.onDeleted = ({ registryResource = '' }) =>
      void this.policies.delete(iapResourceOf(registryResource, PROJECT));
  }

  /** The line is cut: so many calls are still carried out, the last one's answer is lost, and no other comes through. */
  cutAfter(calls: number): void {
    this.#left = calls;
  }

  /** The next calls of a method go like this, in order; a blank and a resource behind the method's name narrow it. */
  script(method: string, ...steps: Step[]): void {
    this.#steps.set(method, [...(this.#steps.get(method) ?? []), ...steps]);
  }

  /** Resources of the calls of one method, or of all whose name begins so. */
  called(method: string): string[] {
    return this.calls.filter((call) => call.method.startsWith(method)).map(({ resource }) => resource);
  }

  bodiesOf(method: string): unknown[] {
    return this.calls.filter((call) => call.method === method).map(({ body }) => body);
  }

  writes(): Call[] {
    return this.calls.filter(({ method }) => /\.(?:create|patch|set|delete)/.test(method));
  }

  async run<T>(method: string, resource: string, body: unknown, work: () => T): Promise<T> {
    const { clock } = this.#options;
    const copy: unknown = structuredClone(body);
    const call: Call = { method, resource, at: clock.now(), ...(copy === undefined ? {} : { body: copy }) };
    this.calls.push(call);
    await this.#travel();
    this.#left -= 1;
    if (this.#left < 0) throw reset();
    const steps = this.#steps.get(`${method} ${resource}`) ?? this.#steps.get(method);
    const step = steps?.shift() ?? this.weather(call);
    if (step instanceof Error) throw step;
    if (typeof step === 'function') step();
    const shown = this.#answer(`${method} ${resource}`, work, step === 'stale');
    await this.#travel();
    if (this.#left === 0) throw reset();
    if (typeof step === 'object') throw step.after;
    return shown;
  }

  #answer<T>(call: string, work: () => T, isStale: boolean): T {
    try {
      return this.#answers.remember(call, structuredClone(work()), isStale);
    } catch (error) {
      const past = isStale ? this.#answers.recall(call) : undefined;
      if (past === undefined) throw error;
      return past as T;
    }
  }

  async #travel(): Promise<void> {
    const ms = this.latency();
    await (ms === 0 ? Promise.resolve() : this.#options.clock.sleep(ms));
  }

  /** Stores a policy as somebody else would, with a new etag. */
  putPolicy(resource: string, bindings: IamPolicy['bindings']): void {
    const etag = `e${Number(this.policies.get(resource)?.etag?.slice(1) ?? 0) + 1}`;
    this.policies.set(resource, { version: 1, etag, ...(bindings ? { bindings: structuredClone(bindings) } : {}) });
  }

  readonly iap: Google['iap'] = {
    getPolicy: (resource) => this.run('iap.getPolicy', resource, undefined, () => this.#policy(resource)),
    setPolicy: (resource, policy) =>
      this.run('iap.setPolicy', resource, policy, () => {
        const current = this.#policy(resource);
        // Without an etag, IAM overwrites whatever is there.
        if (policy.etag !== undefined && current.etag !== policy.etag) throw aborted();
        this.putPolicy(resource, policy.bindings);
        return this.#policy(resource);
      }),
    testPermissions: (resource, permissions) =>
      this.run('iap.testPermissions', resource, permissions, () => this.#held(permissions, this.deniedOnResources)),
  };

  #policy(resource: string): IamPolicy {
    if (!resource.endsWith('/agentRegistry') && !this.registry.knownToIap(resource)) throw notFound();
    return this.policies.get(resource) ?? { etag: 'e0' };
  }

  readonly networkservices: Google['networkservices'] = {
    getGateway: (name) =>
      this.run('networkservices.getGateway', name, undefined, () => {
        const found = this.gateways.get(name) ?? this.gateways.get(name.replace(PROJECT.number, PROJECT.id));
        if (!found) throw notFound();
        return found;
      }),
    getAuthzExtension: (name) =>
      this.run('networkservices.getAuthzExtension', name, undefined, () => {
        const found = this.extensions.get(name);
        if (!found) throw notFound();
        return found;
      }),
  };

  readonly networksecurity: Google['networksecurity'] = {
    listAuthzPolicies: (project, location) =>
      this.run('networksecurity.listAuthzPolicies', `${project}/${location}`, undefined, () => this.authzPolicies),
  };

  /** Permissions that the caller lacks on every project. */
  readonly denied = new Set<string>();
  /** Permissions that the caller lacks on every engine and every IAP resource. */
  readonly deniedOnResources = new Set<string>();

  #held(permissions: readonly string[], denied: ReadonlySet<string>): string[] {
    return permissions.filter((permission) => !denied.has(permission));
  }

  readonly resourcemanager: Google['resourcemanager'] = {
    getProject: (idOrNumber) =>
      this.run('resourcemanager.getProject', idOrNumber, undefined, () => {
        const found = [...this.projects.values()].find(({ id, number }) => [id, number].includes(idOrNumber));
        if (!found) throw apiError(403, 'PERMISSION_DENIED', { api: 'cloudresourcemanager' });
        return { name: `projects/${found.number}`, projectId: found.id };
      }),
    testPermissions: (project, permissions) =>
      this.run('resourcemanager.testPermissions', project, permissions, () => this.#held(permissions, this.denied)),
  };
}
