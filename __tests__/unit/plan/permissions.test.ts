import { describe, expect, it } from '@jest/globals';
import type { AccessRule } from '../../../src/google/types.js';
import type { ObservedAccess } from '../../../src/observe/observed.js';
import { lackingPermissionsOf } from '../../../src/observe/permissions.js';
import { editRules } from '../../../src/plan/access/rules.js';
import { neededPermissions, ROLE_OF } from '../../../src/plan/permissions.js';
import { access, edit, foreignRule } from '../../support/access.js';
import { stage } from '../../support/apply.js';
import { apiError, thrownBy } from '../../support/errors.js';
import {
  agent,
  desired,
  egressConfig,
  endpoint,
  engineNamed,
  gateway,
  iapOf,
  memberOf,
  observed,
  observedEngine,
  OTHER_PROJECT,
  ownedService,
  policyOf,
  PROJECT,
  REGION,
} from '../../support/builders.js';
import { planned } from '../../support/plan.js';

const UPDATE = 'aiplatform.reasoningEngines.update';
const SET = 'iap.webServiceVersions.setIamPolicy';
const GET = 'iap.webServiceVersions.getIamPolicy';
const engines = [observedEngine('1', { allow: ['stripe'] })];
const wanted = desired({
  gateways: { egress: gateway('egress') },
  endpoints: [endpoint('stripe', ['api.stripe.com'])],
});
const neededFor = (more: Parameters<typeof observed>[0] = {}) => {
  const world = observed({ engines, ...more });
  return neededPermissions(planned(wanted, world), world);
};
const REGISTRY = `projects/${PROJECT.number}/locations/${REGION}/iap_web/agentRegistry`;

describe('what a plan that takes out access rules (V2) needs', () => {
  const EXTENSION = `projects/${PROJECT.id}/locations/${REGION}/authzExtensions/iap`;
  const nobody = desired({ ...wanted, agents: [agent('1', [])], prune: true });
  const needed = (rules: readonly AccessRule[], more: Partial<ObservedAccess> = {}): string[] => {
    const world = observed({
      engines: [observedEngine('1', { config: egressConfig('egress') })],
      services: [ownedService('stripe', ['api.stripe.com'])],
      enforcement: {
        kind: 'read',
        policies: [{ name: 'p', action: 'CUSTOM', customProvider: { authzExtension: { resources: [EXTENSION] } } }],
        extensions: [{ name: EXTENSION, service: 'iap.googleapis.com', metadata: { iapPolicyVersion: 'V2' } }],
      },
      access: access(rules, more),
    });
    return neededPermissions(planned(nobody, world), world).map(({ permission }) => permission);
  };
  const own = editRules([], [edit('stripe', [memberOf('1')])]);
  const UPDATE_RULES = ['iam.accesspolicies.update', 'iam.operations.get'];

  it('is more with the last rule of a policy, which goes then', () => {
    const unbinding = ['iam.accesspolicies.unbind', 'resourcemanager.projects.deletePolicyBinding'];
    const [update = '', read = ''] = UPDATE_RULES;
    expect(needed(own)).toEqual([update, 'iam.accesspolicies.delete', ...unbinding, read]);
    expect(needed(own, { isBound: false })).toEqual([update, 'iam.accesspolicies.delete', read]);
    expect(needed([...own, foreignRule('stripe')])).toEqual(UPDATE_RULES);
    for (const permission of needed(own)) expect(Object.keys(ROLE_OF)).toContain(permission);
  });
});

describe('what a plan that takes away needs', () => {
  const remove = (more: Parameters<typeof observed>[0]): string[] => {
    const world = observed({ engines: [observedEngine('1', { config: egressConfig('egress') })], ...more });
    const want = { ...wanted, prune: true };
    return neededPermissions(planned(want, world), world).flatMap(({ permission, resources }) =>
      [permission, ...resources].join(' '),
    );
  };

  it('is deleting services, and looking whether they are gone', () => {
    const services = [ownedService('stripe', ['api.stripe.com']), ownedService('old-tickets', ['tickets.example.com'])];
    expect(remove({ services })).toEqual(['agentregistry.services.delete', 'agentregistry.services.get']);
    expect(ROLE_OF).toHaveProperty(['agentregistry.services.delete']);
  });

  it('is writing the policies that lose members', () => {
    const services = [ownedService('stripe', ['api.stripe.com'])];
    const policies = { stripe: policyOf([memberOf('404')]) };
    expect(remove({ services, policies, gone: new Set(['404']) })).toEqual([
      `${GET} ${iapOf('stripe')}`,
      `${SET} ${iapOf('stripe')}`,
    ]);
  });
});

