import type { Desired, Origin } from '../config/desired.js';
import type { AuthzExtension } from '../google/types.js';
import type { EnforcementReading } from '../observe/enforcement.js';
import type { Observed } from '../observe/observed.js';
import { gatewayName } from './bindings.js';
import { compareText } from './canonical.js';

/** The declared egress gateway and who decides there. */
export interface EgressEnforcement {
  readonly gateway: string;
  readonly origin: Origin;
  /** Empty when no authorization policy of the gateway asks IAP. */
  readonly iap: readonly AuthzExtension[];
}

/**
 * What decides at the declared egress gateway.
 *
 * @returns undefined when none is declared, it is no egress gateway, or its policies could not be read
 */
export function egressEnforcement(desired: Desired, observed: Observed): EgressEnforcement | undefined {
  const { egress } = desired.gateways;
  const reading = observed.enforcement;
  if (egress === undefined || egress === 'none' || reading?.kind !== 'read') return undefined;
  if (observed.gateways.egress?.googleManaged?.governedAccessPath !== 'AGENT_TO_ANYWHERE') return undefined;
  return { gateway: gatewayName(egress, observed), origin: egress.origin, iap: iapExtensions(reading) };
}

/**
 * The declared egress gateway, where every IAP extension it asks is like that. One of two that is not still decides as
 * usual: a second one in dry run is how a move to another policy version is tried out.
 *
 * @returns undefined also when the gateway asks no IAP extension
 */
export function egressWhereIap(
  { desired, observed }: { readonly desired: Desired; readonly observed: Observed },
  is: (extension: AuthzExtension) => boolean,
): (EgressEnforcement & { readonly names: string }) | undefined {
  const found = egressEnforcement(desired, observed);
  if (!found || found.iap.length === 0 || !found.iap.every(is)) return undefined;
  return {
    ...found,
    names: found.iap
      .map(({ name }) => name)
      .sort(compareText)
      .join(', '),
  };
}

/**
 * The IAP extensions that a gateway's policies ask. An extension does nothing until a policy with the profile
 * REQUEST_AUTHZ (the default) and the action CUSTOM names it (Google's "Set up Agent Gateway" page).
 */
export function iapExtensions(reading: Extract<EnforcementReading, { kind: 'read' }>): AuthzExtension[] {
  const named = reading.policies
    .filter(
      ({ action, policyProfile }) => action === 'CUSTOM' && (policyProfile ?? 'REQUEST_AUTHZ') === 'REQUEST_AUTHZ',
    )
    .flatMap((policy) => policy.customProvider?.authzExtension?.resources ?? []);
  return reading.extensions.filter(({ name, service }) => service === 'iap.googleapis.com' && isNamed(name, named));
}

function isNamed(name: string, names: readonly string[]): boolean {
  const tail = (text: string): string => text.slice(text.indexOf('/locations/'));
  return names.some((candidate) => tail(candidate) === tail(name));
}
