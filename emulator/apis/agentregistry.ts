import { read, patch, post, remove, type Api } from '../core/router.js';
import { operationRoutes } from './operations.js';
import { getEntry, listEntries, searchEntries } from './registry-entries.js';
import { createService, deleteService, getService, listServices, patchService } from './registry-services.js';

const PLACE = 'projects/{project}/locations/{location}';
const LIST = ['filter', 'pageSize', 'pageToken'];

/** Agent Registry: services can be written; endpoints, agents and MCP servers are read-only projections (discovery document). */
export const agentregistry: Api = {
  name: 'agentregistry',
  service: 'agentregistry.googleapis.com',
  versions: ['v1', 'v1alpha'],
  routes: [
    read(`${PLACE}/services`, listServices, LIST),
    read(`${PLACE}/services/{service}`, getService),
    post(`${PLACE}/services`, createService, ['serviceId', 'requestId']),
    patch(`${PLACE}/services/{service}`, patchService, ['updateMask', 'requestId']),
    remove(`${PLACE}/services/{service}`, deleteService, ['requestId']),
    read(`${PLACE}/endpoints`, (call, state) => listEntries(call, state, 'endpoints'), LIST),
    read(`${PLACE}/endpoints/{entry}`, (call, state) => getEntry(call, state, 'endpoints')),
    read(`${PLACE}/agents`, (call, state) => listEntries(call, state, 'agents'), [...LIST, 'orderBy']),
    read(`${PLACE}/agents/{entry}`, (call, state) => getEntry(call, state, 'agents')),
    post(`${PLACE}/agents:search`, (call, state) => searchEntries(call, state, 'agents'), [], false),
    read(`${PLACE}/mcpServers`, (call, state) => listEntries(call, state, 'mcpServers'), [...LIST, 'orderBy']),
    read(`${PLACE}/mcpServers/{entry}`, (call, state) => getEntry(call, state, 'mcpServers')),
    post(`${PLACE}/mcpServers:search`, (call, state) => searchEntries(call, state, 'mcpServers'), [], false),
    ...operationRoutes('agentregistry'),
  ],
};
