import { withParts } from './markdown.js';
import { withTables } from './readme.js';
import { editorSchema, renderReference } from './schema.js';

/**
 * @typedef {typeof import('../src/config/presets.js') & typeof import('../src/config/schema.js') & typeof
 *   import('../src/plan/checks/catalog.js')} Sources
 * @param {Sources} sources
 * @param {(file: string) => string} read the text of a page as it is
 * @returns {Record<string, string>} every file that is made of something else, wholly or in parts, as it has to be
 */
export function generated(sources, read) {
  const schema = editorSchema(sources);
  return {
    'README.md': withTables(read('README.md'), sources),
    'schema/agent-gateway.schema.json': `${JSON.stringify(schema, null, 2)}\n`,
    'docs/config.md': withParts(read('docs/config.md'), { config: renderReference(schema) }, 'docs/config.md'),
  };
}
