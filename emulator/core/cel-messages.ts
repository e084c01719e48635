import type { Environment } from '@marcbachmann/cel-js';
import { isJson, type Json } from './json.js';
import type { Shape } from './shape.js';

/** How one shape looks to CEL: its type, what an unset field of it reads as, and a JSON value turned into it. */
interface CelType {
  readonly name: string;
  readonly unset: unknown;
  /** Undefined when the value is the unset one: protobuf does not tell them apart, except in messages. */
  readonly convert: (value: unknown) => unknown;
}

type Fields = Readonly<Record<string, Shape>>;

/**
 * Declares the variable `name` as a protobuf message and returns what turns its JSON form into a value of it: a field that is
 * unset reads as its default, and only one that is set is an own property, which is what `has()` asks for
 * (CEL specification, "Field selection"). Numbers of the shape are CEL's int.
 */
export function declareMessage(env: Environment, name: string, shape: Shape): (value: Json) => unknown {
  const type = typeOf(env, `emulator.${name}`, shape);
  env.registerVariable(name, type.name);
  return (value) => type.convert(value) ?? type.unset;
}

function typeOf(env: Environment, path: string, shape: Shape): CelType {
  // Messages the emulator has no shape for: an unset one has no fields.
  if (shape === 'any') return { name: 'dyn', unset: {}, convert: (value) => plain(value ?? undefined) };
  if (shape === 'string') return scalar('string', '', (value) => value);
  if (shape === 'bool') return scalar('bool', false, (value) => value);
  if (shape === 'int') return scalar('int', 0n, (value) => BigInt(value as number | string));
  if (isEnum(shape)) return scalar('string', shape[0], (value) => value);
  if ('list' in shape) return listOf(typeOf(env, `${path}.item`, shape.list));
  if ('map' in shape) return mapOf(typeOf(env, `${path}.value`, shape.map));
  return messageOf(env, path, shape.message);
}

function scalar(name: string, unset: unknown, read: (value: unknown) => unknown): CelType {
  const convert = (value: unknown): unknown => {
    if (value === undefined || value === null) return undefined;
    const converted = read(value);
    return converted === unset ? undefined : converted;
  };
  return { name, unset, convert };
}

function listOf(item: CelType): CelType {
  return {
    name: `list<${item.name}>`,
    unset: [],
    convert: (value) =>
      Array.isArray(value) && value.length > 0
        ? Array.from(value, (one) => item.convert(one) ?? item.unset)
        : undefined,
  };
}

function mapOf(entry: CelType): CelType {
  const convert = (value: unknown): unknown => {
    if (!isJson(value) || Object.keys(value).length === 0) return undefined;
    return new Map(Object.entries(value).map(([key, one]) => [key, entry.convert(one) ?? entry.unset]));
  };
  return { name: `map<string, ${entry.name}>`, unset: new Map(), convert };
}

/** One class per message: the defaults of its fields are on the prototype, the fields that are set on the object. */
function messageOf(env: Environment, path: string, shapes: Fields): CelType {
  class Message {
    put(key: string, value: unknown): void {
      Object.defineProperty(this, key, { value, enumerable: true });
    }
  }
  const fields = new Map(Object.entries(shapes).map(([key, shape]) => [key, typeOf(env, `${path}.${key}`, shape)]));
  for (const [key, { unset }] of fields) Object.defineProperty(Message.prototype, key, { value: unset });
  env.registerType(path, {
    ctor: Message,
    fields: Object.fromEntries([...fields].map(([key, { name }]) => [key, name])),
  });
  const convert = (value: unknown): unknown => {
    if (!isJson(value)) return undefined;
    const message = new Message();
    for (const [key, type] of fields) {
      const converted = type.convert(value[key]);
      if (converted !== undefined) message.put(key, converted);
    }
    return message;
  };
  return { name: path, unset: new Message(), convert };
}

/** JSON as CEL takes it. Built anew: the library knows a map and a list by its own constructors only. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return Array.from(value, plain);
  return isJson(value) ? new Map(Object.entries(value).map(([key, item]) => [key, plain(item)])) : value;
}

function isEnum(shape: Shape): shape is readonly string[] {
  return Array.isArray(shape);
}
