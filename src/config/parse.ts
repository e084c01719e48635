import type { KnownCheck } from './desired.js';
import { issueProblems } from './issues.js';
import { MOST_PROBLEMS, shownProblems, type Problem } from './problems.js';
import { configSchema, type FileConfig } from './schema.js';
import { readYaml, type Path, type YamlSource } from './yaml-source.js';

/** A type of which any part may be missing: refused by the schema and reported, or never written. */
export type Lenient<T> = T extends readonly (infer Item)[]
  ? readonly (Lenient<Item> | undefined)[]
  : T extends object
    ? { readonly [Key in keyof T]?: Lenient<T[Key]> | undefined }
    : T;

/** A desired-state file as far as it could be read. */
export interface ParsedFile {
  readonly path: string;
  /** Everything the schema accepted; what it refused is `undefined` here and a problem. */
  readonly value: Lenient<FileConfig>;
  readonly locate: YamlSource['locate'];
  readonly source: YamlSource['source'];
}

/**
 * Reads the text of a desired-state file. All problems are found in one go; what is sound beside them is handed on, so
 * that it can be checked further.
 */
export function parseConfig(
  file: { readonly path: string; readonly text: string },
  checks: readonly KnownCheck[],
): { readonly file?: ParsedFile; readonly problems: Problem[] } {
  const yaml = readYaml(file.path, file.text);
  if (yaml.value === undefined) return { problems: shownProblems(yaml.problems) };
  const schema = configSchema(checks);
  const { error } = schema.safeParse(yaml.value);
  const issues = error?.issues ?? [];
  // One more than is shown, so that it is known that there are more.
  const told = issues.slice(0, MOST_PROBLEMS + 1).flatMap((issue) => issueProblems(issue, schema, yaml));
  const problems = [...yaml.problems, ...told];
  // A list or a text where the map should be: nothing in it can be looked at.
  if (issues.some((issue) => issue.path.length === 0 && issue.code === 'invalid_type')) {
    return { problems: shownProblems(problems) };
  }
  let value: unknown = yaml.value;
  for (const issue of issues) if (issue.code !== 'unrecognized_keys') value = without(value, issue.path);
  const parsed = { path: file.path, value: value as ParsedFile['value'], locate: yaml.locate, source: yaml.source };
  return { file: parsed, problems: shownProblems(problems) };
}

/** The value with what stands at the path taken out; list items keep their place. Writes into the value. */
function without(root: unknown, path: Path): unknown {
  const last = path.at(-1);
  if (last === undefined) return root;
  let here: unknown = root;
  for (const step of path.slice(0, -1)) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) return root;
    here = (here as Record<PropertyKey, unknown>)[step];
  }
  if (typeof here === 'object' && here !== null && Object.hasOwn(here, last)) {
    (here as Record<PropertyKey, unknown>)[last] = undefined;
  }
  return root;
}
