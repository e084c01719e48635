import { NotBound, RefusedByPolicy, StillRunning } from './apply/errors.js';
import { explainRefused } from './explain-refused.js';
import type { Failure, FailureReason } from './failure.js';
import {
  ApiError,
  AuthError,
  CancelledError,
  NetworkError,
  OperationError,
  TimeoutError,
  isApiDisabled,
  refusalOf,
} from './google/errors.js';

/** What a run that ended before its work was done leaves to the next one. */
export const RUN_AGAIN =
  'Run again: what is done is kept, and an operation that still runs is picked up instead of started anew.';

/**
 * Turns an error into what the person in front of a red pipeline needs: what failed, on which resource, what Google
 * answered, and what to do next.
 *
 * @param doing what was being done, e.g. `Binding engine "Support agent" (projects/…)`
 * @param otherwise the reason when the error itself does not say (a permission or an API always does)
 */
export function explain(error: unknown, doing: string, otherwise: FailureReason): Failure {
  if (error instanceof StillRunning) return interrupted(error.cause, `${doing}: ${error.message}`);
  if (error instanceof TimeoutError || error instanceof CancelledError) return interrupted(error, doing);
  if (error instanceof AuthError) return { reason: 'auth-failed', message: error.message, next: [] };
  if (error instanceof RefusedByPolicy) return { reason: otherwise, ...explainRefused(error, doing) };
  if (error instanceof ApiError) return explainApiError(error, doing, otherwise);
  if (error instanceof OperationError) {
    return {
      reason: otherwise,
      message: `${doing} failed: ${error.message}`,
      next: operationAdvice(error, otherwise),
    };
  }
  if (error instanceof NotBound) {
    return {
      reason: 'not-bound',
      message: sentence(`${doing}: the update ended well, but ${error.message}`),
      next: NULL_CAUSES,
    };
  }
  const what = error instanceof Error ? error.message : String(error);
  const next = error instanceof NetworkError ? ['Check the network (and proxy) of the runner, then run again.'] : [];
  return { reason: otherwise, message: sentence(`${doing} failed: ${what}`), next };
}

/** Messages of others end with a full stop or without. */
function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function interrupted(cause: unknown, doing: string): Failure {
  const cancelled = cause instanceof CancelledError;
  const last =
    cause instanceof TimeoutError && cause.cause instanceof Error ? sentence(` Last: ${cause.cause.message}`) : '';
  return {
    reason: cancelled ? 'cancelled' : 'timeout',
    message: `${doing}: ${cancelled ? 'the workflow was cancelled' : 'the time limit of this run (input timeout) is over'}.${last}`,
    next: [RUN_AGAIN],
  };
}

function explainApiError(error: ApiError, doing: string, otherwise: FailureReason): Failure {
  const message = sentence(`${doing} failed: ${error.message}`);
  const disabled: boolean = isApiDisabled(error);
  if (disabled) {
    const service = error.metadata.service ?? `${error.api}.googleapis.com`;
    const project = (error.metadata.consumer ?? '').replace('projects/', '');
    const flag = project ? ` --project=${project}` : '';
    return { reason: 'api-disabled', message, next: [`Enable the API: gcloud services enable ${service}${flag}`] };
  }
  if (error.status === 401) {
    const next = [
      'Google did not accept the token: check the google-github-actions/auth step or the access_token input.',
    ];
    return { reason: 'auth-failed', message, next };
  }
  if (error.status === 403 && !error.isFromApi) {
    const next = ['A proxy or firewall answered instead of Google: let the runner reach the host named above.'];
    return { reason: otherwise, message, next };
  }
  if (error.status === 403) {
    return { reason: 'permission-denied', message, next: [permissionHint(error.api)] };
  }
  return { reason: otherwise, message, next: nextAfter(error) };
}

/** @returns what to do about an answer that is neither about the token nor about a permission */
function nextAfter(error: ApiError): readonly string[] {
  const advice = error.api === 'iam' ? adviceOn(error.reason) : undefined;
  if (advice) return advice;
  if (error.reason === 'CUSTOM_ORG_POLICY_VIOLATION') {
    return ['An organization policy forbids this: ask its owners what it allows.'];
  }
  if (error.status === 429) return ['A quota is used up: run again later, or ask for more quota.'];
  if (error.status >= 500) return ['Google had a problem of its own: run again.'];
  return ['Put right what Google names above, then run again.'];
}

