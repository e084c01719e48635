import type { Check } from './check.js';

/** What a plan can do without, but its reader should know was not looked at: the other checks are silent about it. */
export const notReadable: Check = {
  id: 'not-readable',
  level: 'warning',
  run: ({ desired, observed, grants }) => {
    const { enforcement, registryPolicy, registryProject } = observed;
    const { egress } = desired.gateways;
    const policies =
      enforcement?.kind === 'unreadable'
        ? [
            {
              message: `The authorization policies of the egress gateway could not be read, so nothing is said about whether it enforces grants: ${enforcement.why}`,
              remedy: `Give the identity of this job networksecurity.authzPolicies.list and networkservices.authzExtensions.get on the gateway's project.`,
              ...(egress !== undefined && egress !== 'none' ? { origin: egress.origin } : {}),
            },
          ]
        : [];
    const registry =
      registryPolicy === undefined && grants.some(({ action }) => action === 'create')
        ? [
            {
              message: `The registry-wide IAP policy of project ${registryProject.id} could not be read, so nobody is named who would lose access through the first grant on an endpoint.`,
              remedy: `Give the identity of this job iap.webServiceVersions.getIamPolicy on project ${registryProject.id}.`,
            },
          ]
        : [];
    return [...policies, ...registry];
  },
};
