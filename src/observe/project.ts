import { isApiDisabled, isPermissionDenied } from '../google/errors.js';
import type { Google } from '../google/index.js';
import { parseEngineName, projectRefOf, type ProjectRef } from '../google/names.js';

/** A project as declared, to be completed with its number. */
export interface ProjectReading {
  /**
   * @param engineNames names of engines in this project; aiplatform answers with the project number in them
   * @throws ApiError when the project could not be read and nothing else tells its number
   */
  resolve(engineNames: readonly string[]): ProjectRef;
}

/**
 * Reads the ID and number of a project. Deployers often lack `resourcemanager.projects.get`; then the number that
 * aiplatform puts into engine names does as well.
 */
export async function readProject(project: string, google: Google): Promise<ProjectReading> {
  try {
    const ref = projectRefOf(await google.resourcemanager.getProject(project));
    return { resolve: () => ref };
  } catch (error) {
    // A number alone will not do: gateways are written with the project's ID.
    if (!(isPermissionDenied(error) || isApiDisabled(error)) || /^\d+$/.test(project)) throw error;
    return {
      resolve: (engineNames) => {
        const number = engineNames
          .map((name) => parseEngineName(name)?.project)
          .find((part) => /^\d+$/.test(part ?? ''));
        if (number === undefined) throw error;
        return { id: project, number };
      },
    };
  }
}
