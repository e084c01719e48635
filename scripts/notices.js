// The licenses of everything that is bundled into dist/, from what the bundler says it took in. ncc's own --license leaves most
// of them out, because its file is written anew for every chunk.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Licenses that ask for nothing but their text and a notice; anything else stops the build. */
export const PERMISSIVE = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT'];
const RULE = '-'.repeat(80);

/**
 * @typedef {{ name?: string, modules?: Module[] }} Module webpack's statistics of a module, concatenated ones inside it
 * @param {{ modules?: Module[] }} stats what `ncc --stats-out` writes
 * @returns {string[]} folders of the packages whose code is in the bundle, such as `node_modules/yaml`, each once
 */
export function bundledPackages(stats) {
  /** @type {Set<string>} */
  const folders = new Set();
  const visit = (/** @type {Module} */ { name = '', modules = [] }) => {
    const folder = /(node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/\s"'|!?]+)\//.exec(name)?.[1];
    if (folder) folders.add(folder);
    modules.forEach(visit);
  };
  stats.modules?.forEach(visit);
  return [...folders];
}

/**
 * @param {string[]} folders of packages
 * @returns {string} name, version, license and license text of each package, sorted by name
 * @throws Error naming every package whose license is not permissive or whose text is missing
 */
export function notices(folders) {
  const packages = [...new Set(folders)].map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
    return { title: `${name} ${version} (${license})`, license, text: licenseText(folder) };
  });
  const refused = packages.filter(({ license }) => !PERMISSIVE.includes(license));
  const silent = packages.filter(({ text }) => text.trim() === '');
  const problems = [
    ...refused.map(({ title }) => `${title}: not one of ${PERMISSIVE.join(', ')}`),
    ...silent.map(({ title }) => `${title}: no license file`),
  ];
  if (problems.length > 0) throw new Error(`These packages cannot be bundled:\n${problems.join('\n')}`);
  const sections = packages.map(({ title, text }) => `${title}\n\n${text}`);
  return [...new Set(sections)].sort().join(`\n${RULE}\n`);
}

/**
 * @param {string} folder
 * @returns {string} the license files of a package, one after the other; some packages have theirs in the README
 */
function licenseText(folder) {
  const read = (/** @type {string} */ file) => readFileSync(path.join(folder, file), 'utf8').replaceAll('\r\n', '\n');
  const names = readdirSync(folder).sort();
  const texts = names.filter((name) => /^(licen[cs]e|notice|copying)/i.test(name)).map(read);
  const readmes = texts.length > 0 ? [] : names.filter((name) => /^readme/i.test(name)).map(read);
  const sections = readmes.flatMap((text) => /^(?:#+ *Licen[cs]e *$|Licen[cs]e *\n-+$)([^]*)/im.exec(text)?.[1] ?? []);
  return `${[...texts, ...sections].map((text) => text.trim()).join('\n\n')}\n`;
}
