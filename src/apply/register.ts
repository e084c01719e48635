import { isAlreadyExists } from '../google/errors.js';
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
    // Somebody, or an earlier run of ours that was cut short, was faster: bring what is there to the declared state.
    if (!isAlreadyExists(error)) throw error;
    await update(change, deps);
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

/** @returns the interfaces after the planned additions, changes and removals. */
export function applyInterfaces(current: readonly RegistryInterface[], change: EndpointChange): RegistryInterface[] {
  const planned = new Map(change.interfaces.map((item) => [normaliseUrl(item.url), item]));
  const result: RegistryInterface[] = [];
  for (const item of current) {
    const plan = planned.get(normaliseUrl(item.url));
    planned.delete(normaliseUrl(item.url));
    if (plan?.action === 'remove') continue;
    result.push(plan?.action === 'change' ? { ...item, protocolBinding: plan.protocol } : item);
  }
  for (const { action, url, protocol } of planned.values()) {
    if (action === 'add') result.push({ url, protocolBinding: protocol });
  }
  return result;
}

async function finish(operation: Operation, change: EndpointChange, deps: ApplyDeps): Promise<void> {
  if (operation.done === true && !operation.error) return;
  const done = deps.progress.waiting(change.key, 'being registered');
  try {
    await waitForOperation({
      name: operation.name,
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