/** What IAM v3 refuses access policies and bindings for, by the reason it gives ("Troubleshoot IAM policies" page of Agent Gateway). */
const ACCESS_ADVICE: Readonly<Record<string, readonly string[]>> = {
  CUSTOM_ORG_POLICY_VIOLATION: [
    'An organization policy forbids to bind access policies, most likely the managed constraint iam.managed.disableAccessPolicyBinding: ask whoever has roles/orgpolicy.policyAdmin to lift it for the project (`spec: {rules: [{enforce: false}]}`). It takes up to 15 minutes to count.',
  ],
  TOO_MANY_ACCESS_POLICY_BINDINGS_PER_TARGET: [
    'Five access policies may be bound to one project: unbind one that nobody needs. `gcloud iam policy-bindings search-target-policy-bindings` lists them.',
  ],
  TOO_MANY_ACCESS_POLICY_BINDINGS_TO_POLICY: [
    'An access policy may be bound to five resources: `gcloud iam access-policies search-policy-bindings` lists them.',
  ],
  TOO_MANY_CONDITIONS: ['A rule has more conditions than Google takes. This should not happen: please report it.'],
  INVALID_TARGET_FULL_RESOURCE_NAME: [
    'Google does not take the target of a binding. This should not happen: please report it.',
  ],
};

function operationAdvice(error: OperationError, doing: FailureReason): readonly string[] {
  if (doing === 'bind-failed') return BIND_CAUSES;
  // Of all grants, only access policies are written by operations.
  return doing === 'grant-failed' ? (adviceOn(refusalOf(error)?.reason) ?? []) : [];
}

function adviceOn(reason: string | undefined): readonly string[] | undefined {
  return reason === undefined ? undefined : ACCESS_ADVICE[reason];
}

/** The smallest usual role by API (Google's documentation of each product). */
const ROLES: Readonly<Record<string, string>> = {
  aiplatform:
    'aiplatform.reasoningEngines.get, .list and (to bind) .update, e.g. roles/aiplatform.user; to bind also networkservices.agentGateways.get and .use on the gateway',
  agentregistry: "roles/agentregistry.viewer to plan, roles/agentregistry.editor to apply, in the gateway's project",
  iap: "iap.webServiceVersions.getIamPolicy to plan and .setIamPolicy to apply, e.g. roles/iap.admin, in the gateway's project",
  iam: 'iam.accesspolicies.get and resourcemanager.projects.searchPolicyBindings to plan; iam.accesspolicies.create and .update to apply, and for the first time iam.accesspolicies.bind and resourcemanager.projects.createPolicyBinding, and where prune takes the last rule out iam.accesspolicies.delete, .unbind and resourcemanager.projects.deletePolicyBinding, e.g. roles/iam.accessPolicyAdmin and a custom role (docs/permissions.md)',
  networkservices: 'networkservices.agentGateways.get (and .use to bind)',
  orgpolicy:
    'orgpolicy.customConstraints.get and orgpolicy.policy.get to plan guardrails, orgpolicy.customConstraints.create and .update and orgpolicy.policies.create, .update and .delete to apply them, e.g. roles/orgpolicy.policyAdmin on the organization',
  cloudresourcemanager: 'resourcemanager.projects.get, e.g. roles/browser',
};

function permissionHint(api: string): string {
  const role = ROLES[api];
  return role
    ? `The identity of this job needs ${role}.`
    : 'Give the identity of this job the permission that Google names above.';
}

/** Why an update of `agentGatewayConfig` ends in an error (Google's known issues of Agent Gateway, public reports). */
const BIND_CAUSES: readonly string[] = [
  'Likely causes, most frequent first:',
  '- Another engine of this project and region is bound to a different gateway in the same direction: all must share one.',
  '- The container cannot start behind the gateway, because hosts it calls at start-up are not registered or not granted: allow the preset `runtime`, and read reasoning_engine_stderr in Cloud Logging.',
  '- The engine was created before 2026-04-29: such engines cannot be bound, deploy it anew.',
  "- The gateway is in another project and that project's AI Platform service agent lacks networkservices.agentGateways.get there.",
  'Then run again; nothing has to be cleaned up first.',
];

/** Why a binding is missing although the update ended well. */
const NULL_CAUSES: readonly string[] = [
  'A null agentGatewayConfig means that the Runtime has failed to bind. Likely causes:',
  '- Something else wrote the engine meanwhile: a deploy or a `terraform apply` resets the binding.',
  '- The engine has no agent identity, or was created before 2026-04-29: deploy it anew.',
  '- Another engine of this project and region is bound to a different gateway in the same direction.',
  'Look at reasoning_engine_stderr in Cloud Logging, then run again.',
];

/** When several things failed, the first of these is the run's reason: what stops everything else comes first. */
const BY_WEIGHT: readonly FailureReason[] = [
  'cancelled',
  'auth-failed',
  'permission-denied',
  'api-disabled',
  'register-failed',
  'grant-failed',
  'bind-failed',
  'not-bound',
  'timeout',
];

/** @returns the failures, the one that a run is named after first */
export function byWeight(failures: readonly Failure[]): Failure[] {
  const weight = ({ reason }: Failure): number => {
    const at = BY_WEIGHT.indexOf(reason);
    return at === -1 ? BY_WEIGHT.length : at;
  };
  return [...failures].sort((a, b) => weight(a) - weight(b));
}
