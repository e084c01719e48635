import { describe, expect, it } from '@jest/globals';
import { missingPermissions } from '../../../src/observe/permissions.js';
import { neededPermissions, ROLE_OF } from '../../../src/plan/permissions.js';
import { stage } from '../../support/apply.js';
import { apiError, thrownBy } from '../../support/errors.js';
import {
  desired,
  endpoint,
  gateway,
  observed,
  observedEngine,
  OTHER_PROJECT,
  ownedService,
  PROJECT,
} from '../../support/builders.js';
import { planned } from '../../support/plan.js';

const engines = [observedEngine('1', { allow: ['stripe'] })];
const wanted = desired({
  gateways: { egress: gateway('egress') },
  endpoints: [endpoint('stripe', ['api.stripe.com'])],
});
const neededFor = (more: Parameters<typeof observed>[0] = {}) => {
  const world = observed({ engines, ...more });
  return neededPermissions(planned(wanted, world), world);
};

describe('what a plan needs', () => {
  it('is what its writes need, in the project that decides each', () => {
    expect(neededFor()).toEqual([
      {
        project: PROJECT.id,
        permissions: ['aiplatform.reasoningEngines.update'],
        proven: 'aiplatform.reasoningEngines.get',
      },
      {
        project: PROJECT.id,
        permissions: ['agentregistry.services.create', 'iap.webServiceVersions.setIamPolicy'],
        proven: 'agentregistry.services.list',
      },
    ]);
    expect(neededFor({ registryProject: OTHER_PROJECT }).map(({ project }) => project)).toEqual([
      PROJECT.id,
      OTHER_PROJECT.id,
    ]);
  });

  it('is less where there is less to do', () => {
    const [, registry] = neededFor({ services: [ownedService('stripe', ['api.stripe.com'])] });
    expect(registry?.permissions).toEqual(['iap.webServiceVersions.setIamPolicy']);
    const nothing = desired({ agents: [] });
    expect(neededPermissions(planned(nothing, observed()), observed())).toEqual([]);
  });

  it('has a role for every permission', () => {
    const all = neededFor().flatMap(({ permissions }) => permissions);
    expect(all.filter((permission) => ROLE_OF[permission] === undefined)).toEqual([]);
  });
});

describe('what the caller lacks', () => {
  const need = { project: PROJECT.id, permissions: ['a', 'b'], proven: 'p' };
  const lacking = (denied: string[]) => {
    const { google } = stage();
    denied.forEach((permission) => google.denied.add(permission));
    return missingPermissions([need], google);
  };

  it('is what Resource Manager does not confirm', async () => {
    expect(await lacking(['b'])).toEqual([{ ...need, permissions: ['b'] }]);
    expect(await lacking([])).toEqual([]);
  });

  it('is not believed where even what is proven is not confirmed: it may be granted on the resource itself', async () => {
    expect(await lacking(['a', 'b', 'p'])).toEqual([]);
  });

  it('is nothing where it cannot be asked', async () => {
    const { google } = stage();
    google.script('resourcemanager.testPermissions', apiError(403, 'PERMISSION_DENIED'));
    expect(await missingPermissions([need], google)).toEqual([]);
    google.script('resourcemanager.testPermissions', new TypeError('a bug'));
    expect(await thrownBy(() => missingPermissions([need], google))).toBeInstanceOf(TypeError);
  });
});
