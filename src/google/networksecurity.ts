import type { Http } from './http.js';
import { formatLocation } from './names.js';
import { listAll } from './pages.js';
import type { AuthzPolicy } from './types.js';

/** Authorization policies: they tie gateways to extensions. Read only. */
export interface NetworkSecurity {
  listAuthzPolicies(project: string, location: string): Promise<AuthzPolicy[]>;
}

/** Source: Google's networksecurity discovery document, revision 20260924. */
export function createNetworkSecurity(http: Http): NetworkSecurity {
  return {
    listAuthzPolicies: (project, location) =>
      listAll(async (pageToken) => {
        const page = await http.request<{ authzPolicies?: AuthzPolicy[]; nextPageToken?: string }>({
          api: 'networksecurity',
          method: 'GET',
          path: `v1/${formatLocation(project, location)}/authzPolicies`,
          query: { pageSize: '100', pageToken },
        });
        return { items: page.authzPolicies, nextPageToken: page.nextPageToken };
      }),
  };
}
