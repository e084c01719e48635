import type { Desired } from '../config/desired.js';
import type { AuthzExtension } from '../google/types.js';
import type { EnforcementReading } from '../observe/enforcement.js';
import type { Observed } from '../observe/observed.js';
import { boundGateways, gatewayName } from './bindings.js';
import { compareText } from './canonical.js';
import { iapExtensions } from './enforcement.js';
import type { GrantModel, PolicyVersion } from './types.js';

/** What the model is chosen from. */
export type ModelWorld = Pick<Observed, 'project' | 'registryProject' | 'engines' | 'enforcement'>;

/**
 * Which policies decide who may pass the egress gateway, and so where grants are written: allow policies (V1) or access policies
 * (V2). The gateway's IAP extension says it, and a gateway that is set to one model ignores the policies of the other (Google's
 * "Set up Agent Gateway" page). Where that cannot be seen, V1 is assumed, as without the key.
 */
export function grantModelOf(desired: Desired, world: ModelWorld): GrantModel {
  const { decides, why } = decidingVersions(desired, world);
  const migrates = desired.migrate && !decides.includes('V2');
  return { decides, writes: migrates ? [...decides, 'V2'] : decides, why };
}

/** @returns the egress gateway that decides: the declared one, else the one that the engines are bound to */
export function decidingGateway(desired: Desired, world: Omit<ModelWorld, 'enforcement'>): string | undefined {
  const { egress } = desired.gateways;
  if (egress === 'none') return undefined;
  if (egress !== undefined) return gatewayName(egress, world);
  return boundGateways(world.engines)[0];
}

/** @returns the version in an extension's metadata; without one it is V1, and there may be some that are not known here */
export function policyVersionOf({ metadata }: Pick<AuthzExtension, 'metadata'>): PolicyVersion | 'unknown' {
  const version = metadata?.iapPolicyVersion ?? 'V1';
  return version === 'V1' || version === 'V2' ? version : 'unknown';
}

type Deciding = Pick<GrantModel, 'decides' | 'why'>;

function decidingVersions(desired: Desired, world: ModelWorld): Deciding {
  const gateway = decidingGateway(desired, world);
  if (gateway === undefined) return { decides: ['V1'], why: `no egress gateway is ${noGateway(desired)}` };
  return versionsIn(world.enforcement, gateway);
}

function noGateway({ gateways: { egress } }: Desired): string {
  return egress === 'none' ? 'declared (none), so none decides' : 'declared, and no engine is bound to one';
}

function versionsIn(reading: EnforcementReading | undefined, gateway: string): Deciding {
  if (reading?.kind !== 'read') {
    const why = reading ? ` (${reading.why})` : '';
    return {
      decides: ['V1'],
      why: `the authorization policies of gateway ${gateway} could not be read${why}; V1 is assumed`,
    };
  }
  const iap = iapExtensions(reading);
  // An extension in dry run only logs; beside one that enforces it is how a move to the other model is tried out.
  const enforcing = iap.filter(({ metadata }) => metadata?.iamEnforcementMode !== 'DRY_RUN');
  const deciding = enforcing.length > 0 ? enforcing : iap;
  const versions = [...new Set(deciding.map(policyVersionOf))].filter((version) => version !== 'unknown').sort();
  if (versions.length === 0) {
    const what = iap.length === 0 ? 'asks IAP' : 'names a policy version that is known here';
    return { decides: ['V1'], why: `no authorization policy of gateway ${gateway} ${what}; V1 is assumed` };
  }
  const said = deciding.map((extension) => `IAP extension ${extension.name} has ${saysOf(extension)}`);
  return { decides: versions, why: `at gateway ${gateway} ${said.sort(compareText).join(', ')}` };
}

function saysOf({ metadata }: AuthzExtension): string {
  const version = metadata?.iapPolicyVersion;
  if (version === undefined) return 'no iapPolicyVersion, which means V1';
  return `iapPolicyVersion ${typeof version === 'string' ? version : JSON.stringify(version)}`;
}
