import { parseRegistryName, type ProjectRef } from '../../google/names.js';
import { gatewayName } from '../bindings.js';
import type { Check } from './check.js';
import { egressReference, listed } from './wording.js';

/**
 * An egress gateway looks only into the registries that its `registries` name; all else is denied by default ("Set up
 * Agent Gateway" page). With another registry attached, or only the global one, whatever is registered here stays unreachable.
 */
export const registryNotAttached: Check = {
  id: 'registry-not-attached',
  level: 'error',
  run: ({ desired, observed }) => {
    const wanted = egressReference({ desired });
    const gateway = observed.gateways.egress;
    const attached = gateway?.registries ?? [];
    if (!wanted || attached.length === 0 || desired.endpoints.length === 0) return [];
    // An ingress gateway ignores its registries; gateway-wrong-direction says what is wrong with it.
    if (gateway?.googleManaged?.governedAccessPath === 'CLIENT_TO_AGENT') return [];
    const { registryProject, region } = observed;
    // A name in a form that is not known here may be this very registry.
    if (attached.some((registry) => !parseRegistryName(registry) || isRegistry(registry, registryProject, region)))
      return [];
    return [
      {
        message: `Egress gateway ${gatewayName(wanted, observed)} does not look into the registry of project ${registryProject.id} in ${region}, where the endpoints are registered: it is attached to ${listed([...attached].sort())}.`,
        remedy: `Add //agentregistry.googleapis.com/projects/${registryProject.id}/locations/${region} to the gateway's registries (at most two, and of two exactly one is global).`,
        origin: wanted.origin,
      },
    ];
  },
};

function isRegistry(registry: string, project: ProjectRef, region: string): boolean {
  const parsed = parseRegistryName(registry);
  return parsed?.location === region && [project.id, project.number].includes(parsed.project);
}
