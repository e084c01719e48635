import { invalid } from '../core/errors.js';
import type { Json } from '../core/json.js';
import { read, type Api, type Call } from '../core/router.js';
import type { State } from '../state/state.js';
import type { Project } from '../state/types.js';

const SERVICE = 'serviceusage.googleapis.com';
const MAX_NAMES = 30;

/** Which APIs are enabled; batchGet takes at most 30 names (Service Usage discovery document). */
export const serviceusage: Api = {
  name: 'serviceusage',
  service: SERVICE,
  versions: ['v1'],
  routes: [
    read('projects/{project}/services:batchGet', batchGet, ['names']),
    read('projects/{project}/services/{service}', getService),
  ],
};

function batchGet(call: Call, state: State): Json {
  const project = readable(call, state);
  const names = call.query.getAll('names');
  if (names.length > MAX_NAMES) throw invalid(`A batch may have at most ${MAX_NAMES} names.`, 'names');
  const services = names.map((name) => {
    const [, parent, service] = /^projects\/([^/]+)\/services\/([^/]+)$/.exec(name) ?? [];
    if (service === undefined || state.findProject(parent ?? '') !== project) {
      throw invalid(`Service name '${name}' does not match the parent projects/${project.id}.`, 'names');
    }
    return serviceJson(project, service);
  });
  return services.length > 0 ? { services } : {};
}

function getService(call: Call, state: State): Json {
  return serviceJson(readable(call, state), call.param('service'));
}

function readable(call: Call, state: State): Project {
  const project = state.project(call.param('project'));
  state.need('serviceusage.services.get', `projects/${project.id}`, SERVICE);
  return project;
}

function serviceJson(project: Project, service: string): Json {
  const parent = `projects/${project.number}`;
  const state = project.disabledApis.has(service) ? 'DISABLED' : 'ENABLED';
  return { name: `${parent}/services/${service}`, parent, state, config: { name: service } };
}
