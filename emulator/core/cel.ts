import { Environment, EvaluationError, type ASTNode } from '@marcbachmann/cel-js';
import { declareMessage } from './cel-messages.js';
import type { Json } from './json.js';
import type { Shape } from './shape.js';

/** A condition that is no CEL, names a field the resource does not have, or is not true or false. */
export class CelError extends Error {
  override readonly name = 'CelError';
}

/** Is the condition true of this resource? A condition that fails on it (a key a map does not have) is not true. */
export type Condition = (resource: Json) => boolean;

/**
 * Compiles a condition on `resource`, checked against the resource's shape; any field will do without one.
 * @throws CelError with the reason
 */
export function compileCondition(text: string, shape?: Shape): Condition {
  return conditionCompiler('resource', shape)(text);
}

/** Compiles conditions on one variable, all against the same shape. The compiler throws CelError with the reason. */
export function conditionCompiler(variable: string, shape?: Shape): (text: string) => Condition {
  const env = new Environment({ homogeneousAggregateLiterals: false });
  const convert = shape === undefined ? asIs(env, variable) : declareMessage(env, variable, shape);
  registerIsSet(env);
  return (text) => {
    const evaluate = parse(env, withIsSet(env, text));
    return (value) => {
      const context = { [variable]: convert(value) };
      try {
        return evaluate(context) === true;
      } catch (error) {
        if (error instanceof EvaluationError) return false;
        throw error;
      }
    };
  };
}

/** The syntax tree of an expression, whatever its names mean. @throws CelError when it has none */
export function syntaxTree(text: string): ASTNode {
  return treeOf(SYNTAX, text);
}

const SYNTAX = new Environment();

function asIs(env: Environment, variable: string): (value: Json) => unknown {
  env.registerVariable(variable, 'dyn');
  return (value) => value;
}

function parse(env: Environment, text: string): (context: Json) => unknown {
  const checked = env.check(text);
  if (!checked.valid) throw new CelError(reasonOf(checked.error));
  if (checked.type !== 'bool' && checked.type !== 'dyn') {
    throw new CelError(`the condition is of type ${checked.type ?? 'unknown'}, not bool`);
  }
  return env.parse(text);
}

function reasonOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'summary' in error) return String(error.summary);
  return error instanceof Error ? error.message : 'it cannot be parsed';
}

/**
 * `has(a.b.c)` with `a.b` unset is an error in this implementation, since it looks at maps. On protobuf messages it is false
 * (CEL specification, macro `has`), so the condition is evaluated with a macro of that meaning in its place.
 */
function withIsSet(env: Environment, text: string): string {
  const starts = callsOf(treeOf(env, text), 'has').sort((a, b) => b - a);
  return starts.reduce((changed, start) => `${changed.slice(0, start)}${IS_SET}${changed.slice(start + 3)}`, text);
}

function treeOf(env: Environment, text: string): ASTNode {
  try {
    return env.parse(text).ast;
  } catch (error) {
    throw new CelError(reasonOf(error));
  }
}

const IS_SET = 'emulatorIsSet';

/** Where calls of a function begin, macros included, which keep their arguments in the tree. */
function callsOf(node: unknown, name: string): number[] {
  if (Array.isArray(node)) return node.flatMap((item) => callsOf(item, name));
  if (!isNode(node)) return [];
  const isCall = node.op === 'call' && node.args[0] === name;
  return [...(isCall ? [node.range.start] : []), ...callsOf(node.args, name)];
}

/** Is it a node of a syntax tree, not an argument of one? */
export function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
}

/** The parts of the library's macro interface that are used here (its README, "Custom macros"). */
interface Checker {
  check(node: ASTNode, context: unknown): unknown;
  getType(name: string): unknown;
  createError(code: string, message: string, node: ASTNode): Error;
}
interface Evaluator {
  run(node: ASTNode, context: unknown): unknown;
}

function registerIsSet(env: Environment): void {
  env.registerFunction(`${IS_SET}(ast): bool`, ({ args }: { args: [ASTNode] }) => {
    const [field] = args;
    return {
      typeCheck: (checker: Checker, _macro: unknown, context: unknown): unknown => {
        if (field.op !== '.') throw checker.createError('invalid_macro_argument', 'has() invalid argument', field);
        checker.check(field, context);
        return checker.getType('bool');
      },
      evaluate: (evaluator: Evaluator, _macro: unknown, context: unknown): boolean => {
        const [parent, name] = field.args as [ASTNode, string];
        const value = evaluator.run(parent, context);
        return value instanceof Map ? value.has(name) : Object.hasOwn(Object(value) as object, name);
      },
    };
  });
}
