import { report, type Context, type Said, type ScopeSoFar } from './context.js';
import type { EngineSelector } from './desired.js';
import { quote } from './problems.js';
import { isLocation, isProject, mayBeSameProject } from './scope.js';

const FORMS =
  'Write a display name, an ID, projects/PROJECT/locations/REGION/reasoningEngines/ID, or all for every engine of the scope.';

/** IDs are numbers of 64 bits (all that are known have 19 digits), and display names a line of text. */
const MOST_DIGITS = 20;
const LONGEST_NAME = 500;

/** What one entry says which engines are meant; `undefined` and a problem when it cannot be any in this scope. */
export function readSelector(context: Context, { text, origin }: Said, scope: ScopeSoFar): EngineSelector | undefined {
  if (text.trim() === '') {
    report(context, origin, 'The engine is empty.', FORMS);
    return undefined;
  }
  if (/[\p{Cc}\p{Cs}]/u.test(text)) {
    report(context, origin, `${quote(text)} holds control characters, and is no name or ID of an engine.`, FORMS);
    return undefined;
  }
  if (/^\d+$/.test(text) ? text.length > MOST_DIGITS : text.length > LONGEST_NAME) {
    report(context, origin, `${quote(text)} is longer than any name or ID of an engine.`, FORMS);
    return undefined;
  }
  if (text === 'all') return { kind: 'all', origin };
  if (/^\d+$/.test(text)) return { kind: 'id', id: text, text, origin };
  if (!text.startsWith('projects/') && !text.includes('/reasoningEngines/'))
    return { kind: 'displayName', text, origin };
  const [, project, location, id] =
    /^projects\/([^/]+)\/locations\/([^/]+)\/reasoningEngines\/(\d{1,20})$/.exec(text) ?? [];
  if (
    project === undefined ||
    location === undefined ||
    id === undefined ||
    !isProject(project) ||
    !isLocation(location)
  ) {
    report(context, origin, `${quote(text)} is not the resource name of an engine.`, FORMS);
    return undefined;
  }
  const before = context.problems.length;
  if (scope.region !== undefined && location !== scope.region) {
    const message = `The engine ${quote(id)} is in ${quote(location)}, but the region of this run is ${quote(scope.region)}.`;
    report(context, origin, message, 'One run is about one project and region: remove it here, or set the region.');
  }
  if (scope.project !== undefined && !mayBeSameProject(project, scope.project)) {
    const message = `The engine ${quote(id)} is in project ${quote(project)}, but the project of this run is ${quote(scope.project)}.`;
    report(context, origin, message, 'One run is about one project and region: remove it here, or set the project.');
  }
  return context.problems.length > before ? undefined : { kind: 'name', project, id, text, origin };
}
