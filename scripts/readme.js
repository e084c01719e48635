// Writes the tables in README.md: inputs and outputs from the action.yml files, presets from the compiled sources, checks from
// docs/checks.md. Run by `npm run docs`, which compiles the sources first.
import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';

const ACTIONS = ['root', 'plan', 'apply', 'verify'];

/**
 * @typedef {{ description: string, default?: string }} Entry
 * @typedef {{ inputs: Record<string, Entry>, outputs: Record<string, Entry> }} Metadata
 * @typedef {typeof import('../src/config/presets.js')} Presets
 */

/** @returns {Metadata[]} in the order of ACTIONS */
function readAll() {
  return ACTIONS.map((name) => parse(readFileSync(name === 'root' ? 'action.yml' : `${name}/action.yml`, 'utf8')));
}

/**
 * @param {'inputs' | 'outputs'} kind
 * @returns {string} a Markdown table: which action has which entry, its default and its meaning
 */
function renderTable(kind) {
  const all = readAll();
  const names = [...new Set(all.flatMap((metadata) => Object.keys(metadata[kind])))];
  const head = [
    kind === 'inputs' ? 'Input' : 'Output',
    ...ACTIONS,
    ...(kind === 'inputs' ? ['Default'] : []),
    'Meaning',
  ];
  const rows = names.map((name) => {
    const entry = all.map((metadata) => metadata[kind][name]).find((found) => found !== undefined);
    const marks = all.map((metadata) => (metadata[kind][name] ? '✓' : ''));
    const fallback = entry?.default ? `\`${entry.default}\`` : '';
    return [`\`${name}\``, ...marks, ...(kind === 'inputs' ? [fallback] : []), entry?.description ?? ''];
  });
  return markdownTable(head, rows);
}

/**
 * @param {string[]} head
 * @param {string[][]} rows
 */
function markdownTable(head, rows) {
  const line = (/** @type {string[]} */ cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/**
 * @param {Presets} presets
 * @returns {string} a Markdown table of presets with their hosts, for an example region
 */
function renderPresets({ PRESET_NAMES, describePreset, expandPreset }) {
  const scope = { region: 'REGION', universe: 'googleapis.com' };
  const rows = PRESET_NAMES.map((name) => {
    const hosts = expandPreset(name, scope)
      .map(({ url }) => url.replace('https://', '').replace('.googleapis.com', ''))
      .filter((host) => !host.endsWith('.mtls'));
    return [`\`${name}\``, describePreset(name), hosts.map((host) => `\`${host}\``).join(' ')];
  });
  return markdownTable(['Preset', 'For', 'Hosts (`.googleapis.com`)'], rows);
}

/** @returns {string} a Markdown table of checks: the first sentence of each entry of docs/checks.md */
function renderChecks() {
  const entries = readFileSync('docs/checks.md', 'utf8').split(/^## /m).slice(1);
  const rows = entries.map((entry) => {
    const [, id = '', level = '', what = ''] =
      /^(\S+)\s+(Error|Warning)[^.]*\.\s+(.*?[^.])(?:[.;]\s|\.?\n\n)/s.exec(entry) ?? [];
    return [`[\`${id}\`](docs/checks.md#${id})`, level.toLowerCase(), what.replace(/\s+/g, ' ')];
  });
  return markdownTable(['Check', 'Level', 'What it finds'], rows);
}

/**
 * @param {string} readme
 * @param {Presets} presets
 * @returns {string} the same text with fresh tables between the markers
 */
export function withTables(readme, presets) {
  const tables = {
    inputs: renderTable('inputs'),
    outputs: renderTable('outputs'),
    presets: renderPresets(presets),
    checks: renderChecks(),
  };
  let text = readme;
  for (const [name, table] of Object.entries(tables)) {
    const [start, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`];
    const [before, rest] = text.split(start);
    const after = rest?.split(end)[1];
    if (before === undefined || after === undefined) throw new Error(`README.md has no ${start} … ${end}`);
    text = `${before}${start}\n\n<!-- prettier-ignore -->\n${table}\n\n${end}${after}`;
  }
  return text;
}

if (process.argv[1]?.endsWith('scripts/readme.js')) {
  /** @type {Presets} */
  const presets = await import(new URL('../lib/src/config/presets.js', import.meta.url).href);
  writeFileSync('README.md', withTables(readFileSync('README.md', 'utf8'), presets));
}
