import type { Desired } from '../../src/config/desired.js';
import type { Observed } from '../../src/observe/observed.js';
import { makePlan } from '../../src/plan/plan.js';
import {
  bindingChanges,
  endpointChanges,
  grantChanges,
  type BindingChange,
  type EndpointChange,
  type GrantChange,
} from '../../src/plan/types.js';
import { UNIVERSE } from './builders.js';

export const planned = (desired: Desired, observed: Observed) => makePlan(desired, observed, UNIVERSE);

export const endpointsOf = (desired: Desired, observed: Observed): EndpointChange[] =>
  endpointChanges(planned(desired, observed));
export const grantsOf = (desired: Desired, observed: Observed): GrantChange[] =>
  grantChanges(planned(desired, observed));
export const bindingsOf = (desired: Desired, observed: Observed): BindingChange[] =>
  bindingChanges(planned(desired, observed));

/** `key action service`, one line per endpoint change. */
export const outline = (changes: readonly EndpointChange[]): string[] =>
  changes.map(({ key, action, service }) => `${key} ${action} ${service.slice(service.lastIndexOf('/') + 1)}`);

/** `action url protocol`, one line per interface. */
export const interfacesOf = (change: EndpointChange | undefined): string[] =>
  (change?.interfaces ?? []).map(({ action, url, protocol }) => `${action} ${url} ${protocol}`);

export function only<T>(items: readonly T[]): T {
  const [item] = items;
  if (items.length !== 1 || item === undefined) throw new Error(`one item was expected, there are ${items.length}`);
  return item;
}
