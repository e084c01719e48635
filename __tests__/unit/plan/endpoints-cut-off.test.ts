import { describe, expect, it } from '@jest/globals';
import { applyInterfaces } from '../../../src/apply/register.js';
import type { RegistryInterface } from '../../../src/google/types.js';
import type { EndpointChange } from '../../../src/plan/types.js';
import {
  agent,
  desired,
  endpoint,
  fromInput,
  markOf,
  observed,
  observedEngine,
  ownedService,
  service,
} from '../../support/builders.js';
import { endpointsOf, interfacesOf, only } from '../../support/plan.js';
import { without } from '../../support/without.js';

/** What stands in a service decides what agents reach, so each of these is about not taking the wrong thing out. */
const stripe = 'https://api.stripe.com';
const files = 'https://files.stripe.com';

/** What a service holds after both phases of an apply. */
const applied = (interfaces: readonly RegistryInterface[], change: EndpointChange): RegistryInterface[] =>
  applyInterfaces(applyInterfaces(interfaces, change, 'add'), change, 'remove');

describe('the spelling of a URL', () => {
  it.each(['https://api.stripe.com/', 'https://API.Stripe.com'])('does not make %j another one', (spelling) => {
    const wanted = desired({ endpoints: [endpoint('stripe', [stripe])] });
    const own = ownedService('stripe', [spelling]);
    expect(interfacesOf(only(endpointsOf(wanted, observed({ services: [own] }))))).toEqual([
      `keep ${spelling} JSONRPC`,
    ]);
    const adopted = only(endpointsOf(wanted, observed({ services: [service('theirs', [spelling])] })));
    expect(adopted.action).toBe('adopt');
  });

  it.each([
    ['with and without a slash', [stripe, `${stripe}/`]],
    ['the other way round', [`${stripe}/`, stripe]],
  ])('an own service that has it twice, %s, still serves the exact one', (_order, spellings) => {
    const wanted = desired({ endpoints: [endpoint('stripe', [stripe])] });
    const own = ownedService('stripe', spellings);
    const change = only(endpointsOf(wanted, observed({ services: [own] })));
    const after = applied(own.interfaces ?? [], change).map(({ url }) => url);
    expect(after).toContain(stripe);
  });

  it('an own service that has it under two protocols comes to rest', () => {
    const wanted = desired({ endpoints: [endpoint('stripe', [stripe])] });
    const interfaces = [
      { url: stripe, protocolBinding: 'JSONRPC' },
      { url: stripe, protocolBinding: 'GRPC' },
    ];
    const own = ownedService('stripe', [], { interfaces });
    const change = only(endpointsOf(wanted, observed({ services: [own] })));
    const after = ownedService('stripe', [], { interfaces: applied(interfaces, change) });
    expect(only(endpointsOf(wanted, observed({ services: [after] }))).action).toBe('keep');
  });
});

describe('a run that does not know all engines', () => {
  it('with inputs alone takes nothing out of a service that other such runs use too', () => {
    const inputsOnly = desired({
      config: undefined,
      endpoints: [endpoint('google-apis', [stripe])],
      agents: [agent('1', ['google-apis'], fromInput())],
    });
    const shared = service('google-apis', [stripe, files], { description: markOf('google-apis', 'inputs') });
    const change = only(endpointsOf(inputsOnly, observed({ services: [shared] })));
    expect(interfacesOf(change)).toContain(`keep ${files} JSONRPC`);
  });

  it('takes nothing out when the engines input selects the engines of a file without agents', () => {
    const gemini = endpoint('google-apis', [], { presets: [{ name: 'gemini', origin: fromInput('allow') }] });
    const wanted = desired({
      endpoints: [gemini],
      agents: [agent('1', ['google-apis'], fromInput())],
      partial: true,
    });
    const engines = [observedEngine('1', { allow: ['google-apis'] })];
    const [first] = endpointsOf(wanted, observed({ engines }));
    const hosts = (first?.interfaces ?? []).map(({ url }) => url);
    // An earlier run for another engine added this one, for that engine's GOOGLE_CLOUD_LOCATION=global.
    const extra = 'https://aiplatform.googleapis.com';
    const world = observed({ engines, services: [ownedService('google-apis', [...hosts, extra])] });
    expect(interfacesOf(only(endpointsOf(wanted, world)))).toContain(`keep ${extra} JSONRPC`);
  });
});

describe('a URL that another key wants too', () => {
  it('stays where it is, although the key of that service does not list it any more', () => {
    const wanted = desired({ endpoints: [endpoint('new-key', [files]), endpoint('old-key', [stripe])] });
    const changes = endpointsOf(wanted, observed({ services: [ownedService('old-key', [stripe, files])] }));
    expect(changes.flatMap(interfacesOf).filter((line) => line.startsWith('remove'))).toEqual([]);
  });
});

describe('an entry that is no endpoint', () => {
  it('has its URL adopted like any other, with the resource it is', () => {
    const resource = 'projects/101010/locations/us-central1/mcpServers/agentregistry-9';
    const plain = without(service('theirs', [stripe], { registryResource: resource }), 'endpointSpec');
    const mcp = { ...plain, mcpServerSpec: { type: 'NO_SPEC' } };
    const wanted = desired({ endpoints: [endpoint('payments', [stripe])] });
    expect(only(endpointsOf(wanted, observed({ services: [mcp] })))).toMatchObject({
      action: 'adopt',
      registryResource: resource,
    });
  });
});
