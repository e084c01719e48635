import { GoogleError } from './errors.js';
import { isJson, type Json } from './json.js';
import { camelCase } from './shape.js';

/** The paths of an `updateMask` query parameter, in camelCase whatever the caller wrote (google.protobuf.FieldMask). */
export function readMask(mask: string | null): string[] {
  if (mask === null || mask.trim() === '') return [];
  return mask
    .split(',')
    .map((path) => path.trim().split('.').map(camelCase).join('.'))
    .filter((path) => path !== '');
}

/** 400 unless every path is one that may be updated. */
export function checkMask(paths: readonly string[], allowed: readonly string[], what: string): void {
  const unknown = paths.find((path) => !allowed.includes(path));
  if (unknown === undefined) return;
  throw new GoogleError('INVALID_ARGUMENT', `Update mask path '${unknown}' is not supported for ${what}.`, [
    {
      '@type': 'type.googleapis.com/google.rpc.BadRequest',
      fieldViolations: [{ field: 'update_mask', description: `Invalid field path: ${unknown}` }],
    },
  ]);
}

/**
 * Field mask semantics: each named field is replaced as a whole by the one in `source`, and cleared when `source` has none.
 * A message that is named is replaced, never merged (protobuf FieldMask, AIP-134).
 */
export function applyMask(target: Json, source: Json, paths: readonly string[]): Json {
  const result = structuredClone(target);
  for (const path of paths) replaceAt(result, source, path.split('.'));
  return result;
}

function replaceAt(target: Json, source: Json, path: readonly string[]): void {
  const [head, ...rest] = path;
  if (head === undefined) return;
  if (rest.length === 0) {
    if (source[head] === undefined) Reflect.deleteProperty(target, head);
    else target[head] = structuredClone(source[head]);
    return;
  }
  const below = isJson(target[head]) ? target[head] : {};
  replaceAt(below, isJson(source[head]) ? source[head] : {}, rest);
  target[head] = below;
}
