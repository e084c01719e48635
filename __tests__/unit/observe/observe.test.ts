import { describe, expect, it } from '@jest/globals';
import { observe } from '../../../src/observe/observe.js';
import type { Desired, EngineSelector } from '../../../src/config/desired.js';
import type { Observed } from '../../../src/observe/observed.js';
import { clientsOf, stage, type Stage } from '../../support/apply.js';
import {
  agent,
  desired,
  egressConfig,
  egressGateway,
  endpoint,
  engineNamed,
  fromFile,
  gateway,
  gatewayNamed,
  iapOf,
  memberOf,
  OTHER_PROJECT,
  ownedService,
  policyOf,
  PROJECT,
  resourceOf,
  service,
  UNIVERSE,
} from '../../support/builders.js';
import { apiError, notFound, thrownBy } from '../../support/errors.js';

const stripe = endpoint('stripe', ['api.stripe.com']);
const look = (on: Stage, want: Desired): Promise<Observed> => observe(want, on.google, UNIVERSE);
const all: EngineSelector = { kind: 'all', origin: fromFile(9) };

describe('engines', () => {
  it('are read one by one: the list leaves out what they are bound to', async () => {
    const on = stage();
    on.google.engines.add('1', { config: egressConfig('egress'), env: { A: 'b' } });
    const { engines } = await look(on, desired({ agents: [{ selector: all, allow: [] }] }));
    expect(engines).toMatchObject([
      { name: engineNamed('1'), id: '1', principal: memberOf('1'), config: egressConfig('egress'), env: { A: 'b' } },
    ]);
  });

  it('are found by ID although the list does not have them yet', async () => {
    const on = stage();
    on.google.engines.add('1');
    const { aiplatform } = on.google;
    const google = clientsOf(on, { aiplatform: { ...aiplatform, listEngines: () => Promise.resolve([]) } });
    const { engines } = await observe(desired({ agents: [agent('1', [])] }), google, UNIVERSE);
    expect(engines.map(({ name }) => name)).toEqual([engineNamed('1')]);
  });

  it('that the list has and that are gone are not found', async () => {
    const on = stage();
    on.google.engines.add('1');
    on.google.script('aiplatform.getEngine', notFound());
    const selector: EngineSelector = { kind: 'displayName', text: 'agent 1', origin: fromFile(9) };
    const { selection, engines } = await look(on, desired({ agents: [{ selector, allow: [] }] }));
    expect([engines, selection.problems]).toMatchObject([[], [{ kind: 'not-found' }]]);
  });

  it('that are not selected are not read', async () => {
    const on = stage();
    on.google.engines.add('1');
    on.google.engines.add('2');
    await look(on, desired({ agents: [agent('1', [])] }));
    expect(on.google.called('aiplatform.getEngine')).not.toContain(engineNamed('2'));
  });
});

describe('policies', () => {
  it('are read of services that serve a declared URL, own and adopted, and of no other', async () => {
    const on = stage();
    on.google.registry.add(ownedService('stripe', ['other.example']));
    on.google.registry.add(service('theirs', ['api.stripe.com']));
    on.google.registry.add(service('unrelated', ['u.example']));
    const { policies } = await look(on, desired({ endpoints: [stripe] }));
    expect([...policies.keys()].sort()).toEqual([resourceOf('stripe'), resourceOf('theirs')]);
    expect(on.google.called('iap.getPolicy')).not.toContain(iapOf('unrelated'));
  });

  it('of the whole registry is read where endpoints are declared, and needed only to carry members over', async () => {
    const on = stage();
    const registry = `projects/${PROJECT.number}/locations/us-central1/iap_web/agentRegistry`;
    on.google.policies.set(registry, policyOf(['principal://colleague']));
    expect(await look(on, desired())).not.toHaveProperty('registryPolicy');
    const carrying = desired({ endpoints: [{ ...stripe, carryOver: true }] });
    expect((await look(on, carrying)).registryPolicy).toEqual(policyOf(['principal://colleague']));
  });

  it('that IAP does not have yet are empty: an endpoint of a run that was cut short is new to it', async () => {
    const on = stage();
    on.google.registry.add(ownedService('stripe', ['api.stripe.com']));
    on.google.script('iap.getPolicy', ...Array<Error>(20).fill(notFound()));
    expect((await look(on, desired({ endpoints: [stripe] }))).policies.size).toBe(0);
  });

  it('that may not be read end the run: nobody knows what a write would do', async () => {
    const on = stage();
    on.google.registry.add(ownedService('stripe', ['api.stripe.com']));
    // The registry-wide policy may be missing, that of an endpoint may not.
    on.google.script('iap.getPolicy', ...Array<Error>(2).fill(apiError(403, 'PERMISSION_DENIED', { api: 'iap' })));
    expect(await thrownBy(() => look(on, desired({ endpoints: [stripe] })))).toMatchObject({ status: 403 });
  });
});

describe('engines of others', () => {
  const want = desired({ gateways: { egress: gateway('egress') }, agents: [agent('1', [])] });

  it('that cannot be read are told from those that are not bound', async () => {
    const on = stage();
    for (const id of ['1', '2', '3']) on.google.engines.add(id, { config: egressConfig('old') });
    on.google.script(`aiplatform.getEngine ${engineNamed('2')}`, apiError(403, 'PERMISSION_DENIED'));
    const { siblings } = await look(on, want);
    expect(siblings.map(({ id, config, isOnlyListed }) => [id, config, isOnlyListed])).toEqual([
      ['2', {}, true],
      ['3', egressConfig('old'), undefined],
    ]);
  });
});

