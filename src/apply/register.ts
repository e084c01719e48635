import { isAlreadyExists, isNotFound } from '../google/errors.js';
import { waitForOperation } from '../google/operations.js';
import type { RegistryServiceBody } from '../google/agentregistry.js';
import type { Operation, RegistryInterface } from '../google/types.js';
import { normaliseUrl } from '../plan/endpoints.js';
import type { EndpointChange } from '../plan/types.js';
import type { ApplyDeps } from './deps.js';
import { ProjectionMissing } from './errors.js';

/** How long the registry may take to show what it made of a service, in milliseconds (live reports: minutes). */
const PROJECTION_WAIT_MS = 180_000;

/**
 * Creates or updates one Agent Registry service and waits until the registry shows the resource it made of it.
 *
 * @returns the registry resource: `projects/{p}/locations/{l}/endpoints/{server-made ID}`
 * @throws ApiError, OperationError or the abort reason
 */
export async function register(change: EndpointChange, deps: ApplyDeps): Promise<string> {
  if (change.action === 'create') await create(change, deps);
  if (change.action === 'update') await update(change, deps);
  return change.registryResource ?? (await projectionOf(change.service, deps));
}

async function create(change: EndpointChange, deps: ApplyDeps): Promise<void> {
  const { parent, id } = splitName(change.service);
  const body = {
    displayName: change.displayName,
    description: fieldOf(change, 'description'),
    endpointSpec: { type: 'NO_SPEC' },
    interfaces: change.interfaces.map(({ url, protocol }) => ({ url, protocolBinding: protocol })),
  };
  try {
    await finish(await deps.google.agentregistry.createService(parent, id, body, deps.newRequestId()), change, deps);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    await takeOver(change, error, deps);
  }
}

/** Somebody, or an earlier run of ours that was cut short, was faster: bring what is there to the declared state. */
async function takeOver(change: EndpointChange, refusal: Error, deps: ApplyDeps): Promise<void> {
  try {
    await update(change, deps);
  } catch (error) {
    // No service has this ID, so the refusal was about a URL that another service has taken meanwhile.
    if (isNotFound(error)) throw refusal;
    throw error;
  }
}

/** A service has no etag, so the change is made to what is there now: an interface that appeared meanwhile stays. */
async function update(change: EndpointChange, deps: ApplyDeps): Promise<void> {
  const current = await deps.google.agentregistry.getService(change.service);
  const interfaces = applyInterfaces(current.interfaces ?? [], change);
  const fields = change.action === 'update' ? change.fields : [];
  const body: RegistryServiceBody = { interfaces };
  for (const { field, to } of fields) body[field] = to;
  const mask = ['interfaces' as const, ...fields.map(({ field }) => field)];
  if (fields.length === 0 && JSON.stringify(interfaces) === JSON.stringify(current.interfaces ?? [])) return;
  const operation = await deps.google.agentregistry.patchService(change.service, body, mask, deps.newRequestId());
  await finish(operation, change, deps);
}

/** @returns the interfaces after the planned additions, changes and removals; everything else as it is. */
export function applyInterfaces(current: readonly RegistryInterface[], change: EndpointChange): RegistryInterface[] {
  const planned = (action: 'add' | 'change' | 'remove'): Map<string, EndpointChange['interfaces'][number]> =>
    new Map(change.interfaces.filter((item) => item.action === action).map((item) => [normaliseUrl(item.url), item]));
  const [removed, changed, added] = [planned('remove'), planned('change'), planned('add')];
  const result: RegistryInterface[] = [];
  for (const item of current) {
    const url = normaliseUrl(item.url);
    const protocol = changed.get(url)?.protocol;
    changed.delete(url);
    added.delete(url);
    if (!removed.has(url)) result.push(protocol === undefined ? item : { ...item, protocolBinding: protocol });
  }
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

/** The operation's own response is not trusted, as Terraform does not: the service is read back. */
async function projectionOf(service: string, { google, clock, signal }: ApplyDeps): Promise<string> {
  const start = clock.now();
  for (let delay = 500; ; delay = Math.min(delay * 2, 10_000)) {
    const { registryResource } = await google.agentregistry.getService(service);
    if (registryResource) return registryResource;
    if (clock.now() - start > PROJECTION_WAIT_MS) {
      throw new ProjectionMissing(service, PROJECTION_WAIT_MS / 1000);
    }
    await clock.sleep(delay, signal);
  }
}

function fieldOf(change: EndpointChange, field: 'description' | 'displayName'): string {
  return change.fields.find((item) => item.field === field)?.to ?? '';
}

function splitName(service: string): { parent: string; id: string } {
  const at = service.lastIndexOf('/services/');
  return { parent: service.slice(0, at), id: service.slice(at + '/services/'.length) };
}
