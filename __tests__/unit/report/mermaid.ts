import { readFileSync } from 'node:fs';
import { Script } from 'node:vm';
import { JSDOM } from 'jsdom';

/** The sources of all Mermaid diagrams in a Markdown text. */
export function diagramsIn(markdown: string): string[] {
  return [...markdown.matchAll(/^```mermaid\n([\s\S]*?)^```$/gm)].map(([, source = '']) => source);
}

interface Mermaid {
  readonly parse: (source: string) => Promise<unknown>;
}

let loaded: Mermaid | undefined;

/** Mermaid is made for a page: its small build is a script that leaves itself in a global. */
function load(): Mermaid {
  const page = new JSDOM('', { runScripts: 'outside-only' });
  const script = readFileSync('node_modules/@mermaid-js/tiny/dist/mermaid.tiny.js', 'utf8');
  new Script(script).runInContext(page.getInternalVMContext());
  return (page.window as unknown as { mermaid: Mermaid }).mermaid;
}

/**
 * Reads a diagram with the real Mermaid.
 *
 * @throws what is wrong with the diagram
 */
export async function parseDiagram(source: string): Promise<void> {
  loaded ??= load();
  await loaded.parse(source);
}
