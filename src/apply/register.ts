import { isAlreadyExists, isConflict, isNotFound, isUncertain, OperationError } from '../google/errors.js';
import { waitForOperation } from '../google/operations.js';
import type { RegistryServiceBody } from '../google/agentregistry.js';
import type { Operation, RegistryInterface, RegistryService } from '../google/types.js';
import { normaliseUrl } from '../plan/serving.js';
import { redactUrl } from '../redact.js';
import type { EndpointChange } from '../plan/types.js';
import type { ApplyDeps } from './deps.js';
import { InterfacesLost, ProjectionMissing, ServiceTaken } from './errors.js';
import { patiently, pauseAfter } from './patience.js';

/** How long the registry may take to show what it made of a service, in milliseconds (live reports: minutes). */
const PROJECTION_WAIT_MS = 180_000;

/** Rounds of read, merge, write and read back when others keep writing the same service. */
const MAX_ROUNDS = 5;
/** How long a service that "already exists" may take to be readable: its creation may still be running. */
const UNREADABLE_MS = 60_000;
/** How long a read may lag behind a write, in milliseconds. */
const READ_LAG_MS = 10_000;

/** `add` comes before anybody is bound, `remove` after everybody who leaves has left. */
export type Phase = 'add' | 'remove';

/**
 * Takes out of a service what the plan takes out of it, and puts back what was added and is gone again: another run that
 * had read the service before our write may have written it after we had read that back.
 */
export async function complete(change: EndpointChange, deps: ApplyDeps): Promise<void> {
  await update(change, 'remove', deps);
}

export interface Registered {
  /** `projects/{p}/locations/{l}/endpoints/{server-made ID}` */
  readonly resource: string;
  /** It was there before this run wrote it, so others may be writing it at the same time. */
  readonly isShared: boolean;
}

/**
 * Creates or updates one Agent Registry service and waits until the registry shows the resource it made of it.
 *
 * @throws ApiError, OperationError, ServiceTaken, InterfacesLost, ProjectionMissing or the abort reason
 */
export async function register(change: EndpointChange, deps: ApplyDeps): Promise<Registered> {
  const wasThere = change.action === 'create' && (await create(change, deps)) === 'was there';
  if (change.action === 'update') await update(change, 'add', deps);
  const resource = change.registryResource ?? (await projectionOf(change.service, deps));
  return { resource, isShared: wasThere || change.action === 'update' };
}

async function create(change: EndpointChange, deps: ApplyDeps): Promise<'created' | 'was there'> {
  const { parent, id } = splitName(change.service);
  const body = {
    displayName: change.displayName,
    description: fieldOf(change, 'description'),
    endpointSpec: { type: 'NO_SPEC' },
    interfaces: change.interfaces.map(({ url, protocol }) => ({ url, protocolBinding: protocol })),
  };
  const attempt = async (): Promise<void> =>
    finish(await deps.google.agentregistry.createService(parent, id, body, deps.newRequestId()), change, deps);
  try {
    await unlessConflict(attempt, change, deps);
    return 'created';
  } catch (error) {
    const mayExist = isAlreadyExists(error) || isAlreadyExistsOperation(error) || isUncertain(error);
    if (!(error instanceof Error) || !mayExist) throw error;
    // Somebody, or an earlier run of ours that was cut short, was faster; or nobody said how the creation ended. Bring
    // what is there to the declared state.
    await readTaken(change, error, deps);
    await update(change, 'add', deps);
    return 'was there';
  }
}

/** Tries again what was refused because somebody else writes at the same time: then nothing was done. */
async function unlessConflict(attempt: () => Promise<void>, change: EndpointChange, deps: ApplyDeps): Promise<void> {
  for (let round = 1; ; round += 1) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (!isConflict(error) || round === MAX_ROUNDS) throw error;
      deps.progress.step(change.key, 'somebody else is writing the registry, trying again');
      await pauseAfter(error, deps.random() * Math.min(1000 * 2 ** round, 30_000), deps);
    }
  }
}

/** @throws the refusal when no service has this ID: then it was about a URL that another service has taken meanwhile */
async function readTaken(change: EndpointChange, refusal: Error, deps: ApplyDeps): Promise<void> {
  const attempt = (): Promise<RegistryService | undefined> => serviceIfAny(change.service, deps);
  const found = await patiently(attempt, { longestPauseMs: 10_000, forMs: UNREADABLE_MS }, deps);
  if (!found) throw refusal;
}

