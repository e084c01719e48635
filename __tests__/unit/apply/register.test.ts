import { describe, expect, it } from '@jest/globals';
import { InterfacesLost, ProjectionMissing, ServiceTaken } from '../../../src/apply/errors.js';
import { complete, register } from '../../../src/apply/register.js';
import type { AgentRegistry } from '../../../src/google/agentregistry.js';
import type { DesiredEndpoint } from '../../../src/config/desired.js';
import { CancelledError, OperationError } from '../../../src/google/errors.js';
import type { RegistryService } from '../../../src/google/types.js';
import { clientsOf, look, stage, type Stage } from '../../support/apply.js';
import { desired, endpoint, markOf, ownedService, resourceOf, service, serviceNamed } from '../../support/builders.js';
import { aborted, apiError, reset, thrownBy } from '../../support/errors.js';
import { endpointChanges, type EndpointChange } from '../../../src/plan/types.js';
import { only } from '../../support/plan.js';
import { without } from '../../support/without.js';

const stripe = 'https://api.stripe.com';
const files = 'https://files.stripe.com';

async function changeOf(on: Stage, want: DesiredEndpoint, ...services: RegistryService[]): Promise<EndpointChange> {
  for (const each of services) on.google.registry.add(each);
  const { plan } = await look(on, desired({ endpoints: [want] }));
  on.google.calls.length = 0;
  return only(endpointChanges(plan));
}

const urlsIn = (on: Stage, id: string): string[] =>
  (on.google.registry.get(id)?.interfaces ?? []).map(({ url }) => url);

describe('a new service', () => {
  it('is made as an endpoint with all that was planned, once', async () => {
    const on = stage();
    const change = await changeOf(on, endpoint('stripe', [stripe], { displayName: 'Stripe', protocol: 'GRPC' }));
    expect((await register(change, on.deps)).resource).toBe(resourceOf('stripe'));
    expect(on.google.bodiesOf('agentregistry.createService')).toEqual([
      {
        displayName: 'Stripe',
        description: markOf('stripe'),
        endpointSpec: { type: 'NO_SPEC' },
        interfaces: [{ url: stripe, protocolBinding: 'GRPC' }],
        requestId: 'request-1',
      },
    ]);
  });

  it('is waited for until the registry says what it made of it', async () => {
    const on = stage({ projectionMs: 95_000 });
    const start = on.clock.now();
    const change = await changeOf(on, endpoint('stripe', [stripe]));
    expect((await register(change, on.deps)).resource).toBe(resourceOf('stripe'));
    expect(on.clock.now() - start).toBeGreaterThanOrEqual(95_000);
  });

  it('is waited for when a read does not show it yet', async () => {
    const on = stage();
    const change = await changeOf(on, endpoint('stripe', [stripe]));
    on.google.script('agentregistry.getService', apiError(404, 'NOT_FOUND'), apiError(404, 'NOT_FOUND'));
    expect((await register(change, on.deps)).resource).toBe(resourceOf('stripe'));
  });

  it('that is refused because of a concurrent write is tried again, and not for ever', async () => {
    const on = stage();
    const change = await changeOf(on, endpoint('stripe', [stripe]));
    on.google.script('agentregistry.createService', aborted(), aborted());
    expect((await register(change, on.deps)).resource).toBe(resourceOf('stripe'));
    expect(on.google.called('agentregistry.createService')).toHaveLength(3);

    const other = await changeOf(on, endpoint('other', ['https://other.example.com']));
    const refusals = Array.from({ length: 9 }, () => aborted());
    on.google.script('agentregistry.createService', ...refusals);
    expect(await thrownBy(() => register(other, on.deps))).toBe(refusals[4]);
  });

  it('that never gets a resource is a failure', async () => {
    const on = stage({ projectionMs: 3_600_000 });
    const change = await changeOf(on, endpoint('stripe', [stripe]));
    expect(await thrownBy(() => register(change, on.deps))).toBeInstanceOf(ProjectionMissing);
  });

  it('whose operation ends in an error is a failure', async () => {
    const on = stage();
    const change = await changeOf(on, endpoint('stripe', [stripe]));
    on.google.registry.operationErrors.push({ code: 9, message: 'manual registration not supported' });
    const thrown = await thrownBy(() => register(change, on.deps));
    expect(thrown).toBeInstanceOf(OperationError);
    expect(thrown).toMatchObject({ rpcMessage: 'manual registration not supported' });
  });

  it('stops waiting when the run ends', async () => {
    const on = stage({ projectionMs: 60_000 });
    const change = await changeOf(on, endpoint('stripe', [stripe]));
    const reason = new CancelledError();
    const registering = thrownBy(() => register(change, on.deps));
    await on.clock.sleep(5_000);
    on.stop(reason);
    expect(await registering).toBe(reason);
  });
});

