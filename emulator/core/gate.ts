import type { State } from '../state/state.js';
import type { Project } from '../state/types.js';
import { errorInfo, GoogleError, type ErrorDetail } from './errors.js';
import type { Api } from './router.js';

/** The token of an `Authorization` header. */
export function bearerToken(header: string | null): string | undefined {
  return /^bearer\s+(\S+)$/i.exec(header ?? '')?.[1];
}

/**
 * Checks the bearer token and returns whose it is. Any token that is not empty will do unless the world lists some;
 * tokens issued by the token exchange are good until they expire.
 */
export function authenticate(state: State, api: Api, header: string | null): string {
  if (api.public === true) return 'none';
  const token = bearerToken(header);
  if (token === undefined)
    throw unauthenticated('missing required authentication credential', 'CREDENTIALS_MISSING', api.service);
  const issued = state.tokens.get(token);
  if (issued !== undefined) {
    if (state.clock.now() < issued.endMs) return issued.label;
    throw tokenExpired(api.service);
  }
  const { tokens } = state.settings.auth;
  if (tokens.length > 0 && !tokens.includes(token)) {
    throw unauthenticated('had invalid authentication credentials', 'ACCESS_TOKEN_TYPE_UNSUPPORTED', api.service);
  }
  return 'bearer';
}

/** 401 for a token whose time is over; the wording is the one for every bad token, the reason tells. */
export function tokenExpired(service: string): GoogleError {
  return unauthenticated('had invalid authentication credentials', 'ACCESS_TOKEN_EXPIRED', service);
}

function unauthenticated(what: string, reason: string, service: string): GoogleError {
  const verb = what.startsWith('missing') ? `is ${what}` : what;
  return new GoogleError(
    'UNAUTHENTICATED',
    `Request ${verb}. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.`,
    [errorInfo(reason, 'googleapis.com', { service })],
  );
}

/** 403 SERVICE_DISABLED when the API is off in the project of the path or in the one that is charged. */
export function requireEnabled(state: State, api: Api, path: string, userProject: string | null): void {
  if (userProject !== null && state.findProject(userProject) === undefined) {
    throw new GoogleError(
      'PERMISSION_DENIED',
      `Caller does not have required permission to use project ${userProject}.`,
      [
        errorInfo('USER_PROJECT_DENIED', 'googleapis.com', {
          service: api.service,
          consumer: `projects/${userProject}`,
        }),
      ],
    );
  }
  const inPath = /\/projects\/([^/:]+)/.exec(path)?.[1];
  for (const id of [userProject, inPath]) {
    const project = id === null || id === undefined ? undefined : state.findProject(id);
    if (project?.disabledApis.has(api.service)) throw disabled(project, api);
  }
}

function disabled(project: Project, api: Api): GoogleError {
  const url = `https://console.developers.google.com/apis/api/${api.service}/overview?project=${project.number}`;
  const help: ErrorDetail = {
    '@type': 'type.googleapis.com/google.rpc.Help',
    links: [{ description: 'Google developers console API activation', url }],
  };
  return new GoogleError(
    'PERMISSION_DENIED',
    `${api.service} has not been used in project ${project.number} before or it is disabled. Enable it by visiting ${url} then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry.`,
    [
      errorInfo('SERVICE_DISABLED', 'googleapis.com', {
        service: api.service,
        consumer: `projects/${project.number}`,
        activationUrl: url,
      }),
      help,
    ],
  );
}
