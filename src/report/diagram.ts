import { printable } from '../config/problems.js';
import type { Plan } from '../plan/types.js';
import type { Part } from './fit.js';
import { KIND_MARKS, type Kind } from './kinds.js';
import { clip, code } from './markdown.js';
import { redactText } from '../redact.js';
import { folded, RANKS } from './parts.js';
import { topologyOf, type Edge, type Node } from './topology.js';

/** Characters of one line of a label. */
const MAX_LINE = 40;
const NBSP = '\u00a0';
const ZERO_WIDTH_SPACE = '\u200b';

/** Colours that can be read on GitHub's light and dark ground; they only repeat what mark and line say. */
const COLOURS: Readonly<Partial<Record<Kind, string>>> = {
  remove: '#d1242f',
  replace: '#bf8700',
  update: '#bf8700',
  add: '#2da44e',
};
const SHAPES: Readonly<Record<Node['shape'], readonly [string, string]>> = {
  engines: ['["', '"]'],
  gateway: ['{{"', '"}}'],
  endpoint: ['(["', '"])'],
};

/** @returns the plan as a folded Mermaid diagram, or nothing when there is nothing to draw */
export function diagramParts(plan: Plan): Part[] {
  const { nodes, edges, left } = topologyOf(plan);
  if (edges.length === 0) return [];
  const fence = ['```mermaid', 'flowchart LR', ...nodes.map(nodeLine), ...edges.map(edgeLine), ...styles(nodes, edges)];
  const legend = `${code('+')} new, thick line · ${code('−')} removed, dotted line · ${code('~')} changed · thin line: stays`;
  const note = left.length === 0 ? '' : `\n\nNot drawn: ${left.join(', ')}.`;
  const text = `${[...fence, '```'].join('\n')}\n\n${legend}${note}`;
  return [
    {
      ...folded('Diagram of engines, gateways and endpoints', ''),
      between: '',
      rows: [text],
      what: 'the diagram',
      rank: RANKS.diagram,
    },
  ];
}

/**
 * Text from outside for a Mermaid label in double quotes: everything but letters, digits and a few signs is written as
 * Mermaid's own entity code. What Mermaid would still make something of once it has decoded them (a list, an icon, maths)
 * is broken up with characters that do not show; so is what it keeps entity codes in meanwhile (`ﬂ°`, `¶ß`).
 */
export function mermaidLabel(text: string): string {
  return clip(printable(redactText(text)), MAX_LINE)
    .replaceAll(' ', NBSP)
    .replace(/:(?=\S)/g, `:${ZERO_WIDTH_SPACE}`)
    .replace(/\$(?=\$)/g, `$${ZERO_WIDTH_SPACE}`)
    .replace(/(\ufb02|¶)(?=[°ß])/g, `$1${ZERO_WIDTH_SPACE}`)
    .replace(/[^\p{L}\p{N}.,/]/gu, (char) => `#${char.codePointAt(0) ?? 0};`);
}

function nodeLine({ id, shape, kind, lines }: Node): string {
  const [open, close] = SHAPES[shape];
  const mark = KIND_MARKS[kind];
  const shown = lines.map((line, index) => mermaidLabel(index === 0 && mark !== '' ? `${mark} ${line}` : line));
  return `  ${id}${open}${shown.join('<br>')}${close}`;
}

function edgeLine({ from, to, kind, words }: Edge): string {
  const label = `"${mermaidLabel(`${KIND_MARKS[kind]} ${words}`)}"`;
  switch (kind) {
    case 'keep':
    case 'adopt':
      return `  ${from} --> ${to}`;
    case 'remove':
      return `  ${from} -. ${label} .-x ${to}`;
    case 'add':
    case 'replace':
    case 'update':
      return `  ${from} == ${label} ==> ${to}`;
  }
}

function styles(nodes: readonly Node[], edges: readonly Edge[]): string[] {
  return Object.entries(COLOURS).flatMap(([kind, colour]) => {
    const ids = nodes.filter((node) => node.kind === kind).map(({ id }) => id);
    const lines = edges.flatMap((edge, index) => (edge.kind === kind ? [index] : []));
    const dashes = kind === 'remove' ? ',stroke-dasharray:4 3' : '';
    return [
      ...(ids.length > 0
        ? [`  classDef ${kind} stroke:${colour},stroke-width:2px${dashes}`, `  class ${ids.join(',')} ${kind}`]
        : []),
      ...(lines.length > 0
        ? [`  linkStyle ${lines.join(',')} stroke:${colour},stroke-width:${kind === 'remove' ? 2 : 3}px`]
        : []),
    ];
  });
}
