// The published JSON schema of the desired-state file, and the config reference made of it: both come from the zod schema that
// reads the file.
import * as z from 'zod';
import { markdownTable } from './markdown.js';

/** Where editors find it; the owner is put in when the repository is published. */
const ID = 'https://raw.githubusercontent.com/OWNER/bind-agent-gateway/v1/schema/agent-gateway.schema.json';

/**
 * @typedef {typeof import('../src/config/schema.js')} ConfigSchema
 * @typedef {typeof import('../src/plan/checks/catalog.js')} Catalog
 * @typedef {{
 *   type?: string, const?: unknown, enum?: unknown[], default?: unknown, examples?: unknown[], description?: string,
 *   pattern?: string, required?: string[], anyOf?: Node[], items?: Node, properties?: Record<string, Node>,
 *   propertyNames?: Node, additionalProperties?: Node | boolean
 * }} Node the part of JSON Schema that zod writes for this file
 */

/**
 * @param {ConfigSchema & Catalog} sources
 * @returns {Node} JSON Schema (draft 2020-12) of the desired-state file
 */
export function editorSchema({ configSchema, CHECKS }) {
  const { $schema, ...rest } = z.toJSONSchema(configSchema(CHECKS));
  return /** @type {Node} */ ({ $schema, $id: ID, title: 'bind-agent-gateway', ...rest });
}

/**
 * @param {Node} schema
 * @returns {string} a Markdown table with one row per key; levels of checks have a page of their own
 */
export function renderReference(schema) {
  return markdownTable(['Key', 'Value', 'Default', 'Meaning'], rowsOf(schema, ''));
}

/**
 * @param {Node} node
 * @param {string} path of the node, such as `agents[].`
 * @returns {string[][]}
 */
function rowsOf(node, path) {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const name = `${path}${key}`;
    const required = node.required?.includes(key) ? ' (required)' : '';
    const fallback = child.default === undefined ? '' : `\`${child.default}\``;
    const row = [`\`${name}\``, `${kindOf(child)}${required}`, fallback, meaningOf(child)];
    return [row, ...(name === 'checks' ? [] : rowsBelow(child, name))];
  });
}

/**
 * @param {Node} node
 * @param {string} name
 * @returns {string[][]}
 */
function rowsBelow(node, name) {
  if (node.items) return rowsOf(node.items, `${name}[].`);
  if (typeof node.additionalProperties === 'object') {
    const { additionalProperties: value } = node;
    return [[`\`${name}.KEY\``, kindOf(value), '', meaningOf(value)], ...rowsOf(value, `${name}.KEY.`)];
  }
  return rowsOf(node, `${name}.`);
}

/**
 * @param {Node} node
 * @returns {string}
 */
function kindOf(node) {
  if (node.const !== undefined) return `\`${node.const}\``;
  if (node.enum) return node.enum.map((value) => `\`${value}\``).join(', ');
  if (node.anyOf) return node.anyOf.map(kindOf).join(' or ');
  if (node.items) return node.items.enum ? `list of ${kindOf(node.items)}` : `list of ${kindOf(node.items)}s`;
  return { object: 'map', string: 'text', integer: 'number' }[node.type ?? ''] ?? String(node.type);
}

/**
 * @param {Node} node
 * @returns {string}
 */
function meaningOf({ description = '', examples = [], items }) {
  const shown = examples.length > 0 ? ` Examples: ${examples.map((value) => `\`${value}\``).join(', ')}.` : '';
  const each = items?.description && !items.properties ? ` Each: ${items.description}` : '';
  return `${description}${each}${shown}`;
}
