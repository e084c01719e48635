import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Desired } from '../config/desired.js';
import type { Badge } from '../report/badge.js';
import { outputFolder, scopeName } from './output-folder.js';
import type { Session } from './session.js';

/**
 * Writes the badge where a later step finds it by a name that it knows: `badge-PROJECT-REGION.json`, project and region as the
 * config or the inputs say them. A badge that cannot be written is a warning: it says nothing that the step does not say.
 */
export async function writeBadge(badge: Badge, desired: Desired, { env, log }: Session): Promise<void> {
  try {
    const file = path.join(await outputFolder(env), `badge-${scopeName(desired)}.json`);
    await writeFile(file, `${JSON.stringify(badge, null, 2)}\n`);
    log.info(`Badge "${badge.message}" (shields.io endpoint): ${file}`);
  } catch (error) {
    log.warning(`The badge could not be written: ${(error as Error).message}`, { title: 'badge' });
  }
}