describe('the project', () => {
  it.each([PROJECT.id, PROJECT.number])('is known by both its names, given as %s', async (project) => {
    expect((await look(stage(), desired({ project }))).project).toEqual(PROJECT);
  });

  it('has its number from an engine where Resource Manager may not be asked', async () => {
    const on = stage();
    on.google.projects.clear();
    on.google.engines.add('1');
    expect((await look(on, desired())).project).toEqual(PROJECT);
  });

  it('that nothing tells the number of is an error', async () => {
    const on = stage();
    on.google.projects.clear();
    expect(await thrownBy(() => look(on, desired()))).toMatchObject({ status: 403, api: 'cloudresourcemanager' });
  });

  it("of the registry is the egress gateway's", async () => {
    const on = stage();
    on.google.projects.set(OTHER_PROJECT.id, OTHER_PROJECT);
    on.google.gateways.set(gatewayNamed('shared', OTHER_PROJECT.id), egressGateway('shared', OTHER_PROJECT.id));
    const seen = await look(
      on,
      desired({ gateways: { egress: gateway('shared', OTHER_PROJECT.id) }, endpoints: [stripe] }),
    );
    expect(seen).toMatchObject({ project: PROJECT, registryProject: OTHER_PROJECT });
    expect(on.google.called('agentregistry.listServices')).toEqual([`${OTHER_PROJECT.id}/us-central1`]);
  });

  it('of the registry is that of the gateway that engines are bound to, where egress is left alone', async () => {
    const on = stage();
    on.google.projects.set(OTHER_PROJECT.id, OTHER_PROJECT);
    on.google.engines.add('1', { config: egressConfig('shared', OTHER_PROJECT.number) });
    const seen = await look(on, desired({ endpoints: [stripe], agents: [agent('1', ['stripe'])] }));
    expect(seen.registryProject).toEqual(OTHER_PROJECT);
    expect(on.google.called('agentregistry.listServices').at(-1)).toBe(`${OTHER_PROJECT.id}/us-central1`);
  });

  it('of a registry in which nothing is declared need not be readable', async () => {
    const on = stage();
    on.google.engines.add('1', { config: egressConfig('shared', OTHER_PROJECT.id) });
    const want = desired({ gateways: { ingress: gateway('ingress') }, agents: [agent('1', [])] });
    expect((await look(on, want)).engines).toHaveLength(1);
  });

  it("is the registry's too where the gateway is named with the number", async () => {
    const on = stage();
    on.google.gateways.set(gatewayNamed('egress', PROJECT.number), egressGateway());
    const seen = await look(on, desired({ gateways: { egress: gateway('egress', PROJECT.number) } }));
    expect(seen.registryProject).toEqual(PROJECT);
  });
});

describe('gateways', () => {
  it('are read where declared; one that is not there is null', async () => {
    const seen = await look(stage(), desired({ gateways: { egress: gateway('egress'), ingress: gateway('gone') } }));
    expect(seen.gateways).toEqual({ egress: egressGateway(), ingress: null });
  });

  it('are not read where undeclared or none', async () => {
    const on = stage();
    expect((await look(on, desired({ gateways: { egress: 'none' } }))).gateways).toEqual({});
    expect(on.google.called('networkservices.')).toEqual([]);
  });
});

it('writes nothing', async () => {
  const on = stage();
  on.google.engines.add('1');
  on.google.registry.add(ownedService('stripe', ['old.example']));
  await look(
    on,
    desired({ gateways: { egress: gateway('egress') }, endpoints: [stripe], agents: [agent('1', ['stripe'])] }),
  );
  expect(on.google.writes()).toEqual([]);
});

describe('what only warns', () => {
  const failed = {
    name: 'operations/1',
    done: true,
    error: { code: 13, message: 'Please refer to our troubleshooting pages.' },
  };

  it('is how the last update of an engine ended, where another is asked for', async () => {
    const on = stage();
    on.google.engines.add('1');
    on.google.engines.add('2');
    on.google.engines.lastUpdates.set(engineNamed('1'), failed);
    const wanted = desired({ gateways: { egress: gateway('egress') }, agents: [agent('1', [])] });
    expect([...(await look(on, wanted)).failedUpdates]).toEqual([[engineNamed('1'), failed.error.message]]);
    expect(on.google.called('aiplatform.lastUpdate')).toEqual([engineNamed('1')]);
    expect((await look(on, desired({ agents: [agent('1', [])] }))).failedUpdates.size).toBe(0);
  });

  it('is left out where it may not be read', async () => {
    const on = stage();
    on.google.engines.add('1');
    on.google.script('aiplatform.lastUpdate', apiError(403, 'PERMISSION_DENIED'));
    const wanted = desired({ gateways: { egress: gateway('egress') }, agents: [agent('1', [])] });
    expect((await look(on, wanted)).failedUpdates.size).toBe(0);
  });
});

describe('the other engines', () => {
  it('are read where a gateway is declared, since all bound ones share it', async () => {
    const on = stage();
    for (const id of ['1', '2', '3']) on.google.engines.add(id);
    const agents = [agent('1', [])];
    const bound = await look(on, desired({ gateways: { egress: gateway('egress') }, agents }));
    expect(bound.siblings.map(({ name }) => name)).toEqual([engineNamed('2'), engineNamed('3')]);
    expect(bound.engineNames).toEqual(['1', '2', '3'].map(engineNamed));
    const alone = await look(on, desired({ gateways: { egress: 'none' }, agents }));
    expect(alone.siblings).toEqual([]);
  });
});
