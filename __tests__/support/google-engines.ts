import type { Google } from '../../src/google/index.js';
import type { AgentGatewayConfig, Operation, ReasoningEngine, RpcStatus } from '../../src/google/types.js';
import { engineNamed, identityOf } from './builders.js';
import { aborted, apiError, notFound } from './errors.js';
import type { Calls, FakeOptions } from './google.js';
import { without } from './without.js';

/** How an update ends: well, in an error, or well without the binding. */
export type UpdateEnd = 'bound' | 'null' | RpcStatus;

interface Update {
  readonly operation: Operation;
  readonly engine: string;
  readonly config: AgentGatewayConfig;
  readonly ends: number;
  end: UpdateEnd;
}

/** What holds a slot: bound engines of another gateway, or for a while the gateway that the last engine has left. */
export const TAKEN: RpcStatus = {
  code: 13,
  message: 'Another Agent Gateway is already active or being created for this project and direction.',
};
const FIELDS = ['agentToAnywhereConfig', 'clientToAgentConfig'] as const;

export interface EngineSeed {
  readonly displayName?: string;
  readonly config?: AgentGatewayConfig;
  readonly env?: Readonly<Record<string, string>>;
  readonly identity?: string;
}

/** Agent Runtime in memory: GET shows the old config until an update is done, and one update runs at a time. */
export class FakeEngines {
  readonly all = new Map<string, ReasoningEngine>();
  /** Google answers with an etag; an engine without one is written blindly. */
  etags = true;
  /** How the next updates of an engine end; `bound` when nothing is said. */
  readonly ends = new Map<string, UpdateEnd[]>();
  /** Updates that ended well, in the order of their ends. */
  readonly done: { readonly engine: string; readonly config: AgentGatewayConfig }[] = [];
  /** How long a gateway keeps its slot after its last engine has left; undefined: engines may be bound as they like. */
  slotReleaseMs: number | undefined;
  readonly #left = new Map<string, { readonly gateway: string; readonly at: number }>();
  readonly #updates: Update[] = [];
  readonly #calls: Calls;
  readonly #options: FakeOptions;

  constructor(calls: Calls, options: FakeOptions) {
    this.#calls = calls;
    this.#options = options;
  }

  add(id: string, { displayName = `agent ${id}`, config, env = {}, identity = identityOf(id) }: EngineSeed = {}): void {
    this.all.set(engineNamed(id), {
      name: engineNamed(id),
      displayName,
      etag: 'v0',
      spec: {
        identityType: 'AGENT_IDENTITY',
        effectiveIdentity: identity,
        deploymentSpec: {
          ...(config ? { agentGatewayConfig: structuredClone(config) } : {}),
          env: Object.entries(env).map(([name, value]) => ({ name, value })),
        },
      },
    });
  }

  configOf(id: string): AgentGatewayConfig {
    this.#settle();
    return this.all.get(engineNamed(id))?.spec?.deploymentSpec?.agentGatewayConfig ?? {};
  }

  /** Whether an update is running: then Google refuses another one, whoever asks for it. */
  isBusy(id: string): boolean {
    return this.#running(engineNamed(id)) !== undefined;
  }

  /** What somebody else does to an engine. */
  setConfig(id: string, config: AgentGatewayConfig): void {
    this.#store(engineNamed(id), config);
  }

  /** An update that somebody else has started. */
  startUpdate(id: string, config: AgentGatewayConfig, end: UpdateEnd = 'bound'): Operation {
    return this.#start(engineNamed(id), config, end);
  }

  /** Finished updates that failed, by engine name. */
  readonly lastUpdates = new Map<string, Operation>();