describe('what a plan needs', () => {
  it('is what its writes need, in the project that decides each, and where else it may be granted', () => {
    expect(neededFor()).toEqual([
      {
        permission: UPDATE,
        project: PROJECT.id,
        proven: 'aiplatform.reasoningEngines.get',
        resources: [engineNamed('1')],
      },
      {
        permission: 'networkservices.agentGateways.use',
        project: PROJECT.id,
        proven: 'networkservices.agentGateways.get',
        resources: [],
      },
      {
        permission: 'agentregistry.services.create',
        project: PROJECT.id,
        proven: 'agentregistry.services.list',
        resources: [],
      },
      {
        permission: 'agentregistry.services.get',
        project: PROJECT.id,
        proven: 'agentregistry.services.list',
        resources: [],
      },
      { permission: GET, project: PROJECT.id, proven: 'agentregistry.services.list', resources: [REGISTRY] },
      { permission: SET, project: PROJECT.id, proven: 'agentregistry.services.list', resources: [REGISTRY] },
    ]);
  });

  it("is needed in the gateway's project where that is another one", () => {
    const far = desired({ ...wanted, gateways: { egress: gateway('egress', OTHER_PROJECT.id) } });
    const world = observed({ engines, registryProject: OTHER_PROJECT });
    const needed = neededPermissions(planned(far, world), world);
    expect(needed.filter(({ project }) => project === PROJECT.id).map(({ permission }) => permission)).toEqual([
      UPDATE,
    ]);
    expect(new Set(needed.slice(1).map(({ project }) => project))).toEqual(new Set([OTHER_PROJECT.id]));
  });

  it('is less where there is less to do', () => {
    const needed = neededFor({ services: [ownedService('stripe', ['api.stripe.com'])] });
    expect(needed.map(({ permission }) => permission)).not.toContain('agentregistry.services.create');
    expect(needed.find(({ permission }) => permission === SET)?.resources).toEqual([iapOf('stripe')]);
    const nothing = desired({ agents: [] });
    expect(neededPermissions(planned(nothing, observed()), observed())).toEqual([]);
  });

  it('has a role for every permission', () => {
    const all = neededFor().map(({ permission }) => permission);
    expect(all.filter((permission) => ROLE_OF[permission] === undefined)).toEqual([]);
  });
});

describe('what the caller lacks', () => {
  const onProject = { permission: 'agentregistry.services.create', project: PROJECT.id, proven: 'p', resources: [] };
  const onEngine = { permission: UPDATE, project: PROJECT.id, proven: 'p', resources: [engineNamed('1')] };
  const onEndpoint = { permission: SET, project: PROJECT.id, proven: 'p', resources: [iapOf('stripe')] };
  const all = [onProject, onEngine, onEndpoint];
  const ask = (denied: readonly string[], deniedOnResources: readonly string[] = []) => {
    const { google } = stage();
    denied.forEach((permission) => google.denied.add(permission));
    deniedOnResources.forEach((permission) => google.deniedOnResources.add(permission));
    return { google, lacking: lackingPermissionsOf(all, google) };
  };

  it('is nothing, after one question to the project, where that confirms all', async () => {
    const { google, lacking } = ask([]);
    expect(await lacking).toEqual([]);
    expect(google.calls.map(({ method }) => method)).toEqual(['resourcemanager.testPermissions']);
  });

  it('is what neither the project nor the resource confirms', async () => {
    const permissions = all.map(({ permission }) => permission);
    expect(await ask(permissions, permissions).lacking).toEqual(
      all.map(({ permission, project, resources }) => ({ permission, project, resources })),
    );
  });

  it('is not what a resource itself grants', async () => {
    expect(await ask([UPDATE, SET]).lacking).toEqual([]);
  });

  it('is not what a project denies that denies what was made use of, too: it is granted elsewhere', async () => {
    expect(await ask([onProject.permission, 'p']).lacking).toEqual([]);
  });

  it('is not what a resource denies that denies what was made use of, too', async () => {
    const denied = ['aiplatform.reasoningEngines.get', GET, UPDATE, SET];
    expect(await ask([...denied, 'p'], denied).lacking).toEqual([]);
  });

  it('counts as the project says where a resource cannot be asked', async () => {
    const { google } = stage();
    google.denied.add(UPDATE);
    google.script('aiplatform.testPermissions', apiError(404, 'NOT_FOUND'));
    expect(await lackingPermissionsOf([onEngine], google)).toMatchObject([{ resources: [engineNamed('1')] }]);
    google.denied.add('p');
    google.script('aiplatform.testPermissions', apiError(404, 'NOT_FOUND'));
    expect(await lackingPermissionsOf([onEngine], google)).toEqual([]);
  });

  it('is nothing where the project cannot be asked', async () => {
    const { google } = stage();
    google.script('resourcemanager.testPermissions', apiError(403, 'PERMISSION_DENIED'));
    expect(await lackingPermissionsOf([onProject], google)).toEqual([]);
    google.script('resourcemanager.testPermissions', new TypeError('a bug'));
    expect(await thrownBy(() => lackingPermissionsOf([onProject], google))).toBeInstanceOf(TypeError);
  });
});
