import type { Http } from './http.js';
import { formatLocation } from './names.js';
import { listAll } from './pages.js';
import { SHAPES } from './shapes.js';
import type { AuthzPolicy } from './types.js';

/** Authorization policies: they tie gateways to extensions. Read only. */
export interface NetworkSecurity {
  listAuthzPolicies(project: string, location: string): Promise<AuthzPolicy[]>;
}

/** Source: Google's networksecurity discovery document, revision 20260924. */
export function createNetworkSecurity(http: Http): NetworkSecurity {
  return {
    listAuthzPolicies: (project, location) =>
      listAll<AuthzPolicy>(http, {
        api: 'networksecurity',
        path: `v1/${formatLocation(project, location)}/authzPolicies`,
        field: 'authzPolicies',
        shape: SHAPES.authzPolicies,
      }),
  };
}
