/** The result of a condition for a plain HTTPS request; `unknown` when the expression uses what is not understood here. */
export type ConditionResult = true | false | 'unknown';

type Value = string | number | boolean | Value[];
interface Token {
  readonly kind: 'string' | 'number' | 'word' | 'symbol';
  readonly text: string;
}

const TOKEN =
  /\s*(?:('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(\d+(?:\.\d+)?)|([A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)*)|(\|\||&&|==|!=|<=|>=|[<>!()[\],.]))/y;

class NotUnderstood extends Error {}

/**
 * Evaluates the small part of CEL that egress conditions are written in: `api.getAttribute(name, default)`, `request.time`,
 * `timestamp()`, comparisons, `in`, `&&`, `||`, `!`. A plain request carries no MCP attributes, so an attribute is its default.
 */
export function evaluateCondition(expression: string, nowMs: number): ConditionResult {
  try {
    const parser = new Parser(tokens(expression), nowMs);
    const value = parser.whole();
    return typeof value === 'boolean' ? value : 'unknown';
  } catch (error) {
    if (error instanceof NotUnderstood) return 'unknown';
    throw error;
  }
}

function tokens(expression: string): Token[] {
  const result: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < expression.trimEnd().length) {
    const match = TOKEN.exec(expression);
    if (!match) throw new NotUnderstood();
    const [, text, number, word, symbol] = match;
    if (text !== undefined) result.push({ kind: 'string', text: text.slice(1, -1).replace(/\\(.)/g, '$1') });
    else if (number !== undefined) result.push({ kind: 'number', text: number });
    else if (word !== undefined) result.push({ kind: 'word', text: word });
    else result.push({ kind: 'symbol', text: symbol ?? '' });
  }
  return result;
}

class Parser {
  private readonly list: readonly Token[];
  private readonly nowMs: number;
  private at = 0;

  constructor(list: readonly Token[], nowMs: number) {
    this.list = list;
    this.nowMs = nowMs;
  }

  whole(): Value {
    const value = this.or();
    if (this.at < this.list.length) throw new NotUnderstood();
    return value;
  }

  private or(): Value {
    let value = this.and();
    while (this.take('||')) value = [value, this.and()].includes(true);
    return value;
  }

  private and(): Value {
    let value = this.comparison();
    while (this.take('&&')) value = [value, this.comparison()].every((item) => item === true);
    return value;
  }

  private comparison(): Value {
    const left = this.unary();
    for (const operator of ['==', '!=', '<=', '>=', '<', '>', 'in'] as const) {
      if (this.take(operator)) return compare(operator, left, this.unary());
    }
    return left;
  }

  private unary(): Value {
    if (!this.take('!')) return this.primary();
    const value = this.unary();
    if (typeof value !== 'boolean') throw new NotUnderstood();
    return !value;
  }

  private primary(): Value {
    const token = this.list[this.at];
    this.at += 1;
    if (token?.kind === 'string') return token.text;
    if (token?.kind === 'number') return Number(token.text);
    if (token?.kind === 'word') return this.word(token.text);
    if (token?.text === '(') return this.until(')')[0] ?? true;
    if (token?.text === '[') return this.until(']');
    throw new NotUnderstood();
  }

  private word(name: string): Value {
    if (name === 'true' || name === 'false') return name === 'true';
    if (name === 'request.time') return this.nowMs;
    if (!this.take('(')) throw new NotUnderstood();
    const parameters = this.until(')');
    const [first, second] = parameters;
    if (name === 'timestamp' && typeof first === 'string' && !Number.isNaN(Date.parse(first))) return Date.parse(first);
    if (name === 'api.getAttribute' && typeof first === 'string' && second !== undefined) return second;
    throw new NotUnderstood();
  }

  /** A comma-separated list up to the closing symbol. */
  private until(end: string): Value[] {
    const values: Value[] = [];
    while (!this.take(end)) {
      values.push(this.or());
      if (!this.take(',') && this.list[this.at]?.text !== end) throw new NotUnderstood();
    }
    return values;
  }

  private take(text: string): boolean {
    const token = this.list[this.at];
    if (token === undefined || token.kind === 'string' || token.text !== text) return false;
    this.at += 1;
    return true;
  }
}

function compare(operator: '==' | '!=' | '<=' | '>=' | '<' | '>' | 'in', left: Value, right: Value): boolean {
  if (operator === '==') return left === right;
  if (operator === '!=') return left !== right;
  if (operator === 'in') {
    if (!Array.isArray(right)) throw new NotUnderstood();
    return right.includes(left);
  }
  if (typeof left !== 'number' || typeof right !== 'number') throw new NotUnderstood();
  if (operator === '<') return left < right;
  if (operator === '>') return left > right;
  return operator === '<=' ? left <= right : left >= right;
}
