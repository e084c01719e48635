import { describe, expect, it } from '@jest/globals';
import type { Desired } from '../../../src/config/desired.js';
import type { RegistryService } from '../../../src/google/types.js';
import type { Observed } from '../../../src/observe/observed.js';
import type { Finding } from '../../../src/plan/types.js';
import {
  desired,
  egressConfig,
  egressGateway,
  endpoint,
  engineNamed,
  fromFile,
  gateway,
  gatewayNamed,
  memberOf,
  observed,
  observedEngine,
  OTHER_PROJECT,
  ownedService,
  policyOf,
  PROJECT,
  REGION,
  service,
  serviceNamed,
} from '../../support/builders.js';
import { planned } from '../../support/plan.js';
import { without } from '../../support/without.js';

const found = (id: string, want: Desired, world: Observed): Finding[] =>
  planned(want, world).checks.filter((finding) => finding.id === id);
const stripe = endpoint('stripe', ['api.stripe.com']);
const stripeService = ownedService('stripe', ['api.stripe.com']);

describe('registry-not-attached', () => {
  const ID = 'registry-not-attached';
  const registry = (project: string, location = REGION): string =>
    `//agentregistry.googleapis.com/projects/${project}/locations/${location}`;
  const want = desired({ gateways: { egress: gateway('egress') }, endpoints: [stripe] });
  const attachedTo = (registries: string[] | undefined): Observed =>
    observed({ gateways: { egress: { ...egressGateway(), ...(registries ? { registries } : {}) } } });

  it.each([
    ['only the global one', [registry(PROJECT.id, 'global')]],
    ["another project's", [registry(OTHER_PROJECT.id)]],
    ["another region's", [registry(PROJECT.number, 'europe-west1'), registry(PROJECT.id, 'global')]],
  ])('fires for %s', (_what, registries) => {
    expect(found(ID, want, attachedTo(registries))).toEqual([
      {
        id: ID,
        level: 'error',
        message: `Egress gateway ${gatewayNamed('egress')} does not look into the registry of project acme-agents in us-central1, where the endpoints are registered: it is attached to ${registries.join(', ')}.`,
        remedy: expect.stringContaining(`Add ${registry('acme-agents')} to the gateway's registries`) as unknown,
        origin: fromFile(2),
      },
    ]);
  });

  it.each<[string, Desired, Observed]>([
    ['the project ID', want, attachedTo([registry(PROJECT.id, 'global'), registry(PROJECT.id)])],
    ['the project number', want, attachedTo([registry(PROJECT.number)])],
    ['a gateway that says nothing of registries', want, attachedTo(undefined)],
    ['an empty list', want, attachedTo([])],
    ['a config without endpoints', desired({ gateways: want.gateways }), attachedTo([registry('elsewhere')])],
    ['a gateway that is not there', want, observed({ gateways: { egress: null } })],
    ['a gateway that is unbound', desired({ gateways: { egress: 'none' }, endpoints: [stripe] }), observed()],
    [
      'a gateway in another project with its own registry',
      desired({ gateways: { egress: gateway('egress', OTHER_PROJECT.id) }, endpoints: [stripe] }),
      observed({
        registryProject: OTHER_PROJECT,
        gateways: { egress: { ...egressGateway('egress', OTHER_PROJECT.id), registries: [registry('202020')] } },
      }),
    ],
    [
      'an ingress gateway, whose direction is wrong anyhow',
      want,
      observed({
        gateways: {
          egress: {
            name: gatewayNamed('egress'),
            googleManaged: { governedAccessPath: 'CLIENT_TO_AGENT' },
            registries: [registry('elsewhere')],
          },
        },
      }),
    ],
  ])('does not fire for %s', (_what, wanted, world) => {
    expect(found(ID, wanted, world)).toEqual([]);
  });
});

