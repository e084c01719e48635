import fc from 'fast-check';
import { DIRECTIONS, type Desired, type Direction } from '../../src/config/desired.js';
import { CancelledError, ProtocolError } from '../../src/google/errors.js';
import type { AgentGatewayConfig } from '../../src/google/types.js';
import type { Stage } from './apply.js';
import { egressConfig, ingressConfig, markOf } from './builders.js';
import { aborted, apiError, notFound, reset } from './errors.js';
import type { Call, Step } from './google.js';
import { wantedGateway } from './judge.js';
import type { Snapshot } from './snapshot.js';

/** Reads of what runs write; that a poll shows an operation as it was is nothing but slow. */
const READS = /\.(?:getEngine|getPolicy|listServices)$/;
const WRITES = /\.(?:create|patch|set|delete)/;
const REGISTRATIONS = /^agentregistry\.(?:create|patch|delete)/;
const UPDATES = /^aiplatform\.patch/;
const GUARDED = /^(?:aiplatform\.patch|iap\.set)/;

/**
 * What may happen to a call, and to which. These are the answers that are left when the retries of the HTTP client are
 * used up, or that it does not retry.
 */
const KINDS = {
  unavailable: /./,
  throttled: /./,
  'token refused': /./,
  'no connection': /./,
  'lost answer': /./,
  'error after the commit': WRITES,
  'garbage after the commit': WRITES,
  'conflict 409': WRITES,
  'conflict 412': WRITES,
  'operation vanishes': /\.getOperation$/,
  'stale read': READS,
  'stale service': /^agentregistry\.getService$/,
  'registration fails': REGISTRATIONS,
  'update fails': UPDATES,
  'workflow cancelled': /./,
  /** Somebody else writes the same policy or engine between the read and the write. */
  'foreign write': GUARDED,
  /** Somebody else adds a host to a service before it is read; there is no etag that could guard a later moment. */
  'foreign host': /^agentregistry\.getService$/,
} as const;

type Kind = keyof typeof KINDS;

/** What happens, and how many calls that it could happen to are spared before. */
export interface Trouble {
  readonly kind: Kind;
  readonly after: number;
}

/** What others wrote in the course of a run. */
export interface Foreign {
  /** IAP resource and member. */
  readonly members: (readonly [string, string])[];
  /** Service ID and URL. */
  readonly hosts: (readonly [string, string])[];
  /** Engine ID and direction, bound to {@link FOREIGN_GATEWAY}. */
  readonly directions: (readonly [string, Direction])[];
}

const FOREIGN_ROLE = 'roles/iap.admin';
const FOREIGN_GATEWAY = 'foreign';

const troublesOf = (kinds: readonly Kind[], most: number): fc.Arbitrary<readonly Trouble[]> =>
  fc.array(fc.record({ kind: fc.constantFrom(...kinds), after: fc.nat(4) }), { minLength: 1, maxLength: most });

const ALL = Object.keys(KINDS) as Kind[];

/**
 * Some troubles, one after another. A registry read that lags and a host that somebody else adds are not put together:
 * a service has no etag, so a host that a read did not show cannot be kept.
 */
export const troublesArb: fc.Arbitrary<readonly Trouble[]> = fc.oneof(
  troublesOf(
    ALL.filter((kind) => kind !== 'foreign host'),
    8,
  ),
  troublesOf(
    ALL.filter((kind) => kind !== 'stale read' && kind !== 'stale service'),
    8,
  ),
  troublesOf(['stale read', 'stale service'], 8),
);

/** Others write in between, and nothing else happens. */
export const companyArb: fc.Arbitrary<readonly Trouble[]> = troublesOf(['foreign write', 'foreign host'], 6);

/** Lets it happen on a stage, from now on. */
export function brew(on: Stage, troubles: readonly Trouble[], desired: Desired): Foreign {
  const foreign: Foreign = { members: [], hosts: [], directions: [] };
  const left = troubles.map((trouble) => ({ ...trouble }));
  on.google.weather = (call) => {
    const [next] = left;
    if (!next || !KINDS[next.kind].test(call.method)) return 'pass';
    if (next.kind.startsWith('stale') && !isRepeated(call, on)) return 'pass';
    if (next.after > 0) {
      next.after -= 1;
      return 'pass';
    }
    left.shift();
    return stepOf(next.kind, call, on, desired, foreign);
  };
  return foreign;
}

