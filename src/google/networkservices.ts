import { nameIs, withNames } from './answered-names.js';
import type { Http, HttpRequest } from './http.js';
import {
  formatExtensionName,
  formatGatewayName,
  parseExtensionName,
  parseGatewayName,
  ResourceNameError,
  type ResourceName,
} from './names.js';
import { SHAPES } from './shapes.js';
import type { AgentGateway, AuthzExtension } from './types.js';

/** Agent gateways and the extensions that authorize what passes them. Read only. */
export interface NetworkServices {
  getGateway(name: string): Promise<AgentGateway>;
  getAuthzExtension(name: string): Promise<AuthzExtension>;
}

/** Source: Google's networkservices discovery document, revision 20260921. */
export function createNetworkServices(http: Http): NetworkServices {
  const get = (name: string): Pick<HttpRequest, 'api' | 'method' | 'path'> => ({
    api: 'networkservices',
    method: 'GET',
    path: `v1/${name}`,
  });

  return {
    getGateway: async (name) => {
      const asked = known(parseGatewayName(name), name);
      const shape = withNames(SHAPES.gateway, nameIs('agentGateways', asked));
      return http.request<AgentGateway>({ ...get(formatGatewayName(asked)), shape });
    },
    getAuthzExtension: async (name) => {
      const asked = known(parseExtensionName(name), name);
      const shape = withNames(SHAPES.authzExtension, nameIs('authzExtensions', asked));
      return http.request<AuthzExtension>({ ...get(formatExtensionName(asked)), shape });
    },
  };
}

/** Policies name extensions in any of the three forms that Google takes; a request takes the plain one. */
function known(parsed: ResourceName | undefined, name: string): ResourceName {
  if (parsed === undefined) throw new ResourceNameError(`"${name}" is not the full name of a resource.`);
  return parsed;
}
