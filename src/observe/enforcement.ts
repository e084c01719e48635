import { ApiError, isApiDisabled, NetworkError } from '../google/errors.js';
import type { Google } from '../google/index.js';
import { parseExtensionName, parseGatewayName } from '../google/names.js';
import type { AuthzExtension, AuthzPolicy } from '../google/types.js';
import { iapExtensions } from '../plan/enforcement.js';
import { policyVersionOf } from '../plan/grant-model.js';
import { disabledApi } from './disabled.js';
import type { DisabledApi } from './observed.js';

/** What stands in front of an egress gateway, as far as the caller may read it. */
export type EnforcementReading =
  | {
      readonly kind: 'read';
      readonly policies: readonly AuthzPolicy[];
      readonly extensions: readonly AuthzExtension[];
      /** Policies of the same project and location that are about other gateways. */
      readonly others?: readonly AuthzPolicy[];
    }
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
    const isOurs = ({ target }: AuthzPolicy): boolean => (target?.resources ?? []).some((name) => isTarget(name, at));
    const policies = listed.filter(isOurs);
    const others = listed.filter((policy) => !isOurs(policy));
    const names = policies.flatMap((policy) => policy.customProvider?.authzExtension?.resources ?? []);
    const readable = [...new Set(names)].filter((name) => parseExtensionName(name) !== undefined);
    const extensions = await Promise.all(readable.map((name) => google.networkservices.getAuthzExtension(name)));
    return { kind: 'read', policies, extensions, others };
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

/**
 * The other gateways of the project and location that decide by access policies (V2). Nice to know: where an extension may not be
 * read, its gateway is left out.
 *
 * @param gateway full resource name of the one that was read
 * @returns full names, sorted
 */
export async function readNeighbours(
  gateway: string | undefined,
  reading: EnforcementReading | undefined,
  google: Google,
): Promise<string[]> {
  const at = parseGatewayName(gateway ?? '');
  if (!at || reading?.kind !== 'read') return [];
  const others = reading.others ?? [];
  const names = new Set(others.flatMap((policy) => policy.customProvider?.authzExtension?.resources ?? []));
  const unread = [...names].filter(
    (name) => parseExtensionName(name) !== undefined && !reading.extensions.some((known) => known.name === name),
  );
  const read = await Promise.all(unread.map((name) => readExtension(name, google)));
  const extensions = [...reading.extensions, ...read.flat()];
  const asks = (policy: AuthzPolicy): boolean =>
    iapExtensions({ kind: 'read', policies: [policy], extensions }).some((item) => policyVersionOf(item) === 'V2');
  // One policy may be about several gateways, ours among them.
  const targets = [...reading.policies, ...others].filter(asks).flatMap(({ target }) => target?.resources ?? []);
  const found = targets.filter((name) => parseGatewayName(name) !== undefined && !isTarget(name, at));
  return [...new Set(found)].sort();
}

async function readExtension(name: string, google: Google): Promise<AuthzExtension[]> {
  try {
    return [await google.networkservices.getAuthzExtension(name)];
  } catch (error) {
    if (error instanceof ApiError && error.status !== 401) return [];
    throw error;
  }
}
