import { data, Evaluator, Lexer, Parser, type data as types } from '@actions/expressions';
import type { Value } from './metadata.js';

/** Contexts of an expression: `inputs.x`, `steps.plan.outputs.y`, … */
export type Contexts = Readonly<Record<string, unknown>>;

/** Status functions as they are while every step before has succeeded (or not). */
function statusFunctions(
  succeeded: boolean,
): Map<string, { name: string; minArgs: number; maxArgs: number; call: () => types.ExpressionData }> {
  const answer = (name: string, value: boolean) =>
    [name, { name, minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(value) }] as const;
  return new Map([
    answer('success', succeeded),
    answer('failure', !succeeded),
    answer('always', true),
    answer('cancelled', false),
  ]);
}

/** Evaluates a value of an `action.yml` with GitHub's own expression package. @returns the text the runner would pass on */
export function textOf(value: Value, contexts: Contexts): string {
  return 'text' in value ? value.text : evaluate(value.expression, contexts, true).coerceString();
}

/** @returns whether a step with this `if` runs */
export function isTrue(condition: string, contexts: Contexts, succeeded: boolean): boolean {
  const result = evaluate(condition, contexts, succeeded);
  return result.kind === data.Kind.Boolean ? result.value : result.coerceString() !== '';
}

function evaluate(expression: string, contexts: Contexts, succeeded: boolean): types.ExpressionData {
  const functions = statusFunctions(succeeded);
  const { tokens } = new Lexer(expression).lex();
  const tree = new Parser(tokens, Object.keys(contexts), [...functions.values()]).parse();
  return new Evaluator(tree, toData(contexts) as types.Dictionary, functions).evaluate();
}

function toData(value: unknown): types.ExpressionData {
  if (typeof value === 'string') return new data.StringData(value);
  if (typeof value === 'boolean') return new data.BooleanData(value);
  if (value === null || typeof value !== 'object') return new data.Null();
  const pairs = Object.entries(value).map(([key, member]) => ({ key, value: toData(member) }));
  return new data.Dictionary(...pairs);
}