describe('registry-wide-shadowed', () => {
  const ID = 'registry-wide-shadowed';
  const want = desired({ endpoints: [stripe] });
  const engine = observedEngine('1', { allow: ['stripe'] });
  const outsider =
    'principal://agents.global.org-1.system.id.goog/resources/aiplatform/projects/9/locations/x/reasoningEngines/9';
  const world = { engines: [engine], services: [stripeService] };

  it('fires with the names of known engines and the members of unknown ones', () => {
    const siblings = [observedEngine('2', { displayName: 'Nightly batch' })];
    expect(
      found(
        ID,
        want,
        observed({
          ...world,
          siblings,
          engineNames: [engineNamed('1'), engineNamed('2')],
          registryPolicy: policyOf([memberOf('1'), memberOf('2'), outsider]),
        }),
      ),
    ).toEqual([
      {
        id: ID,
        level: 'warning',
        message: `The first grant on service ${serviceNamed('stripe')} replaces the registry-wide policy there, so "Nightly batch", ${outsider} would lose access to it.`,
        remedy: expect.stringContaining('carry_over: true for endpoint stripe') as unknown,
        origin: fromFile(4),
      },
    ]);
  });

  it('names five and counts the others, once per service', () => {
    const sets = [1, 2, 3, 4, 5, 6, 7].map((n) => `principalSet://set-${n}`);
    const both = desired({ endpoints: [stripe, endpoint('pay', ['api.stripe.com'])] });
    const engines = [observedEngine('1', { allow: ['stripe', 'pay'] })];
    const findings = found(ID, both, observed({ ...world, engines, registryPolicy: policyOf(sets) }));
    expect(findings).toHaveLength(1);
    expect(findings[0]?.message).toContain('principalSet://set-5 and 2 more would lose');
    expect(findings[0]?.remedy).toContain('pay, stripe');
  });

  it('fires where somebody lists the service under the project number', () => {
    const services = [{ ...stripeService, name: serviceNamed('stripe', PROJECT.number) }];
    expect(found(ID, want, observed({ ...world, services, registryPolicy: policyOf([outsider]) }))).toHaveLength(1);
  });

  const registryPolicy = policyOf([outsider]);
  it.each<[string, Desired, Observed]>([
    ['an empty registry-wide policy', want, observed({ ...world, registryPolicy: { etag: 'ACAB' } })],
    ['a registry-wide policy that was not read', want, observed(world)],
    ['a service that the plan creates', want, observed({ engines: [engine], registryPolicy })],
    [
      'a service with a policy of its own',
      want,
      observed({ ...world, registryPolicy, policies: { stripe: policyOf(['user:other@example.com']) } }),
    ],
    ['no grant', want, observed({ services: [stripeService], engines: [observedEngine('1')], registryPolicy })],
    [
      'members that are carried over',
      desired({ endpoints: [{ ...stripe, carryOver: true }] }),
      observed({ ...world, registryPolicy }),
    ],
    ['members that the plan grants itself', want, observed({ ...world, registryPolicy: policyOf([memberOf('1')]) })],
    [
      'principals of engines that are gone or deleted',
      want,
      observed({ ...world, registryPolicy: policyOf([memberOf('404'), `deleted:${outsider}?uid=1`]) }),
    ],
    [
      'members of another role',
      want,
      observed({ ...world, registryPolicy: { bindings: [{ role: 'roles/iap.admin', members: [outsider] }] } }),
    ],
  ])('does not fire for %s', (_what, wanted, seen) => {
    expect(found(ID, wanted, seen)).toEqual([]);
  });
});

