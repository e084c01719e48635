import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AuthError, codeOf } from './errors.js';

/** The part of a credentials file that is read here; all else is the auth library's. */
export interface CredentialsFile {
  readonly path: string;
  readonly projectId: string | undefined;
  readonly quotaProjectId: string | undefined;
  readonly universeDomain: string | undefined;
}

/**
 * Finds the file of Application Default Credentials where the auth library does: GOOGLE_APPLICATION_CREDENTIALS, else the file
 * that `gcloud auth application-default login` writes. Read here as well, since a file that is gone deserves a better message than
 * the library's, and since it is the cheapest place to learn a project from.
 * @returns undefined when there is none
 * @throws AuthError `gone` when the variable names a file that is not there, `unreadable` when it is no JSON object
 */
export async function findCredentialsFile(env: NodeJS.ProcessEnv): Promise<CredentialsFile | undefined> {
  const named = set(env.GOOGLE_APPLICATION_CREDENTIALS) ?? set(env.google_application_credentials);
  const path = named ?? wellKnownPath(env);
  if (path === undefined) return undefined;
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) !== 'ENOENT')
      throw new AuthError('unreadable', `The credentials file ${path} can't be read: ${String(error)}`);
    if (!named) return undefined;
    throw new AuthError(
      'gone',
      `GOOGLE_APPLICATION_CREDENTIALS names ${path}, and there is no such file. google-github-actions/auth writes it into the ` +
        'workspace, and a later actions/checkout deletes it: run actions/checkout before google-github-actions/auth.',
    );
  }
  return { path, ...fieldsOf(path, text) };
}

function fieldsOf(path: string, text: string): Omit<CredentialsFile, 'path'> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's own message quotes the file, and the file is a secret.
    throw new AuthError('unreadable', `The credentials file ${path} holds no valid JSON.`);
  }
  if (typeof json !== 'object' || json === null) {
    throw new AuthError('unreadable', `The credentials file ${path} holds no JSON object.`);
  }
  const field = (name: string): string | undefined => {
    const value = (json as Record<string, unknown>)[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  return {
    projectId: field('project_id'),
    quotaProjectId: field('quota_project_id'),
    universeDomain: field('universe_domain'),
  };
}

function wellKnownPath(env: NodeJS.ProcessEnv): string | undefined {
  const home = set(env.HOME);
  const base = process.platform === 'win32' ? set(env.APPDATA) : home && join(home, '.config');
  const directory = set(env.CLOUDSDK_CONFIG) ?? (base && join(base, 'gcloud'));
  return directory && join(directory, 'application_default_credentials.json');
}

/** A variable that is empty counts as not set: that is how a workflow unsets one. */
const set = (value: string | undefined): string | undefined => (value === '' ? undefined : value);
