import { parse, type ASTNode } from '@marcbachmann/cel-js';

/** What can be said of a condition without asking Google. */
export type Truth = boolean | 'unknown';

type Value = string | boolean | readonly Value[];

/** What a condition may ask of a destination. */
export interface Attributes {
  /** By path. Whatever else a condition asks for is absent: it is about another kind of destination. */
  readonly known: ReadonlyMap<string, string | boolean>;
  /** Paths that begin like this differ from request to request. */
  readonly open?: string;
}

/** Longer conditions are not looked at: Google's neighbours of this API take 250 to 4,000 characters. */
const LONGEST = 64_000;

/** @returns the syntax tree of a condition, undefined where it is no CEL (or too much of it) */
export function parseCondition(expression: string): ASTNode | undefined {
  if (expression.length > LONGEST) return undefined;
  try {
    return parse(expression).ast;
  } catch {
    return undefined;
  }
}

export function and(a: Truth, b: Truth): Truth {
  if (a === false || b === false) return false;
  return a === true && b === true ? true : 'unknown';
}

export function or(a: Truth, b: Truth): Truth {
  if (a === true || b === true) return true;
  return a === false && b === false ? false : 'unknown';
}

export function not(a: Truth): Truth {
  return a === 'unknown' ? a : !a;
}

/**
 * Evaluates the part of CEL that conditions of access policies are written in (Google's "CEL attributes" page of Agent Gateway):
 * attributes, text, true and false, `==`, `!=`, `in`, `&&`, `||`, `!`, `startsWith`, `endsWith` and `contains`. Anything else is
 * unknown, never guessed, and no pattern of somebody else's is ever run.
 *
 * It is not documented what an absent attribute is. What does not depend on it counts; so does "false" when the attribute has
 * its type's default, as a rule about tools is none about endpoints; "true" by a default does not count.
 */
export function truthOf(ast: ASTNode, attributes: Attributes): Truth {
  const strict = truth(ast, { attributes, absent: 'unknown' });
  if (strict !== 'unknown') return strict;
  return truth(ast, { attributes, absent: 'default' }) === false ? false : 'unknown';
}

interface World {
  readonly attributes: Attributes;
  readonly absent: 'unknown' | 'default';
}

/** An attribute that is not there has the default of what it is compared with. */
const ABSENT = Symbol('absent');
type Operand = Value | typeof ABSENT | undefined;

function truth(node: ASTNode, world: World): Truth {
  switch (node.op) {
    case '&&':
      return and(truth(node.args[0], world), truth(node.args[1], world));
    case '||':
      return or(truth(node.args[0], world), truth(node.args[1], world));
    case '!_':
      return not(truth(node.args, world));
    case '==':
      return equal(operand(node.args[0], world), operand(node.args[1], world), world);
    case '!=':
      return not(equal(operand(node.args[0], world), operand(node.args[1], world), world));
    case 'in':
      return contained(operand(node.args[0], world), operand(node.args[1], world), world);
    case 'rcall':
      return called(node.args[0], operand(node.args[1], world), node.args[2], world);
    default: {
      const value = operand(node, world);
      if (value === ABSENT) return world.absent === 'default' ? false : 'unknown';
      return typeof value === 'boolean' ? value : 'unknown';
    }
  }
}

function operand(node: ASTNode, world: World): Operand {
  if (node.op === 'value')
    return typeof node.args === 'string' || typeof node.args === 'boolean' ? node.args : undefined;
  if (node.op === 'list') {
    const items = node.args.map((item) => operand(item, world));
    return items.every((item) => item !== undefined && item !== ABSENT) ? items : undefined;
  }
  const path = pathOf(node);
  if (path === undefined) return undefined;
  const { known, open } = world.attributes;
  const value = known.get(path);
  if (value !== undefined) return value;
  return isAttribute(path) && !(open && path.startsWith(open)) ? ABSENT : undefined;
}

/** @returns `destination.agent_registry.location` for such an attribute, undefined for anything else */
export function pathOf(node: ASTNode): string | undefined {
  if (node.op === 'id') return node.args;
  if (node.op !== '.') return undefined;
  const [parent, name] = node.args;
  const path = pathOf(parent);
  return path === undefined ? undefined : `${path}.${name}`;
}

/** A name that starts otherwise is none of this service's: it may be anything. */
function isAttribute(path: string): boolean {
  return path.startsWith('destination.');
}

function equal(a: Operand, b: Operand, world: World): Truth {
  if (a === undefined || b === undefined) return 'unknown';
  if (a !== ABSENT && b !== ABSENT) return isSame(a, b);
  if (world.absent === 'unknown') return 'unknown';
  const other = a === ABSENT ? b : a;
  if (typeof other === 'string') return other === '';
  return typeof other === 'boolean' ? !other : 'unknown';
}

/** Values of two types are an error in CEL, and what an error comes to is not known. */
function isSame(a: Value, b: Value): Truth {
  return typeof a === typeof b && typeof a !== 'object' ? a === b : 'unknown';
}

function contained(item: Operand, list: Operand, world: World): Truth {
  if (item === undefined || list === undefined || list === ABSENT || typeof list !== 'object') return 'unknown';
  return list.reduce<Truth>((found, other) => or(found, equal(item, other, world)), false);
}

function called(name: string, text: Operand, parameters: readonly ASTNode[], world: World): Truth {
  const [first] = parameters;
  const part = first && parameters.length === 1 ? operand(first, world) : undefined;
  if (typeof part !== 'string' || text === undefined) return 'unknown';
  if (text === ABSENT && world.absent === 'unknown') return 'unknown';
  const whole = text === ABSENT ? '' : text;
  if (typeof whole !== 'string') return 'unknown';
  switch (name) {
    case 'startsWith':
      return whole.startsWith(part);
    case 'endsWith':
      return whole.endsWith(part);
    case 'contains':
      return whole.includes(part);
    default:
      return 'unknown';
  }
}