describe('host-claimed-twice', () => {
  const ID = 'host-claimed-twice';
  const want = desired({ endpoints: [stripe] });
  const theirs = service('payments', ['HTTPS://API.stripe.com/', 'other.example'], {});

  it('fires for two spellings of one URL, with both names', () => {
    const services = [
      stripeService,
      { ...theirs, interfaces: [{ url: 'https://API.stripe.com/', protocolBinding: 'GRPC' }] },
    ];
    expect(found(ID, want, observed({ services }))).toEqual([
      {
        id: ID,
        level: 'warning',
        message: `https://api.stripe.com is served by 2 services at once, ${serviceNamed('payments')} and ${serviceNamed('stripe')}: it is open whose policy decides.`,
        remedy: 'Take the URL out of all of these services but one.',
        origin: fromFile(4),
      },
    ]);
  });

  it('fires once for two adopted services with several URLs', () => {
    const hosts = ['api.stripe.com', 'b.example'];
    const findings = found(ID, want, observed({ services: [service('one', hosts), service('two', hosts)] }));
    expect(findings.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^https:\/\/api\.stripe\.com, https:\/\/b\.example are served by 2 .*services\/one and .*\/two:/,
      ),
    ]);
  });

  it('is a note for another path of the host, whatever level the config gives the check', () => {
    const services = [stripeService, service('payments', ['https://user:secret@api.stripe.com/v2?key=1'])];
    const strict = { ...want, checkLevels: { [ID]: { level: 'error' as const, origin: fromFile(1) } } };
    for (const wanted of [want, strict]) {
      const [note, ...others] = found(ID, wanted, observed({ services }));
      expect([note?.level, others]).toEqual(['note', []]);
      expect(note?.message).toBe(
        `api.stripe.com is in 2 services with other ports, schemes or paths, ${serviceNamed('payments')} and ${serviceNamed('stripe')}: each has its own grants.`,
      );
    }
    const off = { ...want, checkLevels: { [ID]: { level: 'off' as const, origin: fromFile(1) } } };
    expect(found(ID, off, observed({ services }))).toEqual([]);
  });

  it.each(['https://api.stripe.com:443/', 'https://API.stripe.com.', 'https://api.stripe.com.:443'])(
    'fires for %s, which is the same URL',
    (url) => {
      const theirs = service('payments', [url]);
      expect(found(ID, want, observed({ services: [stripeService, theirs] })).map(({ level }) => level)).toEqual([
        'warning',
      ]);
    },
  );

  it.each(['https://api.stripe.com:8443', 'http://api.stripe.com', 'https://api.stripe.com/v2'])(
    'gives a note for %s, which is another',
    (url) => {
      const theirs = service('payments', [], { interfaces: [{ url, protocolBinding: 'JSONRPC' }] });
      expect(found(ID, want, observed({ services: [stripeService, theirs] })).map(({ level }) => level)).toEqual([
        'note',
      ]);
    },
  );

  it('fires for another registry that the gateway looks into, where the grants count for nothing', () => {
    const name = 'projects/acme-agents/locations/global/services/payments';
    const attached = [
      {
        project: 'acme-agents',
        location: 'global',
        kind: 'read' as const,
        services: [service('payments', ['api.stripe.com'], { name })],
      },
    ];
    const messages = found(ID, want, observed({ services: [stripeService], attached })).map(
      ({ level, message }) => `${level}: ${message}`,
    );
    expect(messages).toEqual([
      `warning: https://api.stripe.com is served by 2 services at once, ${name} and ${serviceNamed('stripe')}: the registry of us-central1 decides, so grants on the other count for nothing.`,
    ]);
    const unread = [{ project: 'acme-agents', location: 'global', kind: 'unreadable' as const, why: 'denied' }];
    expect(found(ID, want, observed({ services: [stripeService], attached: unread }))).toEqual([]);
  });

  it.each<[string, Desired, RegistryService[]]>([
    [
      'services that the config has nothing to do with',
      want,
      [service('one', ['x.example']), service('two', ['x.example'])],
    ],
    [
      'one service that lists a URL twice',
      want,
      [ownedService('stripe', ['api.stripe.com', 'https://api.stripe.com/'])],
    ],
    [
      'a URL that this plan takes out of one of them',
      want,
      [ownedService('stripe', ['api.stripe.com', 'old.example']), service('theirs', ['old.example'])],
    ],
  ])('does not fire for %s', (_what, wanted, services) => {
    expect(found(ID, wanted, observed({ services }))).toEqual([]);
  });
});

