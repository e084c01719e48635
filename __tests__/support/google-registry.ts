import type { Google } from '../../src/google/index.js';
import type { Operation, RegistryService, RpcStatus } from '../../src/google/types.js';
import { PROJECT, REGION } from './builders.js';
import { apiError, notFound } from './errors.js';
import type { Calls, FakeOptions } from './google.js';
import { without } from './without.js';

/** Agent Registry in memory. Operations end at once, unless they are told to end in an error. */
export class FakeRegistry {
  readonly services = new Map<string, RegistryService>();
  /** Google refuses a URL that another service has; a registry that does not shows who would have registered it twice. */
  refusesTakenUrls = true;
  /** Errors that the next operations end in. */
  readonly operationErrors: RpcStatus[] = [];
  /** What goes with a service. */
  onDeleted: (service: RegistryService) => void = () => undefined;
  readonly #createdAt = new Map<string, number>();
  readonly #operations = new Map<string, Operation>();
  readonly #calls: Calls;
  readonly #options: FakeOptions;

  constructor(calls: Calls, options: FakeOptions) {
    this.#calls = calls;
    this.#options = options;
  }

  add(service: RegistryService): void {
    this.services.set(service.name, structuredClone(service));
  }

  get(id: string): RegistryService | undefined {
    return [...this.services.values()].find(({ name }) => name.endsWith(`/services/${id}`));
  }

  /** Whether an IAP resource belongs to a service that IAP has heard of. */
  knownToIap(resource: string): boolean {
    const id = resource.slice(resource.lastIndexOf('/') + 1);
    return [...this.services.values()].some(
      (service) =>
        service.registryResource?.endsWith(`/${id}`) === true &&
        this.#ageOf(service) >= (this.#options.projectionMs ?? 0) + (this.#options.iapMs ?? 0),
    );
  }

  readonly client: Google['agentregistry'] = {
    listServices: (project, location) =>
      this.#calls.run('agentregistry.listServices', `${project}/${location}`, undefined, () =>
        [...this.services.values()].map((service) => this.#shown(service)),
      ),
    getService: (name) =>
      this.#calls.run('agentregistry.getService', name, undefined, () => this.#shown(this.#find(name))),
    createService: (parent, id, body, requestId) =>
      this.#calls.run('agentregistry.createService', `${parent}/services/${id}`, { ...body, requestId }, () => {
        const name = `${parent}/services/${id}`;
        if (this.services.has(name)) throw apiError(409, 'ALREADY_EXISTS', { api: 'agentregistry' });
        this.#refuseTakenUrls(name, body.interfaces ?? []);
        return this.#end(name, () => {
          this.#createdAt.set(name, this.#options.clock.now());
          const projection = `projects/${PROJECT.number}/locations/${REGION}/endpoints/agentregistry-${id}`;
          this.services.set(name, { ...structuredClone(body), name, registryResource: projection });
        });
      }),
    patchService: (name, body, mask, requestId) =>
      this.#calls.run('agentregistry.patchService', name, { ...body, mask, requestId }, () => {
        const service = this.#find(name);
        if (mask.includes('interfaces')) this.#refuseTakenUrls(name, body.interfaces ?? []);
        return this.#end(name, () => {
          const patch = Object.fromEntries(mask.map((field) => [field, structuredClone(body[field])]));
          Object.assign(service, patch);
        });
      }),
    deleteService: (name, requestId) =>
      this.#calls.run('agentregistry.deleteService', name, { requestId }, () => {
        const service = this.#find(name);
        return this.#end(name, () => {
          this.services.delete(name);
          this.onDeleted(service);
        });
      }),
    getOperation: (name) =>
      this.#calls.run('agentregistry.getOperation', name, undefined, () => {
        const operation = this.#operations.get(name);
        if (!operation) throw notFound();
        return operation;
      }),
  };

  #find(name: string): RegistryService {
    const found = this.services.get(name);
    if (!found) throw notFound();
    return found;
  }

  #ageOf({ name }: RegistryService): number {
    return this.#options.clock.now() - (this.#createdAt.get(name) ?? -Infinity);
  }

  #shown(service: RegistryService): RegistryService {
    if (this.#ageOf(service) >= (this.#options.projectionMs ?? 0)) return service;
    return without(service, 'registryResource');
  }

  /** One service of a project and location carries a URL. */
  #refuseTakenUrls(name: string, interfaces: readonly { url: string }[]): void {
    if (!this.refusesTakenUrls) return;
    const taken = [...this.services.values()]
      .filter((other) => other.name !== name)
      .flatMap((other) => (other.interfaces ?? []).map(({ url }) => url));
    const url = interfaces.map((item) => item.url).find((item) => taken.includes(item));
    if (url === undefined) return;
    throw apiError(400, 'FAILED_PRECONDITION', {
      api: 'agentregistry',
      message: `Interface URL '${url}' is already in use by another service`,
    });
  }

  #end(name: string, effect: () => void): Operation {
    const error = this.operationErrors.shift();
    const operation: Operation = {
      name: `projects/${PROJECT.number}/locations/${REGION}/operations/operation-${this.#operations.size + 1}`,
      done: true,
      ...(error ? { error } : {}),
      metadata: { target: name },
    };
    this.#operations.set(operation.name, operation);
    if (!error) effect();
    // While it runs, an operation says so.
    return { name: operation.name, done: false };
  }
}
