import type { Http } from './http.js';
import type { Project } from './types.js';

/** Resource Manager: the two names of a project. */
export interface ResourceManager {
  /** Needs `resourcemanager.projects.get`; a project that is missing and one that is hidden both answer 403. */
  getProject(idOrNumber: string): Promise<Project>;
}

/** Source: Google's cloudresourcemanager v3 discovery document, revision 20260917. */
export function createResourceManager(http: Http): ResourceManager {
  return {
    getProject: (idOrNumber) =>
      http.request({ api: 'cloudresourcemanager', method: 'GET', path: `v3/projects/${idOrNumber}` }),
  };
}
