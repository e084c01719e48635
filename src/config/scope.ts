import { isKnownRegion, isMultiRegion, MULTI_REGIONS, REGIONS } from '../google/regions.js';
import { fileHas, fromInput, report, type Context, type Said, type ScopeSoFar } from './context.js';
import { inputOrigin, nearest, quote } from './problems.js';

const PROJECT_ID = /^(?:[a-z][a-z0-9.-]*\.[a-z]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/;
const PROJECT_NUMBER = /^[1-9][0-9]{0,18}$/;
const LOCATION = /^[a-z][a-z0-9-]{0,61}[a-z0-9]$/;

/** Whether the text is a project ID, with or without a domain in front, or a project number. */
export function isProject(text: string): boolean {
  return isProjectNumber(text) || PROJECT_ID.test(text);
}

/** Whether the text is a project number. */
export function isProjectNumber(text: string): boolean {
  return PROJECT_NUMBER.test(text);
}

/** Whether the text has the form of a location, known or not. */
export function isLocation(text: string): boolean {
  return LOCATION.test(text);
}

/** False only when two names cannot be the same project: an ID and a number may be. */
export function mayBeSameProject(a: string, b: string): boolean {
  return a === b || isProjectNumber(a) !== isProjectNumber(b);
}

/** The scope of the run: inputs first, then the file, then what the environment says. */
export function readScope(context: Context, defaults: { readonly project?: string }): ScopeSoFar {
  const project = readProject(context, defaults.project);
  const region = readRegion(context);
  return {
    universe: context.universe,
    ...(project === undefined ? {} : { project }),
    ...(region === undefined ? {} : { region }),
  };
}

/** Whether an input or the file says something about the project, right or wrong. */
export function namesProject(context: Context): boolean {
  return fromInput(context, 'project_id') !== undefined || fileHas(context, 'project') || context.unreadable;
}

function readProject(context: Context, fallback: string | undefined): string | undefined {
  const said = fromInput(context, 'project_id') ?? projectOfFile(context);
  if (said === undefined && (fileHas(context, 'project') || context.unreadable)) return undefined;
  const origin = said?.origin ?? inputOrigin('project_id');
  const text = said?.text ?? fallback?.trim() ?? '';
  if (text === '') {
    report(
      context,
      origin,
      'There is no project.',
      'Give the input project_id, or "project" in the desired-state file, or set GOOGLE_CLOUD_PROJECT (google-github-actions/auth does, where the credentials name a project).',
    );
    return undefined;
  }
  if (isProject(text)) return text;
  const source = said === undefined ? ', which the environment or the credentials give,' : '';
  report(
    context,
    origin,
    `${quote(text)}${source} is not a project ID or number.`,
    'Write the ID alone (6 to 30 lower-case letters, digits and hyphens, such as acme-agents) or the number.',
  );
  return undefined;
}

function projectOfFile({ file }: Context): Said | undefined {
  if (file?.value.project === undefined) return undefined;
  // As it stands in the file: 0123 is a number to YAML, but no project.
  const text = typeof file.value.project === 'number' ? file.source(['project']) : file.value.project;
  return { text: (text ?? '').trim(), origin: file.locate(['project']) };
}

function readRegion(context: Context): string | undefined {
  const { file } = context;
  const said =
    fromInput(context, 'region') ??
    (file?.value.region === undefined
      ? undefined
      : { text: file.value.region.trim(), origin: file.locate(['region']) });
  if (said === undefined) {
    if (fileHas(context, 'region') || context.unreadable) return undefined;
    const fix = 'Give the input region, or "region" in the desired-state file.';
    report(context, inputOrigin('region'), 'There is no region.', fix);
    return undefined;
  }
  const { text, origin } = said;
  if (text.toLowerCase() === 'global') {
    report(context, origin, 'Agents run in a region, not in "global".', 'Write the region of the engines.');
    return undefined;
  }
  if (context.universe === 'googleapis.com') {
    if (isKnownRegion(text) || isMultiRegion(text)) return text;
    const close = nearest(text, [...REGIONS, ...MULTI_REGIONS]);
    const fix = close === undefined ? 'Write one such as us-central1, or us or eu.' : `Did you mean ${quote(close)}?`;
    report(context, origin, `${quote(text)} is not a region of Agent Runtime.`, fix);
    return undefined;
  }
  if (isLocation(text)) return text;
  report(context, origin, `${quote(text)} is not a region.`, 'Write lower-case letters, digits and hyphens.');
  return undefined;
}
