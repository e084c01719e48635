import type { Shape } from './answer.js';
import { nameIs, namesAre, resourceIsIn, withNames } from './answered-names.js';
import type { Http } from './http.js';
import { formatLocation, formatServiceName, parseServiceName, ResourceNameError, type ResourceName } from './names.js';
import { listAll } from './pages.js';
import { SHAPES } from './shapes.js';
import type { Operation, RegistryService } from './types.js';

/** What a service is created from or patched with; its name is in the request. */
export type RegistryServiceBody = Omit<RegistryService, 'name' | 'registryResource' | 'createTime'>;

/**
 * Agent Registry. Services are all that can be written; the registry projects each into a read-only endpoint, agent or MCP server.
 * `requestId` is a UUID: sending a write again with the same one within the hour does it once.
 */
export interface AgentRegistry {
  /** All pages. Google's list filters are not relied on. */
  listServices(project: string, location: string): Promise<RegistryService[]>;
  getService(name: string): Promise<RegistryService>;
  /** @param parent `projects/{p}/locations/{l}` */
  createService(parent: string, id: string, body: RegistryServiceBody, requestId: string): Promise<Operation>;
  /** @param updateMask the fields of `body` to write, such as `['displayName', 'interfaces']`; never empty, or all would be overwritten */
  patchService(
    name: string,
    body: RegistryServiceBody,
    updateMask: readonly (keyof RegistryServiceBody)[],
    requestId: string,
  ): Promise<Operation>;
  /** The projection goes with the service, and so does its IAP policy; a service of that name made anew gets another ID. */
  deleteService(name: string, requestId: string): Promise<Operation>;
  getOperation(name: string): Promise<Operation>;
}

const VERSION = 'v1';

/** Source: Google's agentregistry discovery document, revision 20260904. */
export function createAgentRegistry(http: Http): AgentRegistry {
  const getOne = <T>(path: string, shape: Shape): Promise<T> =>
    http.request<T>({ api: 'agentregistry', method: 'GET', path: `${VERSION}/${path}`, shape });

  return {
    listServices: (project, location) =>
      listAll<RegistryService>(http, {
        api: 'agentregistry',
        path: `${VERSION}/${formatLocation(project, location)}/services`,
        field: 'services',
        shape: withNames(
          SHAPES.services,
          namesAre('services', 'services', { project, location }, resourceIsIn({ project, location })),
        ),
      }),
    getService: async (name) => {
      const asked = serviceNameOf(name);
      return getOne(name, withNames(withNames(SHAPES.service, nameIs('services', asked)), resourceIsIn(asked)));
    },
    createService: (parent, id, body, requestId) =>
      http.request({
        api: 'agentregistry',
        method: 'POST',
        path: `${VERSION}/${parent}/services`,
        query: { serviceId: id, requestId },
        body,
        retry: 'always',
        shape: SHAPES.operation,
      }),
    patchService: (name, body, updateMask, requestId) => {
      if (updateMask.length === 0) throw new RangeError('A patch without a mask overwrites every field.');
      return http.request({
        api: 'agentregistry',
        method: 'PATCH',
        path: `${VERSION}/${name}`,
        query: { updateMask: updateMask.join(','), requestId },
        body,
        retry: 'always',
        shape: SHAPES.operation,
      });
    },
    deleteService: async (name, requestId) =>
      http.request({
        api: 'agentregistry',
        method: 'DELETE',
        path: `${VERSION}/${formatServiceName(serviceNameOf(name))}`,
        query: { requestId },
        retry: 'always',
        shape: SHAPES.operation,
      }),
    getOperation: (name) => getOne(name, SHAPES.operation),
  };
}

/** @throws ResourceNameError for anything but the full name of one service */
function serviceNameOf(name: string): ResourceName {
  const parsed = parseServiceName(name);
  if (parsed === undefined) throw new ResourceNameError(`"${name}" is not the full name of a service.`);
  return parsed;
}
