import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface CredentialsOptions {
  /** Base URL of the emulator. */
  readonly url: string;
  /** Where the files go; must exist. */
  readonly directory: string;
  /** Where the outside token comes from: the token URL (as google-github-actions/auth writes it) or a file. */
  readonly source?: 'url' | 'file';
  /** E-mail of a service account to impersonate; absent uses the federated token directly. */
  readonly serviceAccount?: string;
  /** What the token URL wants; must equal the emulator's `auth.oidcRequestToken`. */
  readonly requestToken?: string;
  readonly projectNumber?: string;
}

export const REQUEST_TOKEN = 'emulator-request-token';

/**
 * Writes an `external_account` credentials file (workload identity federation) whose every URL is the emulator's, in the
 * form google-github-actions/auth leaves it, and returns its path for GOOGLE_APPLICATION_CREDENTIALS.
 */
export async function writeCredentials(options: CredentialsOptions): Promise<string> {
  const file = join(options.directory, 'gha-creds-emulator.json');
  const number = options.projectNumber ?? '101010';
  const audience = `//iam.googleapis.com/projects/${number}/locations/global/workloadIdentityPools/github/providers/github`;
  const content = {
    type: 'external_account',
    audience,
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `${options.url}/sts/v1/token`,
    // Not in the file of the real action: google-auth-library looks the project ID up there, and nothing may leave the machine.
    cloud_resource_manager_url: `${options.url}/cloudresourcemanager/v1/projects/`,
    ...impersonation(options),
    credential_source: options.source === 'file' ? await fileSource(options.directory) : urlSource(options, audience),
  };
  await writeFile(file, JSON.stringify(content, null, 2), { mode: 0o600 });
  return file;
}

/** The two variables a GitHub runner sets for a job with `id-token: write`. */
export function oidcEnvironment(url: string, requestToken = REQUEST_TOKEN): Record<string, string> {
  return {
    ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/oidc?api-version=2.0`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken,
  };
}

function impersonation({ url, serviceAccount }: CredentialsOptions): Record<string, unknown> {
  if (serviceAccount === undefined) return {};
  const base = `${url}/iamcredentials/v1/projects/-/serviceAccounts`;
  return { service_account_impersonation_url: `${base}/${serviceAccount}:generateAccessToken` };
}

function urlSource(options: CredentialsOptions, audience: string): Record<string, unknown> {
  return {
    url: `${options.url}/oidc?api-version=2.0&audience=${encodeURIComponent(`https:${audience}`)}`,
    headers: { Authorization: `Bearer ${options.requestToken ?? REQUEST_TOKEN}` },
    format: { type: 'json', subject_token_field_name: 'value' },
  };
}

async function fileSource(directory: string): Promise<Record<string, unknown>> {
  const file = join(directory, 'subject-token.txt');
  await writeFile(file, 'a-token-of-some-identity-provider', { mode: 0o600 });
  return { file };
}
