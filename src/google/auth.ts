import { validateHeaderValue } from 'node:http';
import { findCredentialsFile } from './adc-file.js';
import type * as Library from './auth-library.js';
import { AuthError, MALFORMED_TOKEN } from './errors.js';
import { within } from './within.js';

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

/** The library sets no limit of its own, and a token endpoint that hangs must not hang the run. */
const TOKEN_TIMEOUT = 60_000;

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
  let client: Promise<TokenClient> | undefined;
  let lastToken: string | undefined;

  const getClient = (): Promise<TokenClient> => {
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
        throw error instanceof AuthError ? error : (await library()).tokenError(error);
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

/** Loaded only by a run that has no token yet: it is a fifth of what there is to load. */
const library = (): Promise<typeof Library> => import('./auth-library.js');

/** Of the auth library's clients, the part that is used here. */
interface TokenClient {
  getRequestHeaders(url: string): Promise<Iterable<[string, string]>>;
}

async function createClient(
  { accessToken, universe }: CredentialsOptions,
  env: NodeJS.ProcessEnv,
): Promise<TokenClient> {
  if (accessToken)
    return { getRequestHeaders: () => Promise.resolve([['authorization', sendable(`Bearer ${accessToken}`)]]) };
  const file = await findCredentialsFile(env);
  if (!file && !mayHaveMetadataServer(env)) throw new AuthError('missing', MISSING);
  if (file?.universeDomain !== undefined && file.universeDomain !== universe) {
    throw new AuthError(
      'universe',
      `The credentials are for ${file.universeDomain} and this step is for ${universe}. Set the universe input to ${file.universeDomain}.`,
    );
  }
  const { createLibraryClient } = await library();
  try {
    return await createLibraryClient(universe);
  } catch (error) {
    if (!file) throw new AuthError('missing', MISSING);
    const message = error instanceof Error ? error.message : String(error);
    throw new AuthError('unreadable', `The credentials file ${file.path} can't be used: ${message}`);
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
  return mayHaveMetadataServer(env) ? (await library()).projectOfMetadataServer() : undefined;
}

/** @throws AuthError that does not quote the header, other than Node's own error */
function sendable(header: string): string {
  try {
    validateHeaderValue('authorization', header);
    return header;
  } catch {
    throw new AuthError(
      'rejected',
      'No token for Google Cloud: the access token holds a character that none may hold.',
    );
  }
}

/** The library does not look at what it was given: the text `undefined` stands for a token that is not there. */
function bearerOf(headers: Readonly<Record<string, string>>): string {
  const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
  if (bearer === undefined || bearer === 'undefined' || bearer === 'null')
    throw new AuthError('malformed', MALFORMED_TOKEN);
  return bearer;
}
