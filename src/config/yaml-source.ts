import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Document, Node, Pair, YAMLError, YAMLMap } from 'yaml';
import type { Origin } from './desired.js';
import { MOST_PROBLEMS, printable, problem, quote, type Problem } from './problems.js';
import { checkTokens, ExcessError, resolveAliases } from './yaml-limits.js';

/** Keys and indices from the root of a file to one of its values. */
export type Path = readonly PropertyKey[];

/** A YAML file as a plain value, with the place of everything in it. */
export interface YamlSource {
  /** `undefined` when nothing could be read. */
  readonly value: unknown;
  /** The place of a value (or of its key); for what is not there, of the nearest thing around it. */
  readonly locate: (path: Path, what?: 'key' | 'value') => Origin;
  /** A scalar as it stands in the file: what a number was before it lost digits. */
  readonly source: (path: Path) => string | undefined;
  readonly problems: readonly Problem[];
}

type Index = ReadonlyMap<string, Pair>;
interface Found {
  readonly node: unknown;
  readonly key?: unknown;
  readonly complete: boolean;
}

const MOST_SYNTAX_ERRORS = 20;

/** Reads YAML text. Never throws: whatever is wrong with the text is a problem with its line. */
export function readYaml(file: string, text: string): YamlSource {
  const lines = new LineCounter();
  const at = (offset: number): Origin => {
    const { line, col } = lines.linePos(offset);
    return { kind: 'file', file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const nothing = (problems: Problem[]): YamlSource => ({
    value: undefined,
    locate: () => at(0),
    source: () => undefined,
    problems,
  });
  const problems: Problem[] = [];
  try {
    // Duplicate keys are found below, in one pass: the parser compares each key with all others. The schema is fixed,
    // or a %YAML 1.1 directive in the file could turn words into booleans and dates.
    checkTokens(text);
    const doc = withoutStacks(() =>
      parseDocument(text, {
        lineCounter: lines,
        schema: 'core',
        merge: false,
        uniqueKeys: false,
        prettyErrors: false,
        logLevel: 'error',
      }),
    );
    const syntax = [...doc.errors, ...doc.warnings];
    if (syntax.length > 0) return nothing(syntaxProblems(syntax, at));
    const start = isNode(doc.contents) ? startOf(doc.contents, at) : undefined;
    if (start === undefined || (isScalar(doc.contents) && doc.contents.value === null)) {
      return nothing([problem(at(0), 'The file is empty.', 'Write at least "version: 1", or remove the file.')]);
    }
    const indexes = new Map<YAMLMap, Index>();
    problems.push(...indexMaps(doc, indexes, at));
    resolveAliases(doc);
    return {
      value: doc.toJS() as unknown,
      locate: (path, what = 'value') => placeOf(walk(doc, indexes, path), what, at) ?? start,
      source: (path) => {
        const { node, complete } = walk(doc, indexes, path);
        return complete && isScalar(node) ? node.source : undefined;
      },
      problems,
    };
  } catch (error) {
    // An alias that leads nowhere or everywhere; or the stack, when blocks are nested by the thousand.
    const message = `The file cannot be read as YAML: ${reasonOf(error)}.`;
    const fix =
      error instanceof ExcessError ? 'A real one has some hundred lines.' : 'Write it plainly, without tricks.';
    return nothing([...problems, problem(at(0), message, fix)]);
  }
}

/** The parser makes an error of each mistake, and a million stack traces take longer than all the rest. */
function withoutStacks<T>(parse: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return parse();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : 'unknown error';
  return isStackOverflow(message) ? 'it is nested too deeply' : printable(message).slice(0, 200);
}

/** The parser reports its own stack overflow as an error of the text. */
function isStackOverflow(message: string): boolean {
  return message.includes('call stack');
}

/** One mistake often makes several errors at one place: the first says what it is. */
function syntaxProblems(errors: readonly YAMLError[], at: (offset: number) => Origin): Problem[] {
  const overflow = errors.find(({ message }) => isStackOverflow(message));
  if (overflow !== undefined) return [syntaxProblem(overflow, at)];
  const first = new Map<number, YAMLError>();
  for (const error of errors) if (!first.has(error.pos[0])) first.set(error.pos[0], error);
  return [...first.values()].slice(0, MOST_SYNTAX_ERRORS).map((error) => syntaxProblem(error, at));
}

function syntaxProblem(error: YAMLError, at: (offset: number) => Origin): Problem {
  const origin = at(error.pos[0]);
  if (error.code === 'MULTIPLE_DOCS') {
    return problem(origin, 'The file holds more than one YAML document.', 'Keep one, and remove the line "---".');
  }
  if (error.code === 'TAG_RESOLVE_FAILED') {
    return problem(origin, `YAML tags are not supported: ${reasonOf(error)}.`, 'Remove the tag.');
  }
  return problem(origin, `This is not valid YAML: ${reasonOf(error)}.`);
}

/**
 * Finds the pairs of every map, and reports keys that are given twice or are no plain text. A key that cannot be used
 * is taken out with its value: `__proto__` would change what the plain value inherits.
 */
function indexMaps(doc: Document, indexes: Map<YAMLMap, Index>, at: (offset: number) => Origin): Problem[] {
  const problems: Problem[] = [];
  const tell = (origin: Origin, message: string, fix?: string): void => {
    // One more than is shown, so that whoever shows them knows.
    if (problems.length <= MOST_PROBLEMS) problems.push(problem(origin, message, fix));
  };
  visit(doc, {
    Map: (_, map) => {
      const index = new Map<string, Pair>();
      map.items = map.items.filter((pair) => {
        const origin = (isNode(pair.key) ? startOf(pair.key, at) : undefined) ?? at(map.range?.[0] ?? 0);
        const key = keyOf(pair);
        if (key === undefined) {
          tell(origin, 'A key must be plain text, not a list, a map, an alias or empty.');
          return false;
        }
        if (key === '__proto__') {
          tell(origin, 'The key "__proto__" is not allowed.', 'Remove it.');
          return false;
        }
        if (index.has(key)) tell(origin, `The key ${quote(key)} is given twice.`, 'Keep one of them.');
        index.set(key, pair);
        return true;
      });
      indexes.set(map, index);
    },
  });
  return problems;
}

/** A key as the plain value has it; numbers and truth values are their text there. */
function keyOf({ key }: Pair): string | undefined {
  const value: unknown = isScalar(key) ? key.value : undefined;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}

function walk(doc: Document, indexes: ReadonlyMap<YAMLMap, Index>, path: Path): Found {
  let found: Found = { node: doc.contents, complete: true };
  for (const step of path) {
    const { node } = found;
    const pair: Pair | undefined = isMap(node) ? indexes.get(node)?.get(String(step)) : undefined;
    if (pair !== undefined) {
      found = { node: pair.value, key: pair.key, complete: true };
    } else if (isSeq(node) && typeof step === 'number' && step < node.items.length) {
      found = { node: node.items[step], complete: true };
    } else {
      return { ...found, complete: false };
    }
  }
  return found;
}

/** An empty value (`project:` and nothing after it) has no place of its own that an editor could show: its key has. */
function placeOf(found: Found, what: 'key' | 'value', at: (offset: number) => Origin): Origin | undefined {
  const { node, key } = found;
  const empty = !isNode(node) || (isScalar(node) && node.value === null && node.source === '');
  const best = isNode(key) && (empty || (what === 'key' && found.complete)) ? key : node;
  return isNode(best) ? startOf(best, at) : undefined;
}

function startOf(node: Node, at: (offset: number) => Origin): Origin | undefined {
  return node.range ? at(node.range[0]) : undefined;
}
