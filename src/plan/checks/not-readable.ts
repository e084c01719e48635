import { isToBeBound } from './access-wording.js';
import type { Check, CheckInput, Found } from './check.js';

/** What a plan can do without, but its reader should know was not looked at: the other checks are silent about it. */
export const notReadable: Check = {
  id: 'not-readable',
  level: 'warning',
  run: (input) => {
    const { desired, observed, grants } = input;
    const { enforcement, registryPolicy, registryProject, attached, disabledApis } = observed;
    const { egress } = desired.gateways;
    const policies =
      enforcement?.kind === 'unreadable'
        ? [
            {
              message: `The authorization policies of the egress gateway could not be read, so nothing is said about whether it enforces grants, and V1 is taken to decide there: ${enforcement.why}`,
              remedy: enforcement.disabled
                ? `Enable it: gcloud services enable ${enforcement.disabled.service} --project=${enforcement.disabled.project}`
                : `Give the identity of this job networksecurity.authzPolicies.list and networkservices.authzExtensions.get on the gateway's project.`,
              ...(egress !== undefined && egress !== 'none' ? { origin: egress.origin } : {}),
            },
          ]
        : [];
    const registry =
      registryPolicy === undefined &&
      disabledApis.length === 0 &&
      grants.some(({ action, model }) => action === 'create' && model === undefined)
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
    return [...policies, ...registry, ...registries, ...engines, ...own, ...unreadAccess(input)];
  },
};

/** Of access policies (V2): without these, rules are written all the same. */
function unreadAccess(input: CheckInput): Found[] {
  const { access, registryProject, disabledApis } = input.observed;
  if (access === undefined || disabledApis.length > 0) return [];
  const { bindings, others, constraint } = access;
  return [
    ...(bindings.kind === 'unreadable'
      ? [
          {
            message: `The access policies that are bound to project ${registryProject.id} could not be read (${bindings.why}), so nothing is said about rules in other policies that deny, and about how many may still be bound.`,
            remedy: `Give the identity of this job resourcemanager.projects.searchPolicyBindings on project ${registryProject.id}.`,
          },
        ]
      : []),
    ...others.flatMap((other) =>
      other.kind === 'read'
        ? []
        : [
            {
              message: `Access policy ${other.name}, which is bound to project ${registryProject.id}, could not be read, so it may hold rules that deny what this plan grants: ${other.why}`,
              remedy: 'Give the identity of this job iam.accesspolicies.get where the policy is.',
            },
          ],
    ),
    ...(constraint?.kind === 'unreadable' && isToBeBound(input)
      ? [
          {
            message: `Whether an organization policy forbids to bind access policies to project ${registryProject.id} could not be read: ${constraint.why}`,
            remedy: 'Nothing has to be done: where it does, Google refuses the binding and says so.',
            isNote: true,
          },
        ]
      : []),
  ];
}
