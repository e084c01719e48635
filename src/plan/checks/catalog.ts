import type { CheckLevel } from '../../config/desired.js';

/** A check as a config may name it under `checks`. */
export interface CheckInfo {
  readonly id: string;
  readonly level: CheckLevel;
  /** Guards data or a running agent: its level can't be changed. */
  readonly fixed: boolean;
}

const error = (id: string, fixed = true): CheckInfo => ({ id, level: 'error', fixed });
const warning = (id: string): CheckInfo => ({ id, level: 'warning', fixed: false });

/** Every check ID that a config may name; a name that is not here is a spelling mistake. */
export const CHECKS: readonly CheckInfo[] = [
  error('engine-not-found'),
  error('engine-ambiguous'),
  error('engine-without-agent-identity'),
  error('engine-too-old'),
  error('gateway-not-found'),
  error('gateway-wrong-direction'),
  error('gateway-other-region'),
  error('gateway-other-project'),
  error('gateway-conflict'),
  error('registry-not-attached'),
  error('service-id-taken'),
  error('grants-inert', false),
  error('api-disabled'),
  error('permission-missing'),
  error('guardrail-too-long'),
  error('guardrail-forbids-plan'),
  warning('engine-busy-failing'),
  warning('gateway-dry-run'),
  warning('gateway-fail-open'),
  warning('gateway-without-policy'),
  warning('gateway-not-ready'),
  warning('registry-wide-shadowed'),
  warning('host-claimed-twice'),
  warning('runtime-hosts-missing'),
  warning('ingress-ungoverned-methods'),
  warning('image-before-gateway'),
  warning('revisions-archived'),
  warning('threat-detection-off'),
  warning('stale-members'),
  warning('quota-near'),
  warning('guardrail-blocks-deploys'),
];
