import { State } from './state.js';

/** What can be written, besides constraints and organization policies; the rest of the state is shared by all copies. */
const STORES = [
  'engines',
  'services',
  'gateways',
  'extensions',
  'authzPolicies',
  'policies',
  'accessPolicies',
  'policyBindings',
] as const;

type Store = Map<string, object>;

/** The state as it is now, for reads only. Records are replaced or changed at their own fields, never deeper, so shallow copies hold. */
export function copyState(state: State): State {
  const stores = Object.fromEntries(
    STORES.map((name) => [name, new Map([...(state[name] as Store)].map(([key, record]) => [key, { ...record }]))]),
  );
  const orgPolicy = state.orgPolicy.copy();
  return Object.assign(Object.create(State.prototype) as State, state, stores, { orgPolicy });
}

/** Do both hold the same resources? */
export function isSameState(a: State, b: State): boolean {
  const areSame = STORES.every((name) => isSameStore(a[name] as Store, b[name] as Store));
  return areSame && a.orgPolicy.isSame(b.orgPolicy);
}

function isSameStore(a: Store, b: Store): boolean {
  return a.size === b.size && [...a].every(([key, record]) => isSameRecord(record, b.get(key)));
}

function isSameRecord(a: object, b: object | undefined): boolean {
  return b !== undefined && Object.entries(a).every(([field, value]) => Object.is(value, Reflect.get(b, field)));
}
