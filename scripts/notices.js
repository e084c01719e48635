// The licenses of everything that is bundled into dist/. ncc's own --license leaves most of them out, because its file is
// written anew for every chunk, so they are collected from the lock file.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Development packages whose code the emulator brings into dist/. */
const BUNDLED_DEV = ['node_modules/hono', 'node_modules/@hono/node-server'];

/**
 * @typedef {{ version: string, license?: string, dev?: boolean, optional?: boolean }} Locked
 * @returns {string} name, version, license and license text of each package, sorted by name
 */
export function notices() {
  /** @type {Record<string, Locked>} */
  const packages = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages;
  const bundled = Object.entries(packages).filter(
    ([folder, { dev, optional }]) => folder !== '' && ((!dev && !optional) || BUNDLED_DEV.includes(folder)),
  );
  const sections = bundled.map(([folder, { version, license }]) => {
    const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
    return `${name} ${version} (${license ?? 'no license named'})\n\n${licenseText(folder)}`;
  });
  return `${sections.sort().join(`\n${'-'.repeat(80)}\n`)}`;
}

/**
 * @param {string} folder
 * @returns {string} the license files of a package, one after the other
 */
function licenseText(folder) {
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
  return files
    .sort()
    .map((file) => readFileSync(path.join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim())
    .join('\n\n')
    .concat('\n');
}
