import { badRequest, GoogleError } from './errors.js';
import { isJson, type Json } from './json.js';

/** What a message of an API may hold; an array of strings is an enum. */
export type Shape =
  | 'any'
  | 'string'
  | 'bool'
  | 'int'
  | readonly string[]
  | { readonly list: Shape }
  | { readonly map: Shape }
  | { readonly message: Readonly<Record<string, Shape>> };

/**
 * Reads a JSON body the way Google's front end does: unknown names and wrong types are a 400 with a field violation,
 * both camelCase and snake_case names are understood, and the result has camelCase names only.
 */
export function readMessage(value: unknown, shape: Shape, root: string): Json {
  if (value === undefined || value === null) return {};
  const result = read(value, shape, root);
  return isJson(result) ? result : {};
}

function read(value: unknown, shape: Shape, path: string): unknown {
  if (value === null || shape === 'any') return value;
  if (shape === 'string') return expectType(value, typeof value === 'string', path, 'TYPE_STRING');
  if (shape === 'bool') return expectType(value, typeof value === 'boolean', path, 'TYPE_BOOL');
  if (shape === 'int') return expectType(value, isInteger(value), path, 'TYPE_INT32');
  if (isEnum(shape)) return expectType(value, typeof value === 'string' && shape.includes(value), path, 'TYPE_ENUM');
  if ('list' in shape) {
    if (!Array.isArray(value)) throw wrongType(value, path, 'TYPE_MESSAGE');
    return value.map((item, index) => read(item, shape.list, `${path}[${index}]`));
  }
  if (!isJson(value)) throw wrongType(value, path, 'TYPE_MESSAGE');
  if ('map' in shape) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, read(item, shape.map, `${path}.${key}`)]),
    );
  }
  return readFields(value, shape.message, path);
}

function readFields(value: Json, fields: Readonly<Record<string, Shape>>, path: string): Json {
  const result: Json = {};
  for (const [key, item] of Object.entries(value)) {
    const name = key in fields ? key : camelCase(key);
    const shape = fields[name];
    if (shape === undefined) throw unknownName(key, path);
    if (item !== null) result[name] = read(item, shape, `${path}.${snakeCase(name)}`);
  }
  return result;
}

/** Whole numbers travel as numbers or as decimal strings (protobuf JSON). */
function isInteger(value: unknown): boolean {
  return typeof value === 'string' ? /^-?\d+$/.test(value) : Number.isInteger(value);
}

function isEnum(shape: Shape): shape is readonly string[] {
  return Array.isArray(shape);
}

function expectType(value: unknown, fits: boolean, path: string, type: string): unknown {
  if (!fits) throw wrongType(value, path, type);
  return value;
}

function wrongType(value: unknown, path: string, type: string): GoogleError {
  const message = `Invalid value at '${path}' (${type}), ${JSON.stringify(value)}`;
  return new GoogleError('INVALID_ARGUMENT', message, [badRequest(path, message)]);
}

function unknownName(name: string, path: string): GoogleError {
  const message = `Invalid JSON payload received. Unknown name "${name}" at '${path}': Cannot find field.`;
  return new GoogleError('INVALID_ARGUMENT', message, [badRequest(path, message)]);
}

/** `agent_gateway` to `agentGateway`. */
export const camelCase = (name: string): string =>
  name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
/** `agentGateway` to `agent_gateway`. */
export const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
