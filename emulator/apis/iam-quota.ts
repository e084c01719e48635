import { errorInfo, GoogleError, quotaFailure } from '../core/errors.js';
import type { Call, Route } from '../core/router.js';
import type { Settings } from '../settings.js';
import { findNode, nodeName, type NodeKind } from '../state/orgpolicy.js';
import type { State } from '../state/state.js';
import { flag, IAM_SERVICE } from './iam-names.js';

/** The route, counted in the quota of reads or writes: whatever comes of a request, it was made. */
export function counted(route: Route): Route {
  return {
    ...route,
    handler: (call, state) => {
      if (counts(route, call, state.settings.iam)) count(route, call, state);
      return route.handler(call, state);
    },
  };
}

/** Which requests count is not documented: switches. */
function counts({ write, template }: Route, call: Call, { quota, validateOnly }: Settings['iam']): boolean {
  if (write) return validateOnly.countsAsWrite || !flag(call, 'validateOnly');
  if (template.includes('/operations/')) return quota.operationGetsCount;
  if (/:search\w+$/.test(template)) return quota.searchesCount;
  return template.endsWith('}') || quota.listsCount;
}

function count({ write }: Route, call: Call, state: State): void {
  const { enabled, readsPerMinute, writesPerMinute } = state.settings.iam.quota;
  const consumer = consumerOf(call, state);
  const key = `${consumer} ${write ? 'writes' : 'reads'}`;
  const now = state.clock.now();
  const recent = (state.iamRequests.get(key) ?? []).filter((at) => now - at < 60_000);
  if (enabled && recent.length >= (write ? writesPerMinute : readsPerMinute)) throw exceeded(consumer, write);
  state.iamRequests.set(key, [...recent, now]);
}

function consumerOf(call: Call, state: State): string {
  if (state.settings.iam.quota.per === 'caller-project') {
    const charged = call.headers.get('x-goog-user-project') ?? '';
    return `projects/${(state.findProject(charged) ?? state.projects[0])?.number ?? ''}`;
  }
  const [, kind = '', id = ''] = /^\/v\w+\/(\w+)\/([^/]+)/.exec(call.path) ?? [];
  const node = findNode(state.projects, kind as NodeKind, id);
  return node === undefined ? `${kind}/${id}` : nodeName(node, true);
}

/** The body of Google's per-minute quotas; the names of these two are inferred. */
function exceeded(consumer: string, write: boolean): GoogleError {
  const kind = write ? 'Write' : 'Read';
  const metric = `${IAM_SERVICE}/v3_${kind.toLowerCase()}_requests`;
  const message = `Quota exceeded for quota metric 'IAM v3 ${kind} Requests' and limit 'IAM v3 ${kind} Requests per minute' of service '${IAM_SERVICE}' for consumer '${consumer}'.`;
  return new GoogleError('RESOURCE_EXHAUSTED', message, [
    errorInfo('RATE_LIMIT_EXCEEDED', 'googleapis.com', { service: IAM_SERVICE, quota_metric: metric, consumer }),
    quotaFailure(consumer, message),
  ]);
}
