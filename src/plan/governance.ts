import type { Desired } from '../config/desired.js';
import { gatewayEquals } from '../google/names.js';
import type { AuthzExtension } from '../google/types.js';
import type { Observed } from '../observe/observed.js';
import { gatewayName, projectsOf } from './bindings.js';
import { iapExtensions } from './enforcement.js';
import { policyVersionOf } from './grant-model.js';

export interface Governance {
  readonly verdict: 'governed' | 'not-enforced' | 'not-bound';
  /** One clause that says why, for people; empty for `governed`. */
  readonly why: string;
}

/** An engine as it is after a run (or now, in a plan). */
export interface GovernedEngine {
  readonly egress: string | null;
  readonly ingress: string | null;
  /** Every endpoint that the config allows the engine is granted. */
  readonly granted: boolean;
  /** Its last update failed: it may not be running at all. */
  readonly failed: boolean;
}

/**
 * Whether an engine is governed: bound to the declared egress gateway, which decides by grants and enforces them, with
 * all its grants there. "Bound" alone says nothing of that.
 */
export function governanceOf(engine: GovernedEngine, desired: Desired, observed: Observed): Governance {
  if (engine.egress === null && engine.ingress === null) return { verdict: 'not-bound', why: 'bound to no gateway' };
  const why = whyNotEnforced(engine, desired, observed);
  return why === '' ? { verdict: 'governed', why } : { verdict: 'not-enforced', why };
}

function whyNotEnforced(engine: GovernedEngine, desired: Desired, observed: Observed): string {
  if (engine.failed) return 'its last update failed';
  const { egress } = desired.gateways;
  // IAP has no effect on ingress gateways (Google's "Delegate authorization" page).
  if (engine.egress === null) return 'egress is not routed through a gateway';
  if (egress === undefined || egress === 'none')
    return 'the config declares no egress gateway, so it was not looked at';
  if (!gatewayEquals(engine.egress, gatewayName(egress, observed), projectsOf(observed))) {
    return 'bound to another egress gateway than declared';
  }
  const reading = observed.enforcement;
  if (!reading || reading.kind === 'unreadable') {
    return `its authorization policy could not be read${reading ? ` (${reading.why})` : ''}`;
  }
  const iap = iapExtensions(reading);
  if (iap.length === 0) return 'no authorization policy of the gateway asks IAP';
  return (
    iap.map(whyInert).find((why) => why !== '') ?? (engine.granted ? '' : 'grants that the config declares are missing')
  );
}

/** Extension metadata of Google's "Set up Agent Gateway" page. */
function whyInert(extension: AuthzExtension): string {
  const { metadata, failOpen } = extension;
  if (policyVersionOf(extension) === 'unknown') return 'the gateway decides by policies of a version not known here';
  if (metadata?.iamEnforcementMode === 'DRY_RUN') return 'the gateway only logs denials (DRY_RUN)';
  return failOpen === true ? 'the gateway lets traffic pass when IAP does not answer (failOpen)' : '';
}