describe('stale-members', () => {
  const ID = 'stale-members';
  const want = desired({ endpoints: [stripe, endpoint('pay', ['api.stripe.com'])] });
  const world = { engines: [observedEngine('1', { allow: ['stripe'] })], services: [stripeService] };
  const at = (project: string, location: string): string =>
    `principal://agents.global.org-5550001.system.id.goog/resources/aiplatform/projects/${project}/locations/${location}/reasoningEngines/404`;

  it('fires once per service, with the member', () => {
    const policies = { stripe: policyOf([memberOf('1'), memberOf('404')]) };
    expect(found(ID, want, observed({ ...world, policies }))).toEqual([
      {
        id: ID,
        level: 'warning',
        message: `The policy of service ${serviceNamed('stripe')} still grants an engine that is gone: ${memberOf('404')}.`,
        remedy: expect.stringContaining('gcloud iap web remove-iam-policy-binding') as unknown,
        origin: fromFile(4),
      },
    ]);
  });

  it('names five and counts the others', () => {
    const policies = { stripe: policyOf(['11', '12', '13', '14', '15', '16', '17'].map(memberOf)) };
    expect(found(ID, want, observed({ ...world, policies }))[0]?.message).toMatch(
      /7 engines that are gone: .*reasoningEngines\/15 and 2 more\.$/,
    );
  });

  it('fires where the principal has the project ID', () => {
    const policies = { stripe: policyOf([at(PROJECT.id, REGION)]) };
    expect(found(ID, want, observed({ ...world, policies }))).toHaveLength(1);
  });

  it.each<[string, Observed]>([
    [
      'engines that are there, selected or not',
      observed({
        ...world,
        engineNames: [engineNamed('2')],
        siblings: [observedEngine('3')],
        policies: { stripe: policyOf([memberOf('1'), memberOf('2'), memberOf('3')]) },
      }),
    ],
    [
      'engines of another project or region, and members of other kinds',
      observed({
        ...world,
        policies: {
          stripe: policyOf([
            at(OTHER_PROJECT.number, REGION),
            at(PROJECT.number, 'europe-west1'),
            'user:a@example.com',
          ]),
        },
      }),
    ],
    [
      'members of another role',
      observed({
        ...world,
        policies: { stripe: { bindings: [{ role: 'roles/iap.admin', members: [memberOf('404')] }] } },
      }),
    ],
    [
      'services that the config has nothing to do with',
      observed({ ...world, policies: { other: policyOf([memberOf('404')]) } }),
    ],
  ])('does not fire for %s', (_what, seen) => {
    expect(found(ID, want, seen)).toEqual([]);
  });
});

describe('quota-near', () => {
  const ID = 'quota-near';
  const want = desired({ endpoints: [stripe] });
  const services = (count: number): RegistryService[] =>
    Array.from({ length: count }, (_, index) => service(`s-${index}`, [`h${index}.example`]));
  const engines = [observedEngine('1', { allow: ['stripe'] })];
  const members = (count: number) => ({
    engines,
    services: [stripeService],
    policies: { stripe: policyOf(Array.from({ length: count }, (_, index) => `user:${index}@example.com`)) },
  });

  it('fires when the plan makes the ninetieth endpoint', () => {
    expect(found(ID, want, observed({ services: services(89) }))).toEqual([
      {
        id: ID,
        level: 'warning',
        message:
          'Project acme-agents has 90 endpoints registered in us-central1 after this plan (1 of them new), and the default quota is 100.',
        remedy: expect.stringContaining('ask for more quota') as unknown,
      },
    ]);
  });

  it('fires when a policy gets its 1,350th member', () => {
    expect(found(ID, want, observed(members(1_349)))).toEqual([
      {
        id: ID,
        level: 'warning',
        message: `The policy of service ${serviceNamed('stripe')} has 1,350 members after this plan (1 of them new), and a policy takes at most 1,500.`,
        remedy: expect.stringContaining('Remove members') as unknown,
        origin: fromFile(4),
      },
    ]);
  });

  it('counts a member as often as it occurs', () => {
    const { policies, ...rest } = members(700);
    const bindings = policies.stripe.bindings ?? [];
    const twice = [...bindings, ...bindings.map((binding) => ({ ...binding, role: 'roles/iap.admin' }))];
    expect(found(ID, want, observed({ ...rest, policies: { stripe: { bindings: twice } } }))).toHaveLength(1);
  });

  it.each<[string, Observed]>([
    ['the eighty-ninth endpoint', observed({ services: services(88) })],
    [
      'agents and MCP servers',
      observed({
        services: services(120).map((item) => ({ ...without(item, 'endpointSpec'), agentSpec: { type: 'NO_SPEC' } })),
      }),
    ],
    ['the 1,349th member', observed(members(1_348))],
    [
      'a full policy of a service that the config has nothing to do with',
      observed({ ...members(1), policies: { other: members(1_500).policies.stripe } }),
    ],
  ])('does not fire for %s', (_what, seen) => {
    expect(found(ID, want, seen)).toEqual([]);
  });
});

it('a world with none of these problems has none of these findings', () => {
  const world = observed({
    engines: [observedEngine('1', { allow: ['stripe'], config: egressConfig('egress') })],
    gateways: { egress: egressGateway() },
    services: [stripeService],
    policies: { stripe: policyOf([memberOf('1')]) },
    registryPolicy: policyOf(['user:a@example.com']),
  });
  const want = desired({ gateways: { egress: gateway('egress') }, endpoints: [stripe] });
  const ids = ['registry-not-attached', 'registry-wide-shadowed', 'host-claimed-twice', 'stale-members', 'quota-near'];
  expect(ids.flatMap((id) => found(id, want, world))).toEqual([]);
});

