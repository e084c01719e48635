import type { ASTNode } from '@marcbachmann/cel-js';
import { CelError, conditionCompiler, isNode, syntaxTree, type Condition } from '../core/cel.js';
import { memoized } from '../core/memo.js';
import { ATTRIBUTES, DESTINATION_SHAPE, SEARCHABLE } from './iam-destination.js';

export interface ConditionRules {
  /** Are startsWith and its kind allowed on every text, not only on unregistered hosts and paths? */
  readonly stringFunctionsOnNames: boolean;
}

const SEARCHES = ['startsWith', 'endsWith', 'contains'];
const LOGIC = ['&&', '||', '!_'];

/** Compiles the condition of a rule for egress. @throws CelError for what CEL or the attributes page does not have */
export const compileEgressCondition: (text: string) => Condition = memoized(
  conditionCompiler('destination', DESTINATION_SHAPE),
);

/**
 * Refuses what the attributes page does not list: it names the operators of each attribute, `&&`, `||`, `!` and parentheses, and no
 * function but three on unregistered hosts and paths.
 * @throws CelError with the reason
 */
export function checkEgressCondition(text: string, rules: ConditionRules): void {
  checkLogic(syntaxTree(text), rules);
  compileEgressCondition(text);
}

/** How many logical operators an expression has. @throws CelError when it is none */
export function logicalOperators(text: string): number {
  return nodesOf(syntaxTree(text)).filter((node) => LOGIC.includes(node.op)).length;
}

function checkLogic(node: ASTNode, rules: ConditionRules): void {
  switch (node.op) {
    case '&&':
    case '||':
      for (const side of node.args) checkLogic(side, rules);
      return;
    case '!_':
      checkLogic(node.args, rules);
      return;
    case '==':
    case '!=':
    case 'in':
      checkComparison(node.op, attributeOf(node.args[0]), node.args[1]);
      return;
    case 'rcall':
      checkFunction(node.args, rules);
      return;
    case '.':
      if (ATTRIBUTES.get(attributeOf(node)) !== 'bool') throw new CelError('the condition is not bool');
      return;
    case 'value':
      return;
    default:
      throw new CelError(`'${node.input.slice(node.range.start, node.range.end)}' is not supported in access policies`);
  }
}

function checkComparison(operator: '==' | '!=' | 'in', attribute: string, value: ASTNode): void {
  const values = value.op === 'list' ? value.args : [value];
  if (operator === 'in' ? value.op !== 'list' : value.op === 'list')
    throw new CelError(`${attribute} cannot be compared with ${textOf(value)} by ${operator}`);
  if (operator === 'in' && ATTRIBUTES.get(attribute) === 'bool')
    throw new CelError(`operator in is not supported for ${attribute}`);
  const other = values.find((item) => item.op !== 'value');
  if (other !== undefined) throw new CelError(`${textOf(other)} is no literal`);
}

function checkFunction(call: [string, ASTNode, ASTNode[]], { stringFunctionsOnNames }: ConditionRules): void {
  const [name, receiver] = call;
  const attribute = attributeOf(receiver);
  const known = stringFunctionsOnNames ? [...SEARCHES, 'matches'] : SEARCHES;
  if (!known.includes(name)) throw new CelError(`function ${name} is not supported in access policies`);
  if (!SEARCHABLE.has(attribute) && !stringFunctionsOnNames)
    throw new CelError(`function ${name} is not supported for ${attribute}`);
}

/** The path of an attribute. */
function attributeOf(node: ASTNode): string {
  const path = pathOf(node);
  if (path !== undefined && ATTRIBUTES.has(path)) return path;
  throw new CelError(`unsupported attribute ${textOf(node)}`);
}

function pathOf(node: ASTNode): string | undefined {
  if (node.op === 'id') return node.args;
  if (node.op !== '.') return undefined;
  const [below, name] = node.args;
  const path = pathOf(below);
  return path === undefined ? undefined : `${path}.${name}`;
}

const textOf = (node: ASTNode): string => node.input.slice(node.range.start, node.range.end);

function nodesOf(value: unknown): ASTNode[] {
  if (Array.isArray(value)) return value.flatMap(nodesOf);
  return isNode(value) ? [value, ...nodesOf(value.args)] : [];
}

interface Literal {
  readonly start: number;
  readonly end: number;
  readonly old: string;
}

/** String literals, the last one first. */
const literalsOf = memoized((text: string): Literal[] =>
  nodesOf(syntaxTree(text))
    .flatMap((node) =>
      node.op === 'value' && typeof node.args === 'string' ? [{ ...node.range, old: node.args }] : [],
    )
    .sort((a, b) => b.start - a.start),
);

/** The expression with other string literals; those that stay the same stay as they were written. */
export function withLiterals(text: string, change: (literal: string) => string): string {
  return literalsOf(text).reduce((result, { start, end, old }) => {
    const next = change(old);
    return next === old ? result : `${result.slice(0, start)}${quoted(next)}${result.slice(end)}`;
  }, text);
}

const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;
