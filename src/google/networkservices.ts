import type { Shape } from './answer.js';
import type { Http } from './http.js';
import { SHAPES } from './shapes.js';
import type { AgentGateway, AuthzExtension } from './types.js';

/** Agent gateways and the extensions that authorize what passes them. Read only. */
export interface NetworkServices {
  getGateway(name: string): Promise<AgentGateway>;
  getAuthzExtension(name: string): Promise<AuthzExtension>;
}

/** Source: Google's networkservices discovery document, revision 20260921. */
export function createNetworkServices(http: Http): NetworkServices {
  const getOne = <T>(path: string, shape: Shape): Promise<T> =>
    http.request<T>({ api: 'networkservices', method: 'GET', path: `v1/${path}`, shape });

  return {
    getGateway: (name) => getOne(name, SHAPES.gateway),
    getAuthzExtension: (name) => getOne(name, SHAPES.authzExtension),
  };
}
