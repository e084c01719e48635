import type { Check } from './check.js';

/** What a plan can do without, but its reader should know was not looked at: the other checks are silent about it. */
export const notReadable: Check = {
  id: 'not-readable',
  level: 'warning',
  run: ({ desired, observed, grants }) => {
    const { enforcement, registryPolicy, registryProject, attached, disabledApis } = observed;
    const { egress } = desired.gateways;
    const policies =
      enforcement?.kind === 'unreadable'
        ? [
            {
              message: `The authorization policies of the egress gateway could not be read, so nothing is said about whether it enforces grants: ${enforcement.why}`,
              remedy: enforcement.disabled
                ? `Enable it: gcloud services enable ${enforcement.disabled.service} --project=${enforcement.disabled.project}`
                : `Give the identity of this job networksecurity.authzPolicies.list and networkservices.authzExtensions.get on the gateway's project.`,
              ...(egress !== undefined && egress !== 'none' ? { origin: egress.origin } : {}),
            },
          ]
        : [];
    const registry =
      registryPolicy === undefined && disabledApis.length === 0 && grants.some(({ action }) => action === 'create')
        ? [
            {
              message: `The registry-wide IAP policy of project ${registryProject.id} could not be read, so nobody is named who would lose access through the first grant on an endpoint.`,
              remedy: `Give the identity of this job iap.webServiceVersions.getIamPolicy on project ${registryProject.id}.`,
            },
          ]
        : [];
    const registries = attached.flatMap((other) =>
      other.kind === 'read'
        ? []
        : [
            {
              message: `The registry of project ${other.project} in ${other.location}, which the egress gateway looks into as well, could not be read, so nothing is said about hosts that it serves too: ${other.why}`,
              remedy: `Give the identity of this job agentregistry.services.list on project ${other.project}.`,
            },
          ],
    );
    const engines =
      observed.unlistedEngines === undefined
        ? []
        : [
            {
              message: `The engines of project ${observed.project.id} in ${observed.region} could not be listed, so nothing is said about which of them could no longer be deployed: ${observed.unlistedEngines}`,
              remedy: `Give the identity of this job aiplatform.reasoningEngines.list and .get on project ${observed.project.id}.`,
              ...(desired.guardrails ? { origin: desired.guardrails.origin } : {}),
            },
          ];
    const own =
      observed.servicesUnread === undefined
        ? []
        : [
            {
              message: `The services of project ${registryProject.id} could not be read, so nothing is said about endpoints that this config once declared: ${observed.servicesUnread}`,
              remedy: `Give the identity of this job agentregistry.services.list on project ${registryProject.id}, or take prune out.`,
            },
          ];
    return [...policies, ...registry, ...registries, ...engines, ...own];
  },
};