describe('a service that somebody made meanwhile', () => {
  it('gains what is missing and keeps the rest', async () => {
    const on = stage();
    const change = await changeOf(on, endpoint('stripe', [stripe]));
    on.google.registry.add(service('stripe', [files], { displayName: 'theirs' }));
    expect((await register(change, on.deps)).resource).toBe(resourceOf('stripe'));
    expect(on.google.registry.get('stripe')).toMatchObject({ displayName: 'theirs', description: 'made by hand' });
    expect(urlsIn(on, 'stripe')).toEqual([files, stripe]);
  });

  it('is not written at all when it is an earlier run of ours that was cut short', async () => {
    const on = stage();
    const change = await changeOf(on, endpoint('stripe', [stripe]));
    on.google.registry.add(ownedService('stripe', [stripe]));
    await register(change, on.deps);
    expect(on.google.called('agentregistry.patchService')).toEqual([]);
  });

  it('is not touched when it is an agent: that was not checked before', async () => {
    const on = stage();
    const change = await changeOf(on, endpoint('stripe', [stripe]));
    const theirs = service('stripe', [], { agentSpec: { type: 'NO_SPEC' } });
    on.google.registry.add(without(theirs, 'endpointSpec'));
    expect(await thrownBy(() => register(change, on.deps))).toBeInstanceOf(ServiceTaken);
    expect(urlsIn(on, 'stripe')).toEqual([]);
  });

  it('with a URL that another one has taken: the refusal is what is told', async () => {
    const on = stage();
    const change = await changeOf(on, endpoint('stripe', [stripe]));
    const refusal = apiError(409, 'ALREADY_EXISTS', { message: 'Interface URL is already in use' });
    on.google.script('agentregistry.createService', refusal);
    expect(await thrownBy(() => register(change, on.deps))).toBe(refusal);
  });
});

describe('a write whose end nobody told', () => {
  it('is looked for: a creation that was carried out is not made twice', async () => {
    const on = stage();
    const change = await changeOf(on, endpoint('stripe', [stripe]));
    on.google.script('agentregistry.createService', { after: reset() });
    await register(change, on.deps);
    expect(urlsIn(on, 'stripe')).toEqual([stripe]);
    expect(on.google.called('agentregistry.createService')).toHaveLength(1);
    expect(on.google.called('agentregistry.patchService')).toEqual([]);
  });

  it('is what failed when nothing came of it', async () => {
    const on = stage();
    const change = await changeOf(on, endpoint('stripe', [stripe]));
    const lost = reset();
    on.google.script('agentregistry.createService', lost);
    expect(await thrownBy(() => register(change, on.deps))).toBe(lost);
  });

  it('of an update is made again, as often as a service is read', async () => {
    const on = stage();
    const change = await changeOf(on, endpoint('stripe', [stripe, files]), service('stripe', [stripe]));
    on.google.script('agentregistry.patchService', reset(), { after: reset() });
    await register(change, on.deps);
    expect(urlsIn(on, 'stripe')).toEqual([stripe, files]);
    on.google.registry.add(service('stripe', [stripe]));
    const lost = reset();
    on.google.script('agentregistry.patchService', reset(), reset(), reset(), reset(), lost);
    expect(await thrownBy(() => register(change, on.deps))).toBe(lost);
  });
});

describe('an update', () => {
  it('names exactly the fields it writes', async () => {
    const on = stage();
    const own = ownedService('stripe', [stripe], { displayName: 'old' });
    await register(await changeOf(on, endpoint('stripe', [stripe, files]), own), on.deps);
    expect(on.google.bodiesOf('agentregistry.patchService')).toEqual([
      {
        mask: ['interfaces', 'displayName'],
        displayName: 'stripe',
        interfaces: [
          { url: stripe, protocolBinding: 'JSONRPC' },
          { url: files, protocolBinding: 'JSONRPC' },
        ],
        requestId: 'request-1',
      },
    ]);
  });

  it('is made to what is there now: a host that appeared since the plan stays', async () => {
    const on = stage();
    const change = await changeOf(on, endpoint('stripe', [stripe]), ownedService('stripe', ['https://gone.example']));
    on.google.registry.add(ownedService('stripe', ['https://new.example', 'https://gone.example']));
    await register(change, on.deps);
    expect(urlsIn(on, 'stripe')).toEqual(['https://new.example', 'https://gone.example', stripe]);
    await complete(change, on.deps);
    expect(urlsIn(on, 'stripe')).toEqual(['https://new.example', stripe]);
  });

  it('of a protocol changes that and nothing else', async () => {
    const on = stage();
    const own = ownedService('stripe', [files, stripe]);
    const want = endpoint('stripe', [stripe, files], { protocol: 'HTTP_JSON' });
    await register(await changeOf(on, want, own), on.deps);
    expect(on.google.registry.get('stripe')).toEqual({
      ...own,
      interfaces: own.interfaces?.map((item) => ({ ...item, protocolBinding: 'HTTP_JSON' })),
    });
  });

  it('that somebody else has made already is not written again', async () => {
    const on = stage();
    const change = await changeOf(on, endpoint('stripe', [stripe, files]), service('stripe', [stripe]));
    on.google.registry.add(service('stripe', [files, stripe]));
    await register(change, on.deps);
    expect(on.google.writes()).toEqual([]);
  });
});

