import type { GatewayReference, Origin } from '../../config/desired.js';
import type { Observed } from '../../observe/observed.js';
import type { BindingChange, EndpointChange } from '../types.js';
import type { CheckInput } from './check.js';

const SHOWN = 5;

/** @returns the items with commas between; after the fifth only how many more there are */
export function listed(items: readonly string[]): string {
  const more = items.length > SHOWN ? ` and ${items.length - SHOWN} more` : '';
  return `${items.slice(0, SHOWN).join(', ')}${more}`;
}

/** @returns `"display name" (resource name)` */
export function named({ displayName, name }: { readonly displayName: string; readonly name: string }): string {
  return `${JSON.stringify(displayName)} (${name})`;
}

/**
 * A gateway that is not there is most likely a name with a mistake in it: then it is not known who is new to the right one.
 *
 * @returns the binding changes of engines that are to be bound to an egress gateway they are not bound to now
 */
export function newEgress({ observed, bindings }: Pick<CheckInput, 'observed' | 'bindings'>): BindingChange[] {
  if (!observed.gateways.egress) return [];
  return bindings.filter(({ egress }) => egress.declared && egress.to !== null && egress.from !== egress.to);
}

/** @returns the reference of a declared egress gateway */
export function egressReference({ desired }: Pick<CheckInput, 'desired'>): GatewayReference | undefined {
  const { egress } = desired.gateways;
  return egress === 'none' ? undefined : egress;
}

/** @returns `{ origin }` of the first of these endpoint keys, to be spread into what was found */
export function endpointOrigin({ desired }: Pick<CheckInput, 'desired'>, keys: readonly string[]): { origin?: Origin } {
  const origin = desired.endpoints.find(({ key }) => keys.includes(key))?.origin;
  return origin ? { origin } : {};
}

/** @returns the planned endpoint layer by service: several keys may share one */
export function byService(endpoints: readonly EndpointChange[]): Map<string, readonly EndpointChange[]> {
  const services = new Map<string, EndpointChange[]>();
  for (const endpoint of endpoints) {
    services.set(endpoint.service, [...(services.get(endpoint.service) ?? []), endpoint]);
  }
  return services;
}

/** @returns the engine that is named, from those that were read */
export function engineOf(observed: Observed, name: string): Observed['engines'][number] | undefined {
  return observed.engines.find((engine) => engine.name === name);
}
