import { isAlias, isCollection, isNode, isPair, isScalar, Lexer, type Document, type Node } from 'yaml';

/** Words and signs of a file. A thousand agents with two lines each have some 25,000. */
const MOST_TOKENS = 100_000;
/** Brackets within brackets; the format itself needs five. */
const MOST_BRACKETS = 100;
/** Backslashes: within one word, each may be a mistake of its own. */
const MOST_ESCAPES = 10_000;
/** Values of a file with every alias written out. */
const MOST_VALUES = 100_000;

/** The lexer's own mark in front of the text of a scalar, which may look like a sign. */
const SCALAR = '\u001f';

/** A file that is more than any desired state can be. */
export class ExcessError extends Error {
  override readonly name = 'ExcessError';
}

/**
 * Counts before anything is built: the lexer goes through the text piece by piece, while the parser takes a kilobyte of
 * memory for each piece, and as much again for each thing that is wrong with it.
 *
 * @throws ExcessError when the text has more pieces, more escapes or deeper brackets than a file may have
 */
export function checkTokens(text: string): void {
  let escapes = 0;
  for (let at = text.indexOf('\\'); at >= 0; at = text.indexOf('\\', at + 1)) escapes += 1;
  if (escapes > MOST_ESCAPES) throw new ExcessError(`it has more than ${MOST_ESCAPES} backslashes`);
  let tokens = 0;
  let depth = 0;
  let previous = '';
  for (const token of new Lexer().lex(text)) {
    tokens += 1;
    if (tokens > MOST_TOKENS) throw new ExcessError(`it has more than ${MOST_TOKENS} words and signs`);
    if (previous !== SCALAR) {
      if (token === '[' || token === '{') depth += 1;
      if (token === ']' || token === '}') depth -= 1;
      if (depth > MOST_BRACKETS) throw new ExcessError('it is nested too deeply');
    }
    previous = token;
  }
}

/** A value that has an anchor; `size` is infinite while the value itself is still being looked through. */
interface Anchored {
  readonly node: Node;
  readonly size: number;
}

/**
 * Puts the anchored value in the place of each alias, so that nobody has to look for it again (the parser's own search
 * goes through the whole file each time), and so that what aliases of aliases stand for is counted before it is built.
 *
 * @throws ExcessError when the file would have too many values; ReferenceError when an alias has no anchor before it
 */
export function resolveAliases(doc: Document): void {
  const anchors = new Map<string, Anchored>();
  const target = (source: string): Anchored => {
    const found = anchors.get(source);
    if (found) return found;
    throw new ReferenceError(`Unresolved alias (the anchor must be set before the alias): ${source}`);
  };
  const sizeOf = (node: unknown): number => {
    if (!isNode(node)) return 1;
    const anchor = isScalar(node) || isCollection(node) ? node.anchor : undefined;
    if (anchor !== undefined) anchors.set(anchor, { node, size: Infinity });
    let size = 1;
    if (isCollection(node)) {
      node.items.forEach((item, index) => {
        if (isPair(item)) size += sizeOf(item.key) + place(item.value, (value) => (item.value = value));
        else size += place(item, (value) => (node.items[index] = value));
        if (size > MOST_VALUES) throw new ExcessError(`it has more than ${MOST_VALUES} values, aliases written out`);
      });
    }
    if (anchor !== undefined) anchors.set(anchor, { node, size });
    return size;
  };
  const place = (value: unknown, put: (node: Node) => void): number => {
    if (!isAlias(value)) return sizeOf(value);
    const { node, size } = target(value.source);
    if (size === Infinity) throw new ReferenceError(`The alias *${value.source} stands within its own anchor`);
    put(node);
    return size;
  };
  place(doc.contents, (node) => (doc.contents = node));
}
