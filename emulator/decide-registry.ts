import { asStrings } from './core/json.js';
import { interfaceUrls, isVisible, servicesIn } from './state/services.js';
import type { State } from './state/state.js';
import type { NetworkRecord, Place, ServiceRecord } from './state/types.js';

/** The services with this host in the registries attached to a gateway. */
export function servicesWithHost(state: State, gateway: NetworkRecord, host: string): ServiceRecord[] {
  const wanted = host.toLowerCase();
  return attachedPlaces(state, gateway)
    .flatMap((place) => servicesIn(state, place))
    .filter((record) => isVisible(state, record))
    .filter((record) => interfaceUrls(record.data).some((url) => authority(url) === wanted));
}

/** Attached registries; a regional entry is looked at before a global one. */
function attachedPlaces(state: State, gateway: NetworkRecord): Place[] {
  const places = asStrings(gateway.data.registries).flatMap((name) => {
    const [, id, location] = /projects\/([^/]+)\/locations\/([^/]+)$/.exec(name) ?? [];
    const project = id === undefined ? undefined : state.findProject(id);
    return project === undefined || location === undefined ? [] : [{ project, location }];
  });
  return places.sort((a, b) => Number(a.location === 'global') - Number(b.location === 'global'));
}

/** Host of a URL as written: `host:443` is not `host` to the gateway, and URL parsers drop the default port. */
function authority(url: string): string {
  return (/^[a-z][a-z0-9+.-]*:\/\/([^/?#]+)/i.exec(url)?.[1] ?? '').toLowerCase();
}
