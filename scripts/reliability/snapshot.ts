import { FOREIGN_MEMBER } from '../../emulator/apis/iap.js';
import type { Emulator } from '../../emulator/index.js';
import { EGRESSOR } from '../../emulator/state/policies.js';
import type { Trial } from './trial.js';

/** What the emulator's foreign writer sets on an engine (emulator/faults/foreign-write.ts). */
const FOREIGN_LABEL = { name: 'changed-by', value: 'somebody-else' };

/** A world for comparing: what does not depend on when and in which order things were made. */
export interface Snapshot {
  /** Everything, without etags, times, server-made IDs and foreign writes, in one order. */
  readonly world: Readonly<Record<string, unknown>>;
  /** What may not be lost, one line each; foreign writes too. */
  readonly facts: ReadonlySet<string>;
  /** Writes that were carried out, with how often: updates of engines, creations of services, policies. */
  readonly done: ReadonlyMap<string, number>;
  /** The same thing twice in one place. */
  readonly twice: readonly string[];
}

interface Named {
  readonly name: string;
  readonly [field: string]: unknown;
}

interface Binding {
  readonly role: string;
  readonly members: readonly string[];
  readonly condition?: unknown;
}

type Spec = Readonly<Record<string, unknown>>;

interface Dump {
  readonly engines: readonly (Named & {
    readonly agentId: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly spec: { readonly deploymentSpec?: { readonly agentGatewayConfig?: Readonly<Record<string, unknown>> } };
  })[];
  readonly services: readonly (Named & {
    readonly registryResource: string;
    readonly interfaces: readonly { readonly url: string; readonly protocolBinding: string }[];
  })[];
  readonly policies: Readonly<Record<string, { readonly bindings: readonly Binding[] }>>;
  readonly customConstraints: readonly Named[];
  readonly orgPolicies: readonly (Named & { readonly spec?: Spec; readonly dryRunSpec?: Spec })[];
  readonly operations: readonly {
    readonly name: string;
    readonly error?: unknown;
    readonly metadata: { readonly '@type': string; readonly verb?: string; readonly target?: string };
  }[];
}

export function snapshot({ emulator, policyWrites }: Pick<Trial, 'emulator' | 'policyWrites'>): Snapshot {
  const dump = dumpOf(emulator);
  const policies = policiesOf(dump);
  return {
    world: worldOf(dump, policies),
    facts: new Set([...engineFacts(dump), ...serviceFacts(dump), ...policyFacts(policies), ...guardrailFacts(dump)]),
    done: doneIn(dump, policyWrites),
    twice: twiceIn(dump, policies),
  };
}

/**
 * What the emulator's foreign writer has written, just before requests that were to write the same thing: policies and engines.
 *
 * @returns facts as in a snapshot
 */
export function foreignFacts(emulator: Emulator): string[] {
  const struck = emulator.requests.filter(({ faults }) => faults?.some(({ kind }) => kind === 'foreign-write'));
  const names = new Map(
    dumpOf(emulator).services.map(({ name, registryResource }) => [tail(registryResource), tail(name)]),
  );
  return struck.flatMap(({ path, api }) => {
    // There the foreign writer writes the same rules once more.
    if (api === 'orgpolicy') return [];
    const engine = /\/reasoningEngines\/(\d+)$/.exec(path)?.[1];
    if (engine !== undefined) return `engine ${engine}: label ${FOREIGN_LABEL.name}=${FOREIGN_LABEL.value}`;
    const service = names.get(/\/([^/:]+):setIamPolicy$/.exec(path)?.[1] ?? '') ?? path;
    return `policy of service ${service}: ${EGRESSOR} null ${FOREIGN_MEMBER}`;
  });
}

const dumpOf = (emulator: Emulator): Dump => emulator.world.dump() as unknown as Dump;
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const sorted = <T>(items: readonly T[]): T[] => [...items].sort((a, b) => byText(JSON.stringify(a), JSON.stringify(b)));

function without(item: Readonly<Record<string, unknown>>, ...fields: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(item)
      .filter(([field]) => !fields.includes(field))
      .sort(([a], [b]) => byText(a, b)),
  );
}

/** Policies by what they are on: IDs of endpoints and agents are made by the server. */
function policiesOf({ policies, services, engines }: Dump): Map<string, readonly Binding[]> {
  const names = new Map([
    ...services.map(({ name, registryResource }) => [tail(registryResource), `service ${tail(name)}`] as const),
    ...engines.map(({ name, agentId }) => [agentId, `agent ${tail(name)}`] as const),
  ]);
  return new Map(Object.entries(policies).map(([key, { bindings }]) => [names.get(tail(key)) ?? key, bindings]));
}

const tail = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

