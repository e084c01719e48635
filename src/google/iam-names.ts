import { parseResourceName, ResourceNameError, type ProjectRef } from './names.js';

/**
 * Names of IAM's access policies and their bindings. They live in a project, a folder or an organization, and always in the
 * location `global` (google.iam.v3; no other location is documented).
 */
export interface IamResourceName {
  readonly parent: { readonly kind: 'projects' | 'folders' | 'organizations'; readonly id: string };
  readonly id: string;
}

export type IamCollection = 'accessPolicies' | 'policyBindings';

/** @returns the parts of `{parent}/locations/global/{collection}/{id}`, or undefined for anything else */
export function parseIamName(name: string, collection: IamCollection): IamResourceName | undefined {
  const [, kind, rest = ''] = /^(projects|folders|organizations)\/(.*)$/s.exec(name) ?? [];
  const parsed = parseResourceName(`projects/${rest}`, collection);
  if (parsed?.location !== 'global' || !isKind(kind)) return undefined;
  return { parent: { kind, id: parsed.project }, id: parsed.id };
}

/** @throws ResourceNameError when a part is empty or holds what no name has */
export function formatIamName({ parent, id }: IamResourceName, collection: IamCollection): string {
  const name = `${parent.kind}/${parent.id}/locations/global/${collection}/${id}`;
  if (!parseIamName(name, collection)) throw new ResourceNameError(`"${name}" names none of the ${collection}.`);
  return name;
}

/** @returns the name of a policy or binding of a project, by the project's ID as the console and gcloud show it */
export function projectIamName(project: ProjectRef, collection: IamCollection, id: string): string {
  return formatIamName({ parent: { kind: 'projects', id: project.id }, id }, collection);
}

/** @returns true when both are the same resource; of the given project either name will do */
export function sameIamName(a: string, b: string, collection: IamCollection, project: ProjectRef): boolean {
  const key = (name: string): string => {
    const parsed = parseIamName(name, collection);
    if (!parsed) return name;
    const { kind, id } = parsed.parent;
    return `${kind}/${kind === 'projects' && id === project.number ? project.id : id}/${parsed.id}`;
  };
  return key(a) === key(b);
}

const TARGET = '//cloudresourcemanager.googleapis.com/projects/';

/**
 * A project as the target of a binding. Only the form with the number is documented for a search.
 * @throws ResourceNameError when it is no project number
 */
export function projectTarget({ number }: Pick<ProjectRef, 'number'>): string {
  if (!/^\d+$/.test(number)) throw new ResourceNameError(`"${number}" is not a project number.`);
  return `${TARGET}${number}`;
}

/** @returns true when a binding's target is this project, by number or ID */
export function isProjectTarget(target: string | undefined, { id, number }: ProjectRef): boolean {
  return target === `${TARGET}${number}` || target === `${TARGET}${id}`;
}

const isKind = (kind: string | undefined): kind is IamResourceName['parent']['kind'] =>
  kind === 'projects' || kind === 'folders' || kind === 'organizations';
