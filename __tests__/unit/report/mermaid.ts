import { JSDOM } from 'jsdom';

/** The sources of all Mermaid diagrams in a Markdown text. */
export function diagramsIn(markdown: string): string[] {
  return [...markdown.matchAll(/^```mermaid\n([\s\S]*?)^```$/gm)].map(([, source = '']) => source);
}

let loaded: Promise<{ parse: (source: string) => Promise<unknown> }> | undefined;

/** Mermaid needs a document from the moment it is loaded. */
async function load(): Promise<{ parse: (source: string) => Promise<unknown> }> {
  const { window } = new JSDOM('');
  Object.assign(globalThis, { window, document: window.document });
  return (await import('mermaid')).default;
}

/**
 * Reads a diagram with the real Mermaid.
 *
 * @throws what is wrong with the diagram
 */
export async function parseDiagram(source: string): Promise<void> {
  loaded ??= load();
  await (await loaded).parse(source);
}
