import type { Shape } from './answer.js';
import { mayBeSameProject } from './known-projects.js';
import { parseRegistryResource, parseResourceName, type ResourceName } from './names.js';

/*
 * Later requests are built from the names in answers, and writes among them: an answer that names what lies elsewhere would
 * lead there. So each name is held against what was asked for.
 */

/** What a request was about: a whole collection, or one resource of it. */
export type Asked = Omit<ResourceName, 'id'> & { readonly id?: string };

/** @returns a shape that checks the answer and then, when nothing is wrong so far, the names in it */
export const withNames =
  (shape: Shape, names: Shape): Shape =>
  (answer) =>
    shape(answer) ?? names(answer);

/** @returns a check of one answer's `name` */
export const nameIs =
  (collection: string, asked: Asked): Shape =>
  (answer) =>
    nameProblem(answer.name, collection, asked);

/** @returns a check of the name of every item in a list */
export const namesAre =
  (field: string, collection: string, asked: Asked, more: Shape = () => undefined): Shape =>
  (answer) => {
    const items = (answer[field] ?? []) as Readonly<Record<string, unknown>>[];
    for (const [index, item] of items.entries()) {
      const problem = nameProblem(item.name, collection, asked) ?? more(item);
      if (problem !== undefined) return `${field}.${index}.${problem}`;
    }
    return undefined;
  };

/** @returns a check of a service's `registryResource`; what is of no known kind is left to whoever would use it */
export const resourceIsIn =
  (asked: Asked): Shape =>
  ({ registryResource }) => {
    const found = typeof registryResource === 'string' ? parseRegistryResource(registryResource) : undefined;
    return found && !isIn(found, asked) ? `registryResource: ${elsewhere(registryResource, asked)}` : undefined;
  };

function nameProblem(name: unknown, collection: string, asked: Asked): string | undefined {
  const found = typeof name === 'string' ? parseResourceName(name, collection) : undefined;
  if (found === undefined) return `name: ${shown(name)} is not the name of one of the ${collection}`;
  if (!isIn(found, asked)) return `name: ${elsewhere(name, asked)}`;
  return asked.id === undefined || asked.id === found.id ? undefined : `name: ${shown(name)} is not ${asked.id}`;
}

const isIn = (found: ResourceName, { project, location }: Asked): boolean =>
  found.location === location && mayBeSameProject(found.project, project);

const elsewhere = (name: unknown, { project, location }: Asked): string =>
  `${shown(name)} is not in projects/${project}/locations/${location}`;

const shown = (name: unknown): string => (typeof name === 'string' ? JSON.stringify(name.slice(0, 200)) : 'nothing');