describe('an update that others write over', () => {
  const want = endpoint('stripe', [stripe, files]);

  it('is made again, to what they have written', async () => {
    const on = stage();
    const change = await changeOf(on, want, service('stripe', [stripe]));
    const { agentregistry } = on.google;
    let first = true;
    const patchService: AgentRegistry['patchService'] = async (...args) => {
      const operation = await agentregistry.patchService(...args);
      if (first) on.google.registry.add(service('stripe', [stripe, 'https://theirs.example']));
      first = false;
      return operation;
    };
    const google = clientsOf(on, { agentregistry: { ...agentregistry, patchService } });
    await register(change, { ...on.deps, google });
    expect(urlsIn(on, 'stripe')).toEqual([stripe, 'https://theirs.example', files]);
  });

  it('is given up in the end, and told', async () => {
    const on = stage();
    const change = await changeOf(on, want, service('stripe', [stripe]));
    const { agentregistry } = on.google;
    const patchService: AgentRegistry['patchService'] = async (...args) => {
      const operation = await agentregistry.patchService(...args);
      on.google.registry.add(service('stripe', [stripe]));
      return operation;
    };
    const google = clientsOf(on, { agentregistry: { ...agentregistry, patchService } });
    expect(await thrownBy(() => register(change, { ...on.deps, google }))).toBeInstanceOf(InterfacesLost);
  });

  it('waits before it looks again after a conflict', async () => {
    const on = stage();
    const change = await changeOf(on, want, service('stripe', [stripe]));
    on.google.script('agentregistry.patchService', aborted());
    await register(change, on.deps);
    expect(urlsIn(on, 'stripe')).toEqual([stripe, files]);
  });

  it('is not taken for lost because a read lags a moment behind the write', async () => {
    const on = stage();
    const change = await changeOf(on, want, service('stripe', [stripe]));
    const { agentregistry } = on.google;
    const written = (): number | undefined =>
      on.google.calls.find(({ method }) => method === 'agentregistry.patchService')?.at;
    const lagging: AgentRegistry['getService'] = async (name) => {
      const at = written();
      const isOld = at !== undefined && on.clock.now() - at < 3_000;
      return isOld ? service('stripe', [stripe]) : agentregistry.getService(name);
    };
    const google = clientsOf(on, { agentregistry: { ...agentregistry, getService: lagging } });
    expect((await register(change, { ...on.deps, google })).resource).toBe(resourceOf('stripe'));
  });
});

it('taking hosts out keeps the ones that were added, though a read that lags may not show them', async () => {
  const on = stage();
  const change = await changeOf(
    on,
    endpoint('stripe', [stripe, files]),
    ownedService('stripe', [stripe, 'old.example']),
  );
  await register(change, on.deps);
  on.google.script('agentregistry.getService', 'stale');
  await complete(change, on.deps);
  expect(urlsIn(on, 'stripe')).toEqual([stripe, files]);
});

it.each([
  ['kept', ownedService('stripe', [stripe])],
  ['adopted', service('theirs', [stripe])],
])('a service that is %s is not written', async (_how, existing) => {
  const on = stage();
  const change = await changeOf(on, endpoint('stripe', [stripe]), existing);
  expect((await register(change, on.deps)).resource).toBe(existing.registryResource);
  expect(on.google.calls).toEqual([]);
});

it('an adopted service that has no resource yet is waited for', async () => {
  const on = stage();
  const fresh = without(service('theirs', [stripe]), 'registryResource');
  const change = await changeOf(on, endpoint('stripe', [stripe]), fresh);
  on.google.registry.add(service('theirs', [stripe]));
  expect((await register(change, on.deps)).resource).toBe(resourceOf('theirs'));
  expect(on.google.called('agentregistry.')).toEqual([serviceNamed('theirs')]);
});
