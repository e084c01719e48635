import type * as z from 'zod';
import { MOST_PROBLEMS, problem, quote, suggestion, type Problem } from './problems.js';
import { knownKeys } from './schema.js';
import type { Path, YamlSource } from './yaml-source.js';

/** What an issue of the schema says about the file, in words for its author and at the line it is about. */
export function issueProblems(issue: z.core.$ZodIssue, schema: z.ZodType, yaml: YamlSource): Problem[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, MOST_PROBLEMS + 1).map((key) => unknownKey(path, key, schema, yaml));
  }
  const name = pathText(path);
  const value = valueAt(yaml.value, path);
  const origin = yaml.locate(path);
  if (value === undefined) return [problem(origin, `${name} is missing.`, missingFix(path))];
  if (value === null) return [problem(origin, `${name} is empty.`, emptyFix(path))];
  if (typeof value === 'number' && (issue.code === 'too_small' || issue.code === 'too_big')) {
    // YAML's numbers are rounded beyond 2^53.
    const source = quote(yaml.source(path) ?? value);
    return [problem(origin, `${name} cannot be the number ${source}.`, `Quote it: ${source}.`)];
  }
  switch (issue.code) {
    case 'too_small':
      if (Array.isArray(value)) {
        return [problem(origin, `${name} is an empty list.`, 'List at least one item, or remove the key.')];
      }
      return [problem(origin, `${name} is empty.`, emptyFix(path))];
    case 'too_big':
      return [problem(origin, `${name} is longer than ${String(issue.maximum)} characters.`, 'Shorten it.')];
    case 'invalid_value':
      return [notAnOption(issue.values.map(String), name, value, path, yaml)];
    default:
      return [wrongType(issue, name, value, yaml)];
  }
}

/** `endpoints.google-apis.urls[0]`, in quotes. */
export function pathText(path: Path): string {
  if (path.length === 0) return 'The file';
  const text = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
  return quote(text.replace(/^\./, ''), 120);
}

function unknownKey(path: Path, key: string, schema: z.ZodType, yaml: YamlSource): Problem {
  const where = path.length === 0 ? 'at the top of the file' : `in ${pathText(path)}`;
  const origin = yaml.locate([...path, key], 'key');
  const message = `The key ${quote(key)} is not known ${where}.`;
  if (key === '<<') return problem(origin, message, 'Merge keys are not supported; write the keys out.');
  const isCheck = path.length === 1 && path[0] === 'checks';
  return problem(origin, message, suggestion(key, knownKeys(schema, path), isCheck ? 'known checks' : 'known keys'));
}

function notAnOption(options: string[], name: string, value: unknown, path: Path, yaml: YamlSource): Problem {
  const shown = typeof value === 'string' ? value : (yaml.source(path) ?? kindOf(value));
  const [only] = options;
  const single = only !== undefined && options.length === 1;
  const fix = single ? `Write ${only}, without quotes.` : suggestion(shown, options, 'possible values');
  return problem(yaml.locate(path), `${name} cannot be ${quote(shown)}.`, fix);
}

function wrongType(issue: z.core.$ZodIssue, name: string, value: unknown, yaml: YamlSource): Problem {
  const { path } = issue;
  const expected = issue.code === 'invalid_type' ? issue.expected : 'string';
  const source = yaml.source(path);
  const origin = yaml.locate(path);
  const message = `${name} must be ${nameOf(expected)}, not ${kindOf(value)}.`;
  // YAML reads 4405152104998502400 as a number and rounds it, and true as a truth value.
  if (expected === 'string' && source !== undefined) return problem(origin, message, `Quote it: ${quote(source)}.`);
  if (expected === 'boolean') return problem(origin, message, 'Write true or false, without quotes.');
  if (expected === 'array') return problem(origin, message, 'Write it as a list: [a, b], or one "- item" a line.');
  return problem(origin, message);
}

function missingFix(path: Path): string {
  return path.length === 1 && path[0] === 'version' ? 'Add the line "version: 1".' : 'Add it.';
}

function emptyFix(path: Path): string {
  return path[0] === 'gateways' && path.length === 2
    ? 'Write none to unbind this direction, or remove the key to leave it as it is.'
    : 'Give it a value, or remove the key.';
}

function nameOf(expected: string): string {
  const names: Record<string, string> = { string: 'text', array: 'a list', object: 'a map', record: 'a map' };
  return names[expected] ?? (expected === 'boolean' ? 'true or false' : expected);
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'string') return 'text';
  return typeof value === 'number' ? 'a number' : 'true or false';
}

function valueAt(root: unknown, path: Path): unknown {
  let here: unknown = root;
  for (const step of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) return undefined;
    here = (here as Record<PropertyKey, unknown>)[step];
  }
  return here;
}
