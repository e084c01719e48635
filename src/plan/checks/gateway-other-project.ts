import { sameProject } from '../../google/names.js';
import { gatewayName, projectsOf } from '../bindings.js';
import type { Check } from './check.js';

/**
 * An egress gateway may be in another project of the same region, an ingress gateway may not (Google's "Agent Gateway
 * overview" page).
 */
export const gatewayOtherProject: Check = {
  id: 'gateway-other-project',
  level: 'error',
  run: ({ desired, observed }) => {
    const wanted = desired.gateways.ingress;
    if (wanted === undefined || wanted === 'none' || wanted.project === undefined) return [];
    if (sameProject(wanted.project, observed.project.id, projectsOf(observed))) return [];
    return [
      {
        message: `Gateway ${gatewayName(wanted, observed)} cannot be the ingress gateway: it is in project ${wanted.project}, and an ingress gateway has to be in the engines' project, ${observed.project.id}.`,
        remedy: `Name an ingress gateway in project ${observed.project.id}; only egress may go through another project's gateway.`,
        origin: wanted.origin,
      },
    ];
  },
};
