import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** @returns the folder below `RUNNER_TEMP` that takes what this action writes; it is there */
export async function outputFolder(env: NodeJS.ProcessEnv): Promise<string> {
  const folder = path.join(env.RUNNER_TEMP || tmpdir(), 'bind-agent-gateway');
  await mkdir(folder, { recursive: true });
  return folder;
}

/** @returns project and region as a part of a file's name */
export function scopeName({ project, region }: { readonly project: string; readonly region: string }): string {
  return `${project}-${region}`.replace(/[^a-z0-9-]/g, '-');
}