async function serviceIfAny(service: string, { google }: ApplyDeps): Promise<RegistryService | undefined> {
  try {
    return await google.agentregistry.getService(service);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * A service has no etag, and its interfaces are written as a whole: the change is made to what is there now, and read back,
 * so that two runs that write at the same time both get their hosts in.
 */
async function update(change: EndpointChange, phase: Phase, deps: ApplyDeps): Promise<void> {
  for (let round = 1; round <= MAX_ROUNDS; round += 1) {
    const current = await deps.google.agentregistry.getService(change.service);
    if (current.agentSpec ?? current.mcpServerSpec) throw new ServiceTaken(change.service);
    const { body, mask } = patchOf(change, current, phase);
    if (mask.length === 0) return;
    try {
      const id = deps.newRequestId();
      await finish(await deps.google.agentregistry.patchService(change.service, body, mask, id), change, deps);
      if (await isWritten(change, phase, deps)) return;
    } catch (error) {
      if (!isConflict(error) && (!isUncertain(error) || round === MAX_ROUNDS)) throw error;
      const why = isConflict(error) ? 'somebody else is writing this service' : 'nobody said how the update ended';
      deps.progress.step(change.key, `${why}, reading it again`);
      await pauseAfter(error, deps.random() * Math.min(1000 * 2 ** round, 30_000), deps);
    }
  }
  throw new InterfacesLost(change.service);
}

/** A read may lag behind the write for a moment; what is still missing after that was overwritten by somebody else. */
async function isWritten(change: EndpointChange, phase: Phase, deps: ApplyDeps): Promise<boolean> {
  const attempt = async (): Promise<true | undefined> => {
    const current = await deps.google.agentregistry.getService(change.service);
    return patchOf(change, current, phase).mask.length === 0 ? true : undefined;
  };
  return (await patiently(attempt, { longestPauseMs: 4_000, forMs: READ_LAG_MS }, deps)) ?? false;
}

/** What still has to be written; nothing when the service is as planned. */
function patchOf(
  change: EndpointChange,
  current: RegistryService,
  phase: Phase,
): { body: RegistryServiceBody; mask: (keyof RegistryServiceBody)[] } {
  const body: RegistryServiceBody = {};
  const interfaces = applyInterfaces(current.interfaces ?? [], change, phase);
  if (JSON.stringify(interfaces) !== JSON.stringify(current.interfaces ?? [])) body.interfaces = interfaces;
  // A service that was there although it was to be created keeps its names.
  const fields = change.action === 'update' && phase === 'add' ? change.fields : [];
  for (const { field, to } of fields) if (current[field] !== to) body[field] = to;
  return { body, mask: Object.keys(body) as (keyof RegistryServiceBody)[] };
}

/** google.rpc.Code of an operation that found its resource in place. */
const ALREADY_EXISTS = 6;

function isAlreadyExistsOperation(error: unknown): boolean {
  return error instanceof OperationError && error.code === ALREADY_EXISTS;
}

/**
 * What was added is added once more where it is missing when something is taken out: a read that lags may not show it, and
 * all interfaces are written.
 *
 * @returns the interfaces after the planned changes of a phase; everything else as it is
 */
export function applyInterfaces(
  current: readonly RegistryInterface[],
  change: EndpointChange,
  phase: Phase,
): RegistryInterface[] {
  const planned = (action: 'add' | 'change' | 'remove'): Map<string, EndpointChange['interfaces'][number]> =>
    new Map(change.interfaces.filter((item) => item.action === action).map((item) => [normaliseUrl(item.url), item]));
  const [changed, added, removed] = [planned('change'), planned('add'), planned('remove')];
  const isKept = ({ url }: RegistryInterface): boolean => phase === 'add' || !removed.has(normaliseUrl(redactUrl(url)));
  const result = current.filter(isKept).map((item) => {
    const url = normaliseUrl(item.url);
    const protocol = changed.get(url)?.protocol;
    changed.delete(url);
    added.delete(url);
    return protocol === undefined ? item : { ...item, protocolBinding: protocol };
  });
  return [...result, ...[...added.values()].map(({ url, protocol }) => ({ url, protocolBinding: protocol }))];
}

async function finish(operation: Operation, change: EndpointChange, deps: ApplyDeps): Promise<void> {
  const done = deps.progress.waiting(change.key, 'being registered');
  try {
    await waitForOperation({
      name: operation.name,
      started: operation,
      get: () => deps.google.agentregistry.getOperation(operation.name),
      clock: deps.clock,
      signal: deps.signal,
    });
  } finally {
    done();
  }
}

/**
 * The operation's own response is not trusted, as Terraform does not: the service is read back. It may not even be found for a
 * moment: a read may lag behind, and an operation that could not be found counts as ended while it may still run.
 */
async function projectionOf(service: string, deps: ApplyDeps): Promise<string> {
  const attempt = async (): Promise<string | undefined> =>
    (await serviceIfAny(service, deps))?.registryResource || undefined;
  const found = await patiently(attempt, { longestPauseMs: 10_000, forMs: PROJECTION_WAIT_MS }, deps);
  if (found === undefined) throw new ProjectionMissing(service, PROJECTION_WAIT_MS / 1000);
  return found;
}

function fieldOf(change: EndpointChange, field: 'description' | 'displayName'): string {
  return change.fields.find((item) => item.field === field)?.to ?? '';
}

function splitName(service: string): { parent: string; id: string } {
  const at = service.lastIndexOf('/services/');
  return { parent: service.slice(0, at), id: service.slice(at + '/services/'.length) };
}
