// Tables of the pages: inputs and outputs from the action.yml files, presets from the sources, checks from their own page.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { markdownTable } from './markdown.js';

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
export function renderTable(kind) {
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
 * @param {Presets} presets
 * @returns {string} a Markdown table of presets with their hosts, for an example region
 */
export function renderPresets({ PRESET_NAMES, describePreset, expandPreset }) {
  const scope = { region: 'REGION', universe: 'googleapis.com' };
  const rows = PRESET_NAMES.map((name) => {
    const hosts = expandPreset(name, scope)
      .map(({ url }) => url.replace('https://', '').replace('.googleapis.com', ''))
      .filter((host) => !host.endsWith('.mtls'));
    return [`\`${name}\``, describePreset(name), hosts.map((host) => `\`${host}\``).join(' ')];
  });
  return markdownTable(['Preset', 'For', 'Hosts (`.googleapis.com`)'], rows);
}

/**
 * @param {string} page docs/checks.md
 * @returns {string} a Markdown table of checks: the first sentence of each entry of that page
 */
export function renderChecks(page) {
  const entries = page.split(/^## /m).slice(1);
  const rows = entries.map((entry) => {
    const [, id = '', level = '', what = ''] =
      /^(\S+)\s+(Error|Warning)[^.]*\.\s+(.*?[^.])(?:[.;]\s|\.?\n\n)/s.exec(entry) ?? [];
    return [`[\`${id}\`](#${id})`, level.toLowerCase(), what.replace(/\s+/g, ' ')];
  });
  return markdownTable(['Check', 'Level', 'What it finds'], rows);
}
