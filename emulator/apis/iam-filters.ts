import { invalid } from '../core/errors.js';
import { filterItems } from '../core/filter.js';
import { asJson, asString, type Json } from '../core/json.js';

/**
 * The filter of the list: `target:ex*` begins with it, `target:example` is it, `policy:example` likewise, in any letter case (protos).
 * A name is also meant by its last segment: an example of the protos is too short for a full one.
 */
export function byTargetAndPolicy(bindings: readonly Json[], filter: string | null): Json[] {
  if (filter === null || filter.trim() === '') return [...bindings];
  const match = /^\s*(target|policy)\s*:\s*"?([^\s"]+)"?\s*$/i.exec(filter);
  if (match === null) throw invalid(`Invalid filter: ${filter}`, 'filter');
  const [field = '', wanted = ''] = match.slice(1).map((text) => text.toLowerCase());
  return bindings.filter((binding) => {
    const name = asString(field === 'target' ? asJson(binding.target).resource : binding.policy).toLowerCase();
    return [name, name.slice(name.lastIndexOf('/') + 1)].some((text) =>
      wanted.endsWith('*') ? text.startsWith(wanted.slice(0, -1)) : text === wanted,
    );
  });
}

/** The filter of the search by target: `policy_kind=ACCESS` (generated clients). */
export function byPolicyKind(bindings: readonly Json[], filter: string | null): Json[] {
  if (filter !== null && filter.trim() !== '' && !/^\s*policy_kind\s*=/.test(filter))
    throw invalid(`Invalid filter: ${filter}`, 'filter');
  return filterItems(bindings, filter);
}
