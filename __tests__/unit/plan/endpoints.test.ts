import { describe, expect, it } from '@jest/globals';
import {
  desired,
  endpoint,
  fromInput,
  markOf,
  observed,
  ownedService,
  resourceOf,
  service,
  serviceNamed,
} from '../../support/builders.js';
import { endpointsOf, interfacesOf, only, outline } from '../../support/plan.js';

const stripe = 'https://api.stripe.com';
const files = 'https://files.stripe.com';

describe('a key without a service', () => {
  it('is created with its hosts, its display name and the mark of this config', () => {
    const wanted = desired({
      endpoints: [endpoint('stripe', [stripe, files], { displayName: 'Stripe', protocol: 'HTTP_JSON' })],
    });
    expect(only(endpointsOf(wanted, observed()))).toEqual({
      layer: 'endpoint',
      action: 'create',
      key: 'stripe',
      service: serviceNamed('stripe'),
      displayName: 'Stripe',
      interfaces: [
        { action: 'add', url: stripe, protocol: 'HTTP_JSON', reason: 'Listed under urls' },
        { action: 'add', url: files, protocol: 'HTTP_JSON', reason: 'Listed under urls' },
      ],
      fields: [
        { field: 'description', from: '', to: markOf('stripe') },
        { field: 'displayName', from: '', to: 'Stripe' },
      ],
    });
  });

  it('has no mark of the file where an input added it', () => {
    const added = endpoint('stripe', [stripe], { origin: fromInput('allow') });
    const [description] = only(endpointsOf(desired({ endpoints: [added] }), observed())).fields;
    expect(description).toMatchObject({ field: 'description', to: 'Managed by bind-agent-gateway.' });
    const world = observed({ services: [ownedService('stripe', [stripe, files])] });
    expect(interfacesOf(only(endpointsOf(desired({ endpoints: [added] }), world)))).toEqual([
      `keep ${stripe} JSONRPC`,
      `keep ${files} JSONRPC`,
    ]);
  });

  it("lives in the egress gateway's project", () => {
    const world = observed({ registryProject: { id: 'acme-network', number: '202020' } });
    const change = only(endpointsOf(desired({ endpoints: [endpoint('stripe', [stripe])] }), world));
    expect(change.service).toBe(serviceNamed('stripe', 'acme-network'));
  });
});

