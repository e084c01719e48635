import { JSDOM } from 'jsdom';
import { marked } from 'marked';

const { DOMParser } = new JSDOM('').window;

/** Markdown as GitHub reads it in a comment (GFM, a line break is one), as a document. Nothing in it is run. */
export function documentOf(markdown: string): Document {
  const html = marked.parse(markdown, { gfm: true, breaks: true, async: false });
  return new DOMParser().parseFromString(html, 'text/html');
}

/** Text without the characters that only keep GitHub from making links of it. */
export function shown(text: string | null | undefined): string {
  return (text ?? '').replaceAll('\u200b', '').replaceAll('\u00a0', ' ');
}

/** The elements of a document with the names of their attributes, without text and values. */
export function skeleton(node: Element): string {
  const attributes = node.getAttributeNames().join(' ');
  return `${node.tagName}[${attributes}](${[...node.children].map(skeleton).join(' ')})`;
}
