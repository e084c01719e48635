import { gaxios, gcpMetadata, GoogleAuth, OAuth2Client, type AuthClient } from 'google-auth-library';
import { redactUrl } from '../redact.js';
import { findCredentialsFile } from './adc-file.js';
import { errorBodyOf, parseErrorBody } from './error-body.js';
import { AuthError } from './errors.js';
import { forbidRedirects } from './redirects.js';

/** Whoever calls Google Cloud in this run. */
export interface Credentials {
  /**
   * Headers for one request: `authorization`, and `x-goog-user-project` when there is a quota project. Ask anew for each request,
   * since tokens of workload identity federation live as little as ten minutes; the library caches and refreshes them.
   * @throws AuthError when there is no token to be had
   */
  headers(url: string): Promise<Record<string, string>>;
  /** Forgets the token, so that the next call fetches a new one. A fixed access token stays. */
  invalidate(): void;
  /**
   * The project the credentials belong to, as far as it can be known without asking Google's APIs.
   * @throws AuthError when the credentials file is gone or unreadable
   */
  projectId(): Promise<string | undefined>;
}

export interface CredentialsOptions {
  /** Sent as it is, and can't be refreshed. Without it: Application Default Credentials. */
  readonly accessToken?: string | undefined;
  /** `googleapis.com`, or the domain of a Trusted Partner Cloud. */
  readonly universe: string;
  /** Wins over everything `projectId()` would look at. */
  readonly projectId?: string | undefined;
  /** Wins over GOOGLE_CLOUD_QUOTA_PROJECT and over the file's `quota_project_id`. */
  readonly quotaProject?: string | undefined;
  /** `process.env`, which is what the auth library reads. Another one only changes what is read here. */
  readonly env?: NodeJS.ProcessEnv;
  /** Longest wait for a token; 60 s. */
  readonly tokenTimeoutMs?: number;
  /** Called with every new token before it is used, so that it can be masked in the log. */
  readonly onToken: (token: string) => void;
}

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

/**
 * Without a project the library looks for one when it makes a client: it runs `gcloud`, asks the metadata server and Resource
 * Manager, and fails when they do. We never ask the library for a project, so anything will do.
 */
const NO_PROJECT_LOOKUP = 'not-looked-up';

/** The metadata server answers within milliseconds where there is one. */
const DETECTION_TIMEOUT = 10_000;
/** The library sets no limit of its own, and a token endpoint that hangs must not hang the run. */
const TOKEN_TIMEOUT = 60_000;

const MALFORMED = 'No token for Google Cloud: a token endpoint answered something that is no token.';

/** Where google-github-actions/auth, gcloud and Google's libraries leave the project. */
const PROJECT_VARIABLES = [
  'GOOGLE_CLOUD_PROJECT',
  'GCLOUD_PROJECT',
  'CLOUDSDK_CORE_PROJECT',
  'CLOUDSDK_PROJECT',
  'GCP_PROJECT',
];

const MISSING =
  'There are no Google Cloud credentials. Run google-github-actions/auth before this step and give the job ' +
  '`permissions: id-token: write`, or set the access_token input.';

/**
 * Credentials from an access token, or those that google-github-actions/auth left behind (Application Default Credentials:
 * workload identity federation with and without a service account, a service account key, a user's login, a metadata server).
 * Nothing is read or sent before the first call.
 */
export function createCredentials(options: CredentialsOptions): Credentials {
  const env = options.env ?? process.env;
  const quotaProject = [options.quotaProject, env.GOOGLE_CLOUD_QUOTA_PROJECT].find(Boolean);
  let client: Promise<AuthClient> | undefined;
  let lastToken: string | undefined;

  const getClient = (): Promise<AuthClient> => {
    client ??= createClient(options, env).catch((error: unknown) => {
      client = undefined;
      throw error;
    });
    return client;
  };

  return {
    headers: async (url) => {
      const asked = getClient();
      const found = await asked;
      let headers: Record<string, string>;
      let bearer: string;
      try {
        const timeout = options.tokenTimeoutMs ?? TOKEN_TIMEOUT;
        const late = (): AuthError =>
          new AuthError('unreachable', `No token for Google Cloud came within ${timeout / 1000} s.`);
        headers = Object.fromEntries(await within(timeout, found.getRequestHeaders(url), late));
        bearer = bearerOf(headers);
      } catch (error) {
        // The client may hold on to an answer without a token, or to a request that hangs: the next try takes a new one.
        if (client === asked) client = undefined;
        throw tokenError(error);
      }
      if (bearer !== lastToken) {
        options.onToken(bearer);
        lastToken = bearer;
      }
      return quotaProject ? { ...headers, 'x-goog-user-project': quotaProject } : headers;
    },
    invalidate: () => {
      // A new client is the one way that works for all kinds: some keep tokens where they can't be dropped.
      client = undefined;
    },
    projectId: () => findProject(options, env),
  };
}