describe('an own service', () => {
  const wanted = desired({ endpoints: [endpoint('stripe', [stripe])] });

  it('is kept when it is as declared', () => {
    const change = only(endpointsOf(wanted, observed({ services: [ownedService('stripe', [stripe])] })));
    expect(change).toMatchObject({ action: 'keep', registryResource: resourceOf('stripe'), fields: [] });
    expect(interfacesOf(change)).toEqual([`keep ${stripe} JSONRPC`]);
  });

  it('gains what is new and loses what is no longer declared', () => {
    const world = observed({ services: [ownedService('stripe', [files])] });
    const change = only(endpointsOf(wanted, world));
    expect(change.action).toBe('update');
    expect(interfacesOf(change)).toEqual([`add ${stripe} JSONRPC`, `remove ${files} JSONRPC`]);
  });

  it('keeps its last hosts: without any it would be none', () => {
    const moved = desired({ endpoints: [endpoint('first', [stripe]), endpoint('stripe', [stripe])] });
    const world = observed({ services: [service('theirs', [stripe]), ownedService('stripe', [files])] });
    const change = endpointsOf(moved, world).find(({ service: name }) => name === serviceNamed('stripe'));
    expect(interfacesOf(change)).toEqual([`keep ${files} JSONRPC`]);
  });

  it('follows a change of protocol', () => {
    const grpc = desired({ endpoints: [endpoint('stripe', [stripe], { protocol: 'GRPC' })] });
    const change = only(endpointsOf(grpc, observed({ services: [ownedService('stripe', [stripe])] })));
    expect([change.action, ...interfacesOf(change)]).toEqual(['update', `change ${stripe} GRPC`]);
  });

  it('follows a change of display name', () => {
    const renamed = desired({ endpoints: [endpoint('stripe', [stripe], { displayName: 'Stripe API' })] });
    const change = only(endpointsOf(renamed, observed({ services: [ownedService('stripe', [stripe])] })));
    expect(change).toMatchObject({
      action: 'update',
      displayName: 'Stripe API',
      fields: [{ field: 'displayName', from: 'stripe', to: 'Stripe API' }],
    });
  });

  it('gets its description back when somebody wrote around the mark', () => {
    const description = `please do not touch ${markOf('stripe')}`;
    const change = only(
      endpointsOf(wanted, observed({ services: [ownedService('stripe', [stripe], { description })] })),
    );
    expect(change.fields).toEqual([{ field: 'description', from: description, to: markOf('stripe') }]);
  });

  it.each([
    ['another config', markOf('stripe', 'other.yaml')],
    ['another key', markOf('stripe-old')],
    ['another scope', markOf('stripe').replace('us-central1', 'europe-west1')],
    ['nobody', ''],
  ])('is not own with the mark of %s: its name and description stay', (_whose, description) => {
    const world = observed({ services: [service('stripe', [stripe], { description, displayName: 'theirs' })] });
    expect(only(endpointsOf(wanted, world))).toMatchObject({ action: 'keep', fields: [], displayName: 'theirs' });
  });

  it('is never own in a run with inputs alone: many of those may share a key', () => {
    const inputsOnly = { ...wanted, config: undefined };
    const made = only(endpointsOf(inputsOnly, observed()));
    const description = made.fields.find(({ field }) => field === 'description')?.to ?? '';
    expect(description).toMatch(/^Managed by/);
    const existing = service('stripe', [stripe], { description, displayName: 'of another run' });
    expect(only(endpointsOf(inputsOnly, observed({ services: [existing] })))).toMatchObject({ action: 'keep' });
  });
});

describe("a service of somebody else that has the key's ID", () => {
  const wanted = desired({ endpoints: [endpoint('stripe', [stripe], { displayName: 'Stripe', protocol: 'GRPC' })] });

  it('only gains: its hosts, names and protocols stay', () => {
    const change = only(endpointsOf(wanted, observed({ services: [service('stripe', [files])] })));
    expect(change).toMatchObject({ action: 'update', displayName: 'stripe', fields: [] });
    expect(interfacesOf(change)).toEqual([`add ${stripe} GRPC`, `keep ${files} JSONRPC`]);
  });

  it('is kept when it serves everything, whatever its protocol', () => {
    const change = only(endpointsOf(wanted, observed({ services: [service('stripe', [stripe, files])] })));
    expect([change.action, ...interfacesOf(change)]).toEqual([
      'keep',
      `keep ${stripe} JSONRPC`,
      `keep ${files} JSONRPC`,
    ]);
  });
});

describe('a run that is narrowed to some engines', () => {
  const narrowed = desired({
    endpoints: [endpoint('stripe', [stripe])],
    only: [{ kind: 'id', id: '1', text: '1', origin: { kind: 'input', input: 'engines' } }],
  });

  it('takes nothing out of an own service', () => {
    const change = only(endpointsOf(narrowed, observed({ services: [ownedService('stripe', [files])] })));
    expect(interfacesOf(change)).toEqual([`add ${stripe} JSONRPC`, `keep ${files} JSONRPC`]);
  });
});

it('sorts by key, and what is unrelated does not show', () => {
  const wanted = desired({
    endpoints: [endpoint('zulu', ['https://z.example']), endpoint('alfa', ['https://a.example'])],
  });
  const world = observed({ services: [service('unrelated', ['https://u.example'])] });
  expect(outline(endpointsOf(wanted, world))).toEqual(['alfa create alfa', 'zulu create zulu']);
});
