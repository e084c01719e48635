import { gaxios, gcpMetadata, GoogleAuth, type AuthClient } from 'google-auth-library';
import { redactUrl } from '../redact.js';
import { errorBodyOf, parseErrorBody } from './error-body.js';
import { AuthError, MALFORMED_TOKEN } from './errors.js';
import { forbidRedirects } from './redirects.js';
import { within } from './within.js';

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

/**
 * Without a project the library looks for one when it makes a client: it runs `gcloud`, asks the metadata server and Resource
 * Manager, and fails when they do. We never ask the library for a project, so anything will do.
 */
const NO_PROJECT_LOOKUP = 'not-looked-up';

/** The metadata server answers within milliseconds where there is one. */
const DETECTION_TIMEOUT = 10_000;

/**
 * A client for Application Default Credentials. Nothing is sent for it, except where a metadata server may be.
 * @throws whatever the library throws, and an Error when it takes too long
 */
export async function createLibraryClient(universe: string): Promise<AuthClient> {
  // google-github-actions/auth writes no universe into a workload identity file, so the library has to be told.
  const auth = new GoogleAuth({ scopes: [SCOPE], projectId: NO_PROJECT_LOOKUP, universeDomain: universe });
  return forbidRedirects(await within(DETECTION_TIMEOUT, auth.getClient(), noAnswer));
}

/** @returns the project of the machine this runs on, if it is one of Google Cloud */
export async function projectOfMetadataServer(): Promise<string | undefined> {
  const ask = async (): Promise<string | undefined> => {
    if (!gcpMetadata.getGCPResidency() && !(await gcpMetadata.isAvailable())) return undefined;
    return String(await gcpMetadata.project('project-id'));
  };
  try {
    return await within(DETECTION_TIMEOUT, ask(), noAnswer);
  } catch {
    // Only a convenience: the caller will ask for a project when none is known.
    return undefined;
  }
}

const noAnswer = (): Error => new Error(`no answer within ${DETECTION_TIMEOUT / 1000} s`);

/** What the library's error is about. The error itself is dropped, since it holds the request with the OIDC token in it. */
export function tokenError(error: unknown): AuthError {
  const { response, config } = (error ?? {}) as {
    response?: { status?: number; data?: unknown; config?: { url?: unknown } };
    config?: { url?: unknown };
  };
  const endpoint = withoutQuery(response?.config?.url ?? config?.url);
  if (response?.status !== undefined) {
    const { data } = response;
    const said = typeof data === 'string' || data === undefined ? parseErrorBody(data ?? '') : errorBodyOf(data);
    const label = [response.status, said.status].filter(Boolean).join(' ');
    return new AuthError(
      'rejected',
      `No token for Google Cloud: ${endpoint} answered ${label}: ${withoutTokens(said.message)}`,
      response.status,
    );
  }
  if (error instanceof gaxios.GaxiosError) {
    return new AuthError(
      'unreachable',
      `No token for Google Cloud: ${endpoint} can't be reached: ${withoutTokens(error.message)}`,
    );
  }
  // The library stumbles over an answer that is no JSON object, and such an error quotes the answer: with the token in it.
  if (['TypeError', 'SyntaxError', 'RangeError'].includes((error as Error | undefined)?.name ?? '')) {
    return new AuthError('malformed', MALFORMED_TOKEN);
  }
  return new AuthError('rejected', `No token for Google Cloud: ${withoutTokens(messageOf(error))}`);
}

function withoutQuery(url: unknown): string {
  if (typeof url !== 'string' && !(url instanceof URL)) return 'the token endpoint';
  return redactUrl(String(url).replace(/[?#].*$/, ''));
}

/**
 * Who refuses a token may quote it, and the runner does not know the library's tokens: JWTs, and those of Google. A header that
 * cannot be sent is quoted whole.
 */
const withoutTokens = (text: string): string =>
  /header value/i.test(text)
    ? 'a header holds a character that none may hold'
    : text.replace(/\b(?:eyJ|ya29\.|1\/\/)[\w.~+/=-]{8,}/g, '…');

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
