import { Clock } from '../core/clock.js';
import { errorInfo, GoogleError, notFound } from '../core/errors.js';
import { Ids } from '../core/ids.js';
import type { Call } from '../core/router.js';
import { Operations } from '../core/operations.js';
import type { Settings } from '../settings.js';
import { AccessPolicyHistory, type AccessPolicyRecord, type PolicyBindingRecord } from './access-policies.js';
import { parseNetworkName, recordKey, targetKey } from './names.js';
import { OrgPolicyState } from './orgpolicy.js';
import type {
  EngineRecord,
  NetworkRecord,
  Place,
  PolicyTarget,
  Project,
  ServiceRecord,
  StoredPolicy,
} from './types.js';

export interface DeniedPermission {
  readonly permission: string;
  /** Prefix of a resource name; absent means everywhere. */
  readonly resource?: string | undefined;
}

/** Called right before a policy is compared and stored, as if somebody else wrote at that moment. */
export type PolicyHook = (target: PolicyTarget) => void;

/** Everything the emulated APIs know. Plain data and look-ups; what may be done with it is the APIs' business. */
export class State {
  readonly clock: Clock;
  readonly ids = new Ids();
  readonly operations = new Operations();
  readonly projects: Project[] = [];
  readonly engines = new Map<string, EngineRecord>();
  readonly services = new Map<string, ServiceRecord>();
  readonly gateways = new Map<string, NetworkRecord>();
  readonly extensions = new Map<string, NetworkRecord>();
  readonly authzPolicies = new Map<string, NetworkRecord>();
  readonly policies = new Map<string, StoredPolicy>();
  readonly orgPolicy = new OrgPolicyState();
  readonly accessPolicies = new Map<string, AccessPolicyRecord>();
  readonly policyBindings = new Map<string, PolicyBindingRecord>();
  readonly accessHistory = new AccessPolicyHistory();
  readonly denied: DeniedPermission[] = [];
  readonly trustDomains = new Set<string>();
  /** requestId to the operation it started (idempotent for at least 60 minutes, discovery text). */
  readonly requestIds = new Map<string, { readonly operation: string; readonly atMs: number }>();
  /** Times of accepted engine writes, by project and region, for the write quota. */
  readonly engineWrites = new Map<string, number[]>();
  /** Times of counted IAM requests, by whose quota it is and whether they read or write. */
  readonly iamRequests = new Map<string, number[]>();
  /** When the last engine left a gateway, by project, region and direction. */
  readonly slotsLeft = new Map<string, { readonly gateway: string; readonly atMs: number }>();
  readonly failedUpdates = new Map<string, number>();
  readonly policyHooks: PolicyHook[] = [];
  /** Tokens issued by the token exchange, with the end of their life. */
  readonly tokens = new Map<string, { readonly label: string; readonly endMs: number }>();
  settings: Settings;

  constructor(settings: Settings, clock = new Clock()) {
    this.settings = settings;
    this.clock = clock;
  }

  settle(): void {
    this.operations.settle(this.clock.now());
  }

  /** The project with this ID or number, if there is one. */
  findProject(idOrNumber: string): Project | undefined {
    return this.projects.find((project) => project.id === idOrNumber || project.number === idOrNumber);
  }

  /** The project, or the error Google hides both "absent" and "forbidden" behind. */
  project(idOrNumber: string): Project {
    const project = this.findProject(idOrNumber);
    if (project) return project;
    throw new GoogleError(this.settings.unknownProject, `Permission denied on resource project ${idOrNumber}.`, [
      errorInfo('CONSUMER_INVALID', 'googleapis.com', {
        consumer: `projects/${idOrNumber}`,
        containerInfo: idOrNumber,
      }),
    ]);
  }

  place(call: Call): Place {
    return { project: this.project(call.param('project')), location: call.param('location') };
  }

  findEngine(place: Place, id: string): EngineRecord | undefined {
    return this.engines.get(recordKey(place, id));
  }

  /** A gateway, extension or authorization policy by full name, whichever way the project is written. */
  findByName(records: ReadonlyMap<string, NetworkRecord>, collection: string, name: string): NetworkRecord | undefined {
    const parts = parseNetworkName(name);
    const project = parts === undefined ? undefined : this.findProject(parts.project);
    if (parts?.collection !== collection || project === undefined) return undefined;
    return records.get(recordKey({ project, location: parts.location }, parts.id));
  }

  policy(target: PolicyTarget): StoredPolicy | undefined {
    return this.policies.get(targetKey(target));
  }

  /** May the caller do this? `resource` is a name without `//service/`. */
  isAllowed(permission: string, resource: string): boolean {
    const name = this.withProjectId(resource);
    return !this.denied.some(
      (entry) => entry.permission === permission && name.startsWith(this.withProjectId(entry.resource ?? '')),
    );
  }

  /** 403 in Google's wording, with ErrorInfo, when the caller lacks the permission. */
  need(permission: string, resource: string, service: string): void {
    if (this.isAllowed(permission, resource)) return;
    const full = `//${service}/${resource}`;
    throw new GoogleError(
      'PERMISSION_DENIED',
      `Permission '${permission}' denied on resource '${full}' (or it may not exist).`,
      [errorInfo('IAM_PERMISSION_DENIED', service, { permission, resource: full })],
    );
  }

  private withProjectId(name: string): string {
    return name.replace(/^projects\/([^/]+)/, (whole, id: string) => {
      const project = this.findProject(id);
      return project === undefined ? whole : `projects/${project.id}`;
    });
  }
}

/** The record at this key or 404 with the given message. */
export function found<T>(record: T | undefined, message: string): T {
  if (record === undefined) throw notFound(message);
  return record;
}
