import type { Http } from './http.js';
import type { AgentGateway, AuthzExtension } from './types.js';

/** Agent gateways and the extensions that authorize what passes them. Read only. */
export interface NetworkServices {
  getGateway(name: string): Promise<AgentGateway>;
  getAuthzExtension(name: string): Promise<AuthzExtension>;
}

/** Source: Google's networkservices discovery document, revision 20260921. */
export function createNetworkServices(http: Http): NetworkServices {
  const get = <T>(path: string, query: Record<string, string | undefined> = {}): Promise<T> =>
    http.request<T>({ api: 'networkservices', method: 'GET', path: `v1/${path}`, query });

  return {
    getGateway: (name) => get(name),
    getAuthzExtension: (name) => get(name),
  };
}