async function createClient(options: CredentialsOptions, env: NodeJS.ProcessEnv): Promise<AuthClient> {
  const { accessToken, universe } = options;
  if (accessToken) {
    const client = new OAuth2Client({ universeDomain: universe });
    client.setCredentials({ access_token: accessToken });
    return client;
  }
  const file = await findCredentialsFile(env);
  if (!file && !mayHaveMetadataServer(env)) throw new AuthError('missing', MISSING);
  if (file?.universeDomain !== undefined && file.universeDomain !== universe) {
    throw new AuthError(
      'universe',
      `The credentials are for ${file.universeDomain} and this step is for ${universe}. Set the universe input to ${file.universeDomain}.`,
    );
  }
  // google-github-actions/auth writes no universe into a workload identity file, so the library has to be told.
  const auth = new GoogleAuth({ scopes: [SCOPE], projectId: NO_PROJECT_LOOKUP, universeDomain: universe });
  const missing = (): AuthError => new AuthError('missing', MISSING);
  try {
    return forbidRedirects(await within(DETECTION_TIMEOUT, auth.getClient(), missing));
  } catch (error) {
    if (!file) throw missing();
    throw new AuthError('unreadable', `The credentials file ${file.path} can't be used: ${messageOf(error)}`);
  }
}

/**
 * A self-hosted runner may stand on Google Cloud, and then its metadata server is as good as a file. GitHub's own runners do not
 * (RUNNER_ENVIRONMENT says which it is): there the library would only wait for an address that never answers.
 */
function mayHaveMetadataServer(env: NodeJS.ProcessEnv): boolean {
  if (env.GCE_METADATA_HOST || env.GCE_METADATA_IP || env.METADATA_SERVER_DETECTION) return true;
  return env.RUNNER_ENVIRONMENT !== 'github-hosted';
}

async function findProject(options: CredentialsOptions, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const known = [options.projectId, ...PROJECT_VARIABLES.map((name) => env[name])].find(Boolean);
  if (known !== undefined || options.accessToken) return known;
  const file = await findCredentialsFile(env);
  if (file) return file.projectId ?? file.quotaProjectId;
  return mayHaveMetadataServer(env) ? await projectOfMetadataServer() : undefined;
}

async function projectOfMetadataServer(): Promise<string | undefined> {
  const ask = async (): Promise<string | undefined> => {
    if (!gcpMetadata.getGCPResidency() && !(await gcpMetadata.isAvailable())) return undefined;
    return String(await gcpMetadata.project('project-id'));
  };
  try {
    return await within(DETECTION_TIMEOUT, ask(), () => new Error('no answer'));
  } catch {
    // Only a convenience: the caller will ask for a project when none is known.
    return undefined;
  }
}

/** The library does not look at what it was given: the text `undefined` stands for a token that is not there. */
function bearerOf(headers: Readonly<Record<string, string>>): string {
  const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
  if (bearer === undefined || bearer === 'undefined' || bearer === 'null') throw new AuthError('malformed', MALFORMED);
  return bearer;
}

/** What the library's error is about. The error itself is dropped, since it holds the request with the OIDC token in it. */
function tokenError(error: unknown): AuthError {
  if (error instanceof AuthError) return error;
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
    return new AuthError('malformed', MALFORMED);
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

async function within<T>(ms: number, promise: Promise<T>, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(late()), ms);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
