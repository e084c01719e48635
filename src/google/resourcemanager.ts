import type { Http } from './http.js';
import { SHAPES } from './shapes.js';
import type { Project } from './types.js';

/** Resource Manager: the two names of a project. */
export interface ResourceManager {
  /** Needs `resourcemanager.projects.get`; a project that is missing and one that is hidden both answer 403. */
  getProject(idOrNumber: string): Promise<Project>;
  /** @returns those of the permissions that the caller holds on the project; needs no permission itself */
  testPermissions(project: string, permissions: readonly string[]): Promise<readonly string[]>;
}

/** Source: Google's cloudresourcemanager v3 discovery document, revision 20260917. */
export function createResourceManager(http: Http): ResourceManager {
  return {
    getProject: (idOrNumber) =>
      http.request({
        api: 'cloudresourcemanager',
        method: 'GET',
        path: `v3/projects/${idOrNumber}`,
        shape: (answer) => SHAPES.project(answer) ?? otherProject(answer, idOrNumber),
      }),
    testPermissions: async (project, permissions) => {
      const answer = await http.request<{ permissions?: string[] }>({
        api: 'cloudresourcemanager',
        method: 'POST',
        path: `v3/projects/${project}:testIamPermissions`,
        body: { permissions },
        // A POST that only asks; it is a courtesy, so a server with problems is not waited for.
        retry: 'throttled',
        shape: SHAPES.permissions,
      });
      return answer.permissions ?? [];
    },
  };
}

/** Everything else is addressed with the names in this answer: they must be those of the project that was asked for. */
function otherProject({ name, projectId }: Readonly<Record<string, unknown>>, asked: string): string | undefined {
  const number = /^projects\/([1-9]\d*)$/.exec(String(name))?.[1];
  const isId = /^(?:[a-z\d.-]+:)?[a-z][a-z\d-]*$/.test(String(projectId));
  if (number !== undefined && isId && [number, projectId].includes(asked)) return undefined;
  return `name, projectId: ${JSON.stringify([name, projectId]).slice(0, 200)} is not project ${asked}`;
}
