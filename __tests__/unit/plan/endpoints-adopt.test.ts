import { describe, expect, it } from '@jest/globals';
import {
  desired,
  endpoint,
  observed,
  ownedService,
  resourceOf,
  service,
  serviceNamed,
} from '../../support/builders.js';
import { endpointsOf, interfacesOf, only, outline } from '../../support/plan.js';

const stripe = 'https://api.stripe.com';
const files = 'https://files.stripe.com';

describe('a URL that a service of somebody else serves', () => {
  it('is adopted, never registered twice, and nothing of that service is written', () => {
    const wanted = desired({ endpoints: [endpoint('payments', [stripe], { protocol: 'GRPC' })] });
    const change = only(endpointsOf(wanted, observed({ services: [service('theirs', [stripe, files])] })));
    expect(change).toMatchObject({
      action: 'adopt',
      key: 'payments',
      service: serviceNamed('theirs'),
      displayName: 'theirs',
      registryResource: resourceOf('theirs'),
      fields: [],
    });
    expect(change.interfaces).toEqual([
      { action: 'keep', url: stripe, protocol: 'JSONRPC', reason: 'Listed under urls' },
      { action: 'keep', url: files, protocol: 'JSONRPC', reason: '' },
    ]);
  });

  it('leaves the rest of the key to a service of its own', () => {
    const wanted = desired({ endpoints: [endpoint('payments', [stripe, files])] });
    const changes = endpointsOf(wanted, observed({ services: [service('theirs', [stripe])] }));
    expect(outline(changes)).toEqual(['payments create payments', 'payments adopt theirs']);
    expect(interfacesOf(changes[0])).toEqual([`add ${files} JSONRPC`]);
  });

  it('may come from several services, each adopted once', () => {
    const wanted = desired({ endpoints: [endpoint('payments', [stripe, files, 'https://a.example'])] });
    const world = observed({ services: [service('two', [files]), service('one', [stripe, 'https://a.example'])] });
    expect(outline(endpointsOf(wanted, world))).toEqual(['payments adopt one', 'payments adopt two']);
  });

  it('is adopted from the first by name where two serve it, whatever the order they are listed in', () => {
    const wanted = desired({ endpoints: [endpoint('payments', [stripe])] });
    const two = [service('theirs-2', [stripe]), service('theirs-1', [stripe])];
    for (const services of [two, [...two].reverse()]) {
      expect(outline(endpointsOf(wanted, observed({ services })))).toEqual(['payments adopt theirs-1']);
    }
  });

  it('stays in the own service when that serves it too', () => {
    const wanted = desired({ endpoints: [endpoint('payments', [stripe])] });
    const world = observed({ services: [service('another', [stripe]), ownedService('payments', [stripe])] });
    expect(outline(endpointsOf(wanted, world))).toEqual(['payments keep payments']);
  });

  it('is named with the ID of its project, whichever name the API answers with', () => {
    const numbered = service('theirs', [stripe], { name: serviceNamed('theirs', '101010') });
    const wanted = desired({ endpoints: [endpoint('payments', [stripe])] });
    expect(only(endpointsOf(wanted, observed({ services: [numbered] }))).service).toBe(serviceNamed('theirs'));
  });
});

describe('a URL that moves from one key to another', () => {
  const moved = desired({
    endpoints: [endpoint('new-key', [stripe, files]), endpoint('old-key', ['https://a.example'])],
  });

  it('is never deregistered: the new key adopts the service of the old one', () => {
    const world = observed({ services: [ownedService('old-key', [stripe, 'https://a.example'])] });
    const changes = endpointsOf(moved, world);
    expect(outline(changes)).toEqual(['new-key create new-key', 'new-key adopt old-key', 'old-key keep old-key']);
    expect(interfacesOf(changes[0])).toEqual([`add ${files} JSONRPC`]);
    expect(interfacesOf(changes[2])).toEqual([`keep https://a.example JSONRPC`, `keep ${stripe} JSONRPC`]);
  });

  it('one service under two keys has one name, whichever name the API answers with', () => {
    const old = ownedService('old-key', [stripe], { name: serviceNamed('old-key', '101010') });
    const names = endpointsOf(moved, observed({ services: [old] }))
      .filter(({ service }) => service.endsWith('/old-key'))
      .map(({ service }) => service);
    expect(new Set(names)).toEqual(new Set([serviceNamed('old-key')]));
  });

  it('is adopted from a key that is no longer declared', () => {
    const wanted = desired({ endpoints: [endpoint('new-key', [stripe])] });
    const world = observed({ services: [ownedService('gone-key', [stripe, files])] });
    expect(outline(endpointsOf(wanted, world))).toEqual(['new-key adopt gone-key']);
  });
});

describe('two keys that list one URL', () => {
  const wanted = desired({ endpoints: [endpoint('zulu', [stripe]), endpoint('alfa', [stripe, files])] });

  it('share it: the first one carries it, the second one adopts that service, there or not', () => {
    for (const services of [[], [ownedService('zulu', [stripe])]]) {
      const changes = endpointsOf(wanted, observed({ services }));
      expect(outline(changes)).toEqual([
        'alfa create alfa',
        'alfa adopt zulu',
        services.length === 0 ? 'zulu create zulu' : 'zulu keep zulu',
      ]);
      expect(interfacesOf(changes[0])).toEqual([`add ${files} JSONRPC`]);
      expect(changes[1]?.interfaces.map(({ url }) => url)).toEqual([stripe]);
    }
  });

  it('both adopt it from somebody else', () => {
    const changes = endpointsOf(wanted, observed({ services: [service('theirs', [stripe])] }));
    expect(outline(changes)).toEqual(['alfa create alfa', 'alfa adopt theirs', 'zulu adopt theirs']);
  });
});
