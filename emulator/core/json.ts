/** A JSON object as it travels. */
export type Json = Record<string, unknown>;

/** Is it an object, not an array? */
export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as an object, or an empty one: absent and null messages are the same thing in protobuf JSON. */
export function asJson(value: unknown): Json {
  return isJson(value) ? value : {};
}

/** The value when it is text, else the empty text. */
export function asString(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The texts of a list; nothing when it is no list. */
export function asStrings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

/** Without the keys whose value is undefined, which JSON does not have. */
export function compact<T extends Json>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T;
}