/** Only what was read before can be shown as it was. */
const isRepeated = ({ method, resource }: Call, { google }: Stage): boolean =>
  google.calls.filter((call) => call.method === method && call.resource === resource).length > 1;

function stepOf(kind: Kind, call: Call, on: Stage, desired: Desired, foreign: Foreign): Step {
  switch (kind) {
    case 'unavailable':
      return apiError(503, 'UNAVAILABLE');
    case 'throttled':
      return apiError(429, 'RESOURCE_EXHAUSTED');
    case 'token refused':
      return apiError(401, 'UNAUTHENTICATED');
    case 'no connection':
      return reset();
    case 'lost answer':
      return { after: reset() };
    case 'error after the commit':
      return { after: apiError(500, 'INTERNAL') };
    case 'garbage after the commit':
      return { after: new ProtocolError('the answer makes no sense') };
    case 'conflict 409':
      return aborted();
    case 'conflict 412':
      return apiError(412, 'FAILED_PRECONDITION');
    case 'operation vanishes':
      return notFound();
    case 'stale read':
    case 'stale service':
      return 'stale';
    case 'registration fails':
      return () => void on.google.registry.operationErrors.push({ code: 13, message: 'no' });
    case 'update fails':
      return () => void on.google.engines.ends.set(call.resource, [{ code: 13, message: 'no' }]);
    case 'workflow cancelled':
      return () => on.stop(new CancelledError());
    case 'foreign write':
      return () =>
        call.method.startsWith('iap') ? writePolicy(call, on, foreign) : writeEngine(call, on, desired, foreign);
    case 'foreign host':
      return () => writeService(call, on, foreign);
  }
}

function writePolicy({ resource }: Call, { google }: Stage, { members }: Foreign): void {
  const member = `user:foreign-${members.length}@example.com`;
  const bindings = google.policies.get(resource)?.bindings ?? [];
  google.putPolicy(resource, [...bindings, { role: FOREIGN_ROLE, members: [member] }]);
  members.push([resource, member]);
}

/** Binds what the run leaves alone; where it leaves nothing alone, only the etag changes. */
function writeEngine({ resource }: Call, { google }: Stage, desired: Desired, { directions }: Foreign): void {
  const id = idOf(resource);
  // Google would refuse this while an update runs.
  if (google.engines.isBusy(id)) return;
  let config = google.engines.configOf(id);
  for (const direction of DIRECTIONS) {
    if (wantedGateway(desired, id, direction) !== undefined) continue;
    config = { ...config, ...foreignConfig(direction) };
    directions.push([id, direction]);
  }
  google.engines.setConfig(id, config);
}

/** Into a service that is not the config's own: out of that one, the next run takes what it does not know. */
function writeService({ resource }: Call, { google }: Stage, { hosts }: Foreign): void {
  const id = idOf(resource);
  const service = google.registry.get(id);
  if (!service || service.description === markOf(id)) return;
  const url = `https://foreign-${hosts.length}.example`;
  google.registry.add({ ...service, interfaces: [...(service.interfaces ?? []), { url, protocolBinding: 'GRPC' }] });
  hosts.push([id, url]);
}

/** The world as it would be if others had written the same into it. */
export function withForeign({ services, policies, engines }: Snapshot, foreign: Foreign): Snapshot {
  const granted = new Map(policies);
  for (const [path, member] of foreign.members) {
    granted.set(path, [...(granted.get(path) ?? []), { role: FOREIGN_ROLE, members: [member] }]);
  }
  const registered = new Map(services);
  for (const [id, url] of foreign.hosts) {
    const service = registered.get(id);
    if (!service) continue;
    registered.set(id, { ...service, interfaces: [...(service.interfaces ?? []), { url, protocolBinding: 'GRPC' }] });
  }
  const bound = new Map(engines);
  for (const [id, direction] of foreign.directions) bound.set(id, { ...bound.get(id), ...foreignConfig(direction) });
  return { services: registered, policies: granted, engines: bound };
}

const foreignConfig = (direction: Direction): AgentGatewayConfig =>
  (direction === 'egress' ? egressConfig : ingressConfig)(FOREIGN_GATEWAY);

const idOf = (name: string): string => name.slice(name.lastIndexOf('/') + 1);
