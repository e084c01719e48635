import { ApiError, isApiDisabled, NetworkError } from '../google/errors.js';
import type { Google } from '../google/index.js';
import { parseExtensionName, parseGatewayName } from '../google/names.js';
import type { AuthzExtension, AuthzPolicy } from '../google/types.js';

import { disabledApi } from './disabled.js';
import type { DisabledApi } from './observed.js';

/** What stands in front of an egress gateway, as far as the caller may read it. */
export type EnforcementReading =
  | { readonly kind: 'read'; readonly policies: readonly AuthzPolicy[]; readonly extensions: readonly AuthzExtension[] }
  /** `why` is what Google answered. */
  | { readonly kind: 'unreadable'; readonly why: string; readonly disabled?: DisabledApi };

/**
 * Reads the authorization policies that target a gateway and the extensions they call. Only this tells a gateway that
 * decides by grants from one that lets everything pass or denies everything (Google's "Set up Agent Gateway" page).
 *
 * A caller who may not read them can still plan and apply: the answer then says so.
 *
 * @param gateway full resource name
 */
export async function readEnforcement(gateway: string, google: Google): Promise<EnforcementReading> {
  const at = parseGatewayName(gateway);
  if (!at) return { kind: 'unreadable', why: `${gateway} is not a gateway's name` };
  try {
    const listed = await google.networksecurity.listAuthzPolicies(at.project, at.location);
    const policies = listed.filter((policy) => (policy.target?.resources ?? []).some((target) => isTarget(target, at)));
    const names = policies.flatMap((policy) => policy.customProvider?.authzExtension?.resources ?? []);
    const readable = [...new Set(names)].filter((name) => parseExtensionName(name) !== undefined);
    const extensions = await Promise.all(readable.map((name) => google.networkservices.getAuthzExtension(name)));
    return { kind: 'read', policies, extensions };
  } catch (error) {
    if (isApiDisabled(error)) {
      return { kind: 'unreadable', why: error.googleMessage, disabled: disabledApi(error, at.project) };
    }
    if (error instanceof ApiError && error.status !== 401) return { kind: 'unreadable', why: error.googleMessage };
    if (error instanceof NetworkError) return { kind: 'unreadable', why: error.message };
    throw error;
  }
}

/** Policies of one project and location are compared, so its ID and its number need not be told apart. */
function isTarget(target: string, { location, id }: { location: string; id: string }): boolean {
  return target.endsWith(`/locations/${location}/agentGateways/${id}`);
}