function worldOf(dump: Dump, policies: ReadonlyMap<string, readonly Binding[]>): Record<string, unknown> {
  const own = (bindings: readonly Binding[]): Binding[] =>
    bindings.map((item) => ({ ...item, members: item.members.filter((member) => member !== FOREIGN_MEMBER).sort() }));
  return {
    engines: sorted(
      dump.engines.map((engine) => ({
        ...without(engine, 'etag', 'agentId', 'updateTime', 'createTime'),
        labels: without(engine.labels ?? {}, FOREIGN_LABEL.name),
      })),
    ),
    services: sorted(
      dump.services.map((service) => ({
        ...without(service, 'registryResource', 'createTime', 'updateTime'),
        interfaces: sorted(service.interfaces),
      })),
    ),
    policies: sorted([...policies].map(([on, bindings]) => ({ on, bindings: sorted(own(bindings)) }))),
    guardrails: guardrailFacts(dump).sort(byText),
  };
}

function engineFacts({ engines }: Dump): string[] {
  return engines.flatMap((engine) => {
    const { agentGatewayConfig = {}, ...deployment } = engine.spec.deploymentSpec ?? {};
    const rest = without(engine, 'name', 'etag', 'agentId', 'updateTime', 'createTime', 'labels', 'spec');
    const spec = { ...without(engine.spec, 'deploymentSpec'), deployment };
    return [
      ...Object.entries(agentGatewayConfig).map(([direction, to]) => `${direction} ${JSON.stringify(to)}`),
      ...Object.entries(engine.labels ?? {}).map(([label, value]) => `label ${label}=${value}`),
      `data ${JSON.stringify({ ...rest, spec })}`,
    ].map((fact) => `engine ${tail(engine.name)}: ${fact}`);
  });
}

function serviceFacts({ services }: Dump): string[] {
  return services.flatMap((service) => {
    const rest = without(service, 'name', 'registryResource', 'createTime', 'updateTime', 'interfaces');
    return [
      ...service.interfaces.map(({ url, protocolBinding }) => `${url} ${protocolBinding}`),
      ...Object.entries(rest).map(([field, value]) => `${field} ${JSON.stringify(value)}`),
    ].map((fact) => `service ${tail(service.name)}: ${fact}`);
  });
}

function policyFacts(policies: ReadonlyMap<string, readonly Binding[]>): string[] {
  return [...policies].flatMap(([on, bindings]) =>
    bindings.flatMap(({ role, members, condition }) =>
      members.map((member) => `policy of ${on}: ${role} ${JSON.stringify(condition ?? null)} ${member}`),
    ),
  );
}

/** Custom constraints field by field, and what each organization policy puts in force or on trial. */
function guardrailFacts({ customConstraints, orgPolicies }: Dump): string[] {
  const rules = (spec: Spec): string => JSON.stringify(without(spec, 'etag', 'updateTime'));
  return [
    ...customConstraints.flatMap((constraint) =>
      Object.entries(without(constraint, 'name', 'updateTime')).map(
        ([field, value]) => `constraint ${tail(constraint.name)}: ${field} ${JSON.stringify(value)}`,
      ),
    ),
    ...orgPolicies.flatMap(({ name, spec, dryRunSpec }) => [
      ...(spec ? [`organization policy ${tail(name)}: in force ${rules(spec)}`] : []),
      ...(dryRunSpec ? [`organization policy ${tail(name)}: on trial ${rules(dryRunSpec)}`] : []),
    ]),
  ];
}

/**
 * An operation that ended in an error has changed nothing. Updates of services and of custom constraints are not counted: they have
 * no etag, and one that was left on its way cannot be found again, so that the next run may write the same once more.
 */
function doneIn({ operations, services }: Dump, policyWrites: ReadonlyMap<string, number>): Map<string, number> {
  const ids = new Map(services.map(({ name, registryResource }) => [tail(registryResource), tail(name)]));
  const done = new Map<string, number>();
  const add = (what: string, times = 1): void => void done.set(what, (done.get(what) ?? 0) + times);
  for (const { name, error, metadata } of operations) {
    if (error !== undefined) continue;
    if (metadata.verb === undefined) add(`update of engine ${/reasoningEngines\/(\d+)/.exec(name)?.[1] ?? name}`);
    else if (metadata.verb !== 'update') add(`${metadata.verb} of service ${tail(metadata.target ?? '')}`);
  }
  for (const [what, times] of policyWrites) {
    const id = /\/([^/:]+):setIamPolicy$/.exec(what)?.[1];
    if (id !== undefined) add(`policy of service ${ids.get(id) ?? id}`, times);
    else if (!/^PATCH .*\/customConstraints\//.test(what)) add(what, times);
  }
  return done;
}

function twiceIn({ services }: Dump, policies: ReadonlyMap<string, readonly Binding[]>): string[] {
  const repeated = (items: readonly string[]): string[] => items.filter((item, at) => items.indexOf(item) < at);
  return [
    ...repeated(services.map(({ name }) => name)),
    ...repeated(services.flatMap(({ interfaces }) => interfaces.map(({ url }) => url))),
    ...[...policies].flatMap(([on, bindings]) => [
      ...repeated(
        bindings.flatMap((item) => item.members.map((member) => JSON.stringify({ ...item, members: member }))),
      ),
      ...repeated(bindings.map((item) => `binding of ${on} ${JSON.stringify({ ...item, members: [] })}`)),
    ]),
  ];
}
