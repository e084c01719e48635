// Writes everything in README.md, docs/ and schema/ that is made of something else. Run by `npm run docs`, which compiles the
// sources first; a test fails when any of it drifts.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { generated } from './generated.js';

const compiled = (/** @type {string} */ file) => import(new URL(`../lib/src/${file}`, import.meta.url).href);
const sources = {
  ...(await compiled('config/presets.js')),
  ...(await compiled('config/schema.js')),
  ...(await compiled('plan/checks/catalog.js')),
};
mkdirSync('schema', { recursive: true });
for (const [file, text] of Object.entries(generated(sources, (file) => readFileSync(file, 'utf8')))) {
  writeFileSync(file, text);
}
