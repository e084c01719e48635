import type { Clock } from '../clock.js';
import { createAccessPolicies, type AccessPolicies } from './accesspolicies.js';
import { createAgentRegistry, type AgentRegistry } from './agentregistry.js';
import { createAiplatform, type Aiplatform, type AiplatformVersion } from './aiplatform.js';
import type { Credentials } from './auth.js';
import type { Hosts } from './hosts.js';
import { createHttp } from './http.js';
import { createKnownProjects } from './known-projects.js';
import { createIap, type Iap } from './iap.js';
import { createNetworkSecurity, type NetworkSecurity } from './networksecurity.js';
import { createNetworkServices, type NetworkServices } from './networkservices.js';
import { createOrgPolicy, type OrgPolicy } from './orgpolicy.js';
import { createResourceManager, type ResourceManager } from './resourcemanager.js';
import type { Fetch } from './transport.js';

/** Google Cloud as the rest of the program sees it: interfaces only, so that a test can stand in for any of them. */
export interface Google {
  readonly aiplatform: Aiplatform;
  readonly agentregistry: AgentRegistry;
  readonly iap: Iap;
  readonly networkservices: NetworkServices;
  readonly networksecurity: NetworkSecurity;
  readonly resourcemanager: ResourceManager;
  readonly orgpolicy: OrgPolicy;
  readonly accesspolicies: AccessPolicies;
}

export interface GoogleOptions {
  readonly fetch: Fetch;
  readonly credentials: Credentials;
  readonly hosts: Hosts;
  readonly clock: Clock;
  /** Aborting it ends every request and wait, with the signal's reason when that is one of `errors.ts`. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch after which no request is tried again. */
  readonly deadline?: number | undefined;
  /** Version of the aiplatform API; the others have one that is used. */
  readonly apiVersion: AiplatformVersion;
  /** Sent as `X-Goog-Request-Reason`, which ends up in audit logs. */
  readonly requestReason?: string | undefined;
  /** Called with one line per attempt: method, URL, status, milliseconds. Never a token or a body. */
  readonly log?: ((line: string) => void) | undefined;
  readonly random?: (() => number) | undefined;
  /** Longest time from sending one attempt to the last byte of its answer; 60 s. */
  readonly attemptTimeoutMs?: number;
}

/** All clients on one HTTP stack, so that they share connections, concurrency and the token. */
export function createGoogle(options: GoogleOptions): Google {
  const { apiVersion, ...rest } = options;
  const http = createHttp(rest);
  const projects = createKnownProjects();
  const resourcemanager = createResourceManager(http);
  return {
    aiplatform: createAiplatform(http, apiVersion, projects),
    agentregistry: createAgentRegistry(http),
    iap: createIap(http),
    networkservices: createNetworkServices(http),
    networksecurity: createNetworkSecurity(http),
    orgpolicy: createOrgPolicy(http),
    accesspolicies: createAccessPolicies(http, options.clock),
    resourcemanager: {
      ...resourcemanager,
      getProject: (idOrNumber) => {
        const answer = resourcemanager.getProject(idOrNumber);
        projects.note(idOrNumber, answer);
        return answer;
      },
    },
  };
}
