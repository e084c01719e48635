import { ApiError } from '../../src/google/errors.js';
import type { Fetch, FetchInit } from '../../src/google/transport.js';
import type { RegistryServiceBody } from '../../src/google/agentregistry.js';
import type { AgentGatewayConfig, IamPolicy } from '../../src/google/types.js';
import type { FakeGoogle } from './google.js';

interface Request {
  readonly method: string;
  /** Below the version. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Record<string, unknown>;
}

type Route = (request: Request, google: FakeGoogle) => Promise<unknown>;

const aiplatform: Route = async ({ method, path, query, body }, { aiplatform: api }) => {
  if (method === 'PATCH') {
    const { spec, etag } = body as {
      spec: { deploymentSpec: { agentGatewayConfig: AgentGatewayConfig } };
      etag?: string;
    };
    return api.patchGatewayConfig(path, spec.deploymentSpec.agentGatewayConfig, etag);
  }
  if (path.endsWith(':testIamPermissions')) {
    return { permissions: await api.testPermissions(path.split(':')[0] ?? '', query.getAll('permissions')) };
  }
  if (path.endsWith('/reasoningEngines'))
    return { reasoningEngines: await api.listEngines(path.split('/')[1] ?? '', '') };
  if (path.endsWith('/operations')) return { operations: await api.listOperations(path.replace(/\/operations$/, '')) };
  return path.includes('/operations/') ? api.getOperation(path) : api.getEngine(path);
};

const agentregistry: Route = async ({ method, path, query, body }, { agentregistry: api }) => {
  const requestId = query.get('requestId') ?? '';
  const [, project = '', , location = ''] = path.split('/');
  if (method === 'POST') {
    return api.createService(path.replace(/\/services$/, ''), query.get('serviceId') ?? '', body, requestId);
  }
  if (method === 'PATCH') {
    const mask = (query.get('updateMask') ?? '').split(',') as (keyof RegistryServiceBody)[];
    return api.patchService(path, body, mask, requestId);
  }
  if (method === 'DELETE') return api.deleteService(path, requestId);
  if (path.endsWith('/services')) return { services: await api.listServices(project, location) };
  return path.includes('/operations/') ? api.getOperation(path) : api.getService(path);
};

const iap: Route = ({ path, body }, { iap: api }) => {
  const [resource = '', verb] = path.split(':');
  if (verb === 'testIamPermissions') {
    return api.testPermissions(resource, body.permissions as string[]).then((permissions) => ({ permissions }));
  }
  return verb === 'setIamPolicy' ? api.setPolicy(resource, body.policy as IamPolicy) : api.getPolicy(resource);
};

const ROUTES: Readonly<Record<string, Route>> = {
  'us-central1-aiplatform': aiplatform,
  agentregistry,
  iap,
  networkservices: ({ path }, { networkservices: api }) =>
    path.includes('/authzExtensions/') ? api.getAuthzExtension(path) : api.getGateway(path),
  networksecurity: async ({ path }, { networksecurity: api }) => ({
    authzPolicies: await api.listAuthzPolicies(path.split('/')[1] ?? '', path.split('/')[3] ?? ''),
  }),
  cloudresourcemanager: async ({ path, body }, { resourcemanager: api }) => {
    const [project = '', verb] = (path.split('/')[1] ?? '').split(':');
    if (verb === undefined) return api.getProject(project);
    return { permissions: await api.testPermissions(project, body.permissions as string[]) };
  },
};

async function answer(url: URL, init: FetchInit, google: FakeGoogle): Promise<{ status: number; json: unknown }> {
  const route = ROUTES[url.hostname.replace('.googleapis.com', '')];
  if (!route) throw new Error(`no route to ${url.href}`);
  const body = init.body === undefined ? {} : (JSON.parse(init.body) as Record<string, unknown>);
  const path = decodeURIComponent(url.pathname).replace(/^\/v\w+\//, '');
  try {
    return { status: 200, json: await route({ method: init.method, path, query: url.searchParams, body }, google) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { status, rpcStatus, googleMessage, details } = error;
    return { status, json: { error: { code: status, status: rpcStatus, message: googleMessage, details } } };
  }
}

/** The fake Google Cloud behind a fetch, for what is tested from its inputs on. */
export function fetchOf(google: FakeGoogle): Fetch {
  return async (url, init) => {
    const { status, json } = await answer(new URL(url), init, google);
    return { status, headers: { get: () => null }, text: () => Promise.resolve(JSON.stringify(json)) };
  };
}
