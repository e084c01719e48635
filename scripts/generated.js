import { withParts } from './markdown.js';
import { editorSchema, renderReference } from './schema.js';
import { renderChecks, renderPresets, renderTable } from './tables.js';

/**
 * @typedef {typeof import('../src/config/presets.js') & typeof import('../src/config/schema.js') & typeof
 *   import('../src/plan/checks/catalog.js')} Sources
 * @param {Sources} sources
 * @param {(file: string) => string} read the text of a page as it is
 * @returns {Record<string, string>} every file that is made of something else, wholly or in parts, as it has to be
 */
export function generated(sources, read) {
  const schema = editorSchema(sources);
  const parts = {
    'README.md': { inputs: renderTable('inputs'), outputs: renderTable('outputs') },
    'docs/checks.md': { checks: renderChecks(read('docs/checks.md')) },
    'docs/config.md': { config: renderReference(schema) },
    'docs/presets.md': { presets: renderPresets(sources) },
  };
  return {
    'schema/agent-gateway.schema.json': `${JSON.stringify(schema, null, 2)}\n`,
    ...Object.fromEntries(Object.entries(parts).map(([page, of]) => [page, withParts(read(page), of, page)])),
  };
}
