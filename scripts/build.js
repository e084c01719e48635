// Bundles the sources into dist/: one shared bundle with a tiny entry per action, and the emulator. The result depends
// on nothing but the sources and the lock file, so CI can compare it byte by byte.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { bundledPackages, notices } from './notices.js';

/** @param {string[]} args a script of node_modules and its arguments */
function run(...args) {
  execFileSync(process.execPath, args, { stdio: 'inherit' });
}

/**
 * Writes what is not ASCII as escapes, which mean the same in texts, names, templates and patterns. A source of ASCII alone takes half
 * the memory and is read without decoding: some 8 of the 95 ms of a processor that it takes to load the shared bundle.
 *
 * @param {string} file
 */
function escapeNonAscii(file) {
  const source = readFileSync(file, 'utf8');
  if (/\braw`[^`]*[\u0080-\uffff]/.test(source)) throw new Error(`${file}: an escape in a raw template would be text`);
  // Without the flag u: each half of a surrogate pair on its own.
  const escape = (/** @type {string} */ unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  writeFileSync(file, source.replace(/[\u0080-\uffff]/g, escape));
}

/**
 * `-e supports-color`: an optional dependency of `debug` that would be bundled only where some development tool happens
 * to have installed it.
 *
 * @param {string} entry compiled JavaScript
 * @param {string} folder
 * @returns {string[]} folders of the packages that are in it
 */
function bundle(entry, folder) {
  const stats = `lib/${folder.replaceAll('/', '-')}.stats.json`;
  const flags = ['-C', '-q', '-e', 'supports-color', '--stats-out', stats];
  run('node_modules/@vercel/ncc/dist/ncc/cli.js', 'build', entry, '-o', folder, ...flags);
  for (const name of readdirSync(folder)) if (name.endsWith('.js')) escapeNonAscii(`${folder}/${name}`);
  return bundledPackages(JSON.parse(readFileSync(stats, 'utf8')));
}

rmSync('lib', { recursive: true, force: true });
rmSync('dist', { recursive: true, force: true });
// Types are checked by `npm run typecheck`; here they are only stripped.
run('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json');
const packages = [
  ...bundle('lib/src/actions/index.js', 'dist/shared'),
  ...bundle('lib/emulator/main.js', 'dist/emulator'),
];
for (const action of ['plan', 'apply', 'verify']) {
  mkdirSync(`dist/${action}`);
  writeFileSync(`dist/${action}/index.js`, `import { ${action} } from '../shared/index.js';\n\nawait ${action}();\n`);
}
// The entries are modules wherever the folder is copied to.
writeFileSync('dist/package.json', '{\n  "type": "module"\n}\n');
writeFileSync('dist/THIRD_PARTY_NOTICES.txt', notices(packages));