  readonly client: Omit<Google['aiplatform'], 'testPermissions'> = {
    listEngines: (project) =>
      this.#run('aiplatform.listEngines', project, undefined, () =>
        // A list may leave parts of `spec` out.
        [...this.all.values()].map(({ name, displayName }) => ({ name, ...(displayName ? { displayName } : {}) })),
      ),
    getEngine: (name) => this.#run('aiplatform.getEngine', name, undefined, () => this.#get(name)),
    patchGatewayConfig: (name, config, etag) =>
      this.#run('aiplatform.patchGatewayConfig', name, config, () => {
        const engine = this.#get(name);
        if (this.#running(engine.name)) {
          throw apiError(400, 'FAILED_PRECONDITION', { message: 'The engine is not in ACTIVE state.' });
        }
        if (etag !== undefined && etag !== engine.etag) throw aborted();
        return this.#start(engine.name, config, this.ends.get(engine.name)?.shift() ?? 'bound');
      }),
    listOperations: (name) =>
      this.#run('aiplatform.listOperations', name, undefined, () =>
        this.#updates.filter(({ engine }) => engine === name).map((update) => this.#shown(update)),
      ),
    lastUpdate: (name) => this.#run('aiplatform.lastUpdate', name, undefined, () => this.lastUpdates.get(name)),
    runningUpdate: (name) => this.#run('aiplatform.runningUpdate', name, undefined, () => this.#running(name)),
    getOperation: (name) =>
      this.#run('aiplatform.getOperation', name, undefined, () => {
        const update = this.#updates.find(({ operation }) => operation.name === name);
        if (!update) throw notFound();
        return this.#shown(update);
      }),
  };

  #run<T>(method: string, resource: string, body: unknown, work: () => T): Promise<T> {
    return this.#calls.run(method, resource, body, () => {
      this.#settle();
      return work();
    });
  }

  /** By number or ID of the project. */
  #get(name: string): ReasoningEngine {
    const found = this.all.get(engineNamed(name.slice(name.lastIndexOf('/') + 1)));
    if (!found) throw notFound();
    if (this.etags) return found;
    return without(found, 'etag');
  }

  #start(engine: string, config: AgentGatewayConfig, end: UpdateEnd): Operation {
    const operation: Operation = {
      name: `${engine}/operations/${this.#updates.length + 1}`,
      metadata: { '@type': 'type.googleapis.com/google.cloud.aiplatform.v1.UpdateReasoningEngineOperationMetadata' },
    };
    const ends = this.#options.clock.now() + (this.#options.updateMs ?? 150_000);
    this.#updates.push({ operation, engine, config: structuredClone(config), ends, end });
    return operation;
  }

  #running(engine: string): Operation | undefined {
    const running = this.#updates.find((update) => update.engine === engine && !this.#isOver(update));
    return running?.operation;
  }

  #isOver({ ends }: Update): boolean {
    return ends <= this.#options.clock.now();
  }

  #shown(update: Update): Operation {
    if (!this.#isOver(update)) return update.operation;
    return { ...update.operation, done: true, ...(typeof update.end === 'object' ? { error: update.end } : {}) };
  }

  readonly #settled = new Set<Update>();

  #settle(): void {
    const due = this.#updates.filter((update) => !this.#settled.has(update) && this.#isOver(update));
    for (const update of due.sort((a, b) => a.ends - b.ends)) {
      this.#settled.add(update);
      if (update.end === 'bound' && this.#isTaken(update)) update.end = TAKEN;
      if (update.end === 'bound') {
        this.#store(update.engine, update.config, update.ends);
        this.done.push(update);
      }
      if (update.end === 'null') this.#store(update.engine, {}, update.ends);
    }
  }

  #isTaken({ engine, config, ends }: Update): boolean {
    const { slotReleaseMs } = this;
    if (slotReleaseMs === undefined) return false;
    return FIELDS.some((field) => {
      const wanted = config[field]?.agentGateway;
      if (wanted === undefined) return false;
      const others = [...this.all.values()].filter(({ name }) => name !== engine);
      const isHeld = others.some(({ spec }) => {
        const bound = spec?.deploymentSpec?.agentGatewayConfig?.[field]?.agentGateway;
        return bound !== undefined && bound !== wanted;
      });
      const left = this.#left.get(field);
      return isHeld || (left !== undefined && left.gateway !== wanted && ends < left.at + slotReleaseMs);
    });
  }

  #store(name: string, config: AgentGatewayConfig, at = this.#options.clock.now()): void {
    const engine = this.all.get(name);
    if (!engine) throw new Error(`no engine ${name}`);
    const before = engine.spec?.deploymentSpec?.agentGatewayConfig;
    for (const field of FIELDS) {
      const gateway = before?.[field]?.agentGateway;
      if (gateway !== undefined && gateway !== config[field]?.agentGateway) this.#left.set(field, { gateway, at });
    }
    engine.etag = `v${Number(engine.etag?.slice(1)) + 1}`;
    const deploymentSpec = without(engine.spec?.deploymentSpec ?? {}, 'agentGatewayConfig');
    const isEmpty = Object.keys(config).length === 0;
    engine.spec = {
      ...engine.spec,
      deploymentSpec: { ...deploymentSpec, ...(isEmpty ? {} : { agentGatewayConfig: structuredClone(config) }) },
    };
  }
}