describe('not-readable', () => {
  const ID = 'not-readable';
  const wanted = desired({
    gateways: { egress: gateway('egress') },
    endpoints: [endpoint('stripe', ['api.stripe.com'])],
  });
  const engines = [observedEngine('1', { allow: ['stripe'] })];
  const unread = { kind: 'unreadable', why: 'Permission denied.' } as const;
  const readable = { kind: 'read', policies: [], extensions: [] } as const;
  const messages = (seen: Observed): string[] =>
    planned(wanted, seen)
      .checks.filter(({ id }) => id === ID)
      .map(({ message, remedy, level }) => `${level}: ${message} ${remedy}`);

  it('says what was not looked at, and which permission that takes', () => {
    expect(messages(without(observed({ engines, enforcement: unread }), 'registryPolicy'))).toEqual([
      expect.stringMatching(/^warning: The authorization policies .*Permission denied\..*authzPolicies\.list/),
      expect.stringMatching(/^warning: The registry-wide IAP policy of project acme-agents .*getIamPolicy/),
    ]);
  });

  it('names another registry of the gateway that could not be read', () => {
    const attached = [{ project: 'acme-agents', location: 'global', kind: 'unreadable' as const, why: 'No.' }];
    expect(messages(observed({ engines, attached, enforcement: readable }))).toEqual([
      expect.stringMatching(/registry of project acme-agents in global.*No\. .*agentregistry\.services\.list/),
    ]);
  });

  it('is silent where everything could be read, or nobody is granted anything', () => {
    expect(messages(observed({ engines, enforcement: readable }))).toEqual([]);
    const nobody = observed({ engines: [observedEngine('1')], enforcement: readable });
    expect(messages(without(nobody, 'registryPolicy'))).toEqual([]);
  });
});

describe('api-disabled', () => {
  it('names every API that turned out to be disabled, and the command that enables it', () => {
    const disabledApis = [
      { service: 'agentregistry.googleapis.com', project: '101010' },
      { service: 'iap.googleapis.com', project: '101010' },
    ];
    const world = without(observed({ disabledApis }), 'registryPolicy');
    const findings = found('api-disabled', desired({ endpoints: [stripe] }), world);
    expect(findings.map(({ level, message, remedy }) => [level, message, remedy])).toEqual([
      [
        'error',
        'The API agentregistry.googleapis.com is disabled in project 101010.',
        'Enable it: gcloud services enable agentregistry.googleapis.com --project=101010',
      ],
      expect.arrayContaining(['The API iap.googleapis.com is disabled in project 101010.']),
    ]);
    expect(found('not-readable', desired({ endpoints: [stripe] }), world)).toEqual([]);
    expect(found('api-disabled', desired(), observed())).toEqual([]);
  });
});

describe('permission-missing', () => {
  const ID = 'permission-missing';
  const lackingPermissions = [
    { permission: 'aiplatform.reasoningEngines.update', project: PROJECT.id, resources: [engineNamed('1')] },
    { permission: 'agentregistry.services.create', project: PROJECT.id, resources: [] },
  ];

  it('names permission, resource and the smallest role', () => {
    expect(found(ID, desired(), observed({ lackingPermissions }))).toMatchObject([
      {
        level: 'error',
        message:
          'The identity of this job does not have agentregistry.services.create, which this plan needs, on project acme-agents.',
        remedy: expect.stringContaining('roles/agentregistry.editor'),
      },
      { message: expect.stringMatching(/reasoningEngines\.update, .* on project acme-agents nor on projects\//) },
    ]);
  });

  it('does not fire where nothing is lacking or nobody asked, and can be made a warning', () => {
    expect(found(ID, desired(), observed({ lackingPermissions: [] }))).toEqual([]);
    expect(found(ID, desired(), observed())).toEqual([]);
    const mild = desired({ checkLevels: { [ID]: { level: 'warning', origin: fromFile(1) } } });
    expect(found(ID, mild, observed({ lackingPermissions })).map(({ level }) => level)).toEqual(['warning', 'warning']);
  });
});
