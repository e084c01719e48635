import type { KnownCheck } from '../../config/desired.js';

const error = (id: string, fixed = true): KnownCheck => ({ id, level: 'error', fixed });
const warning = (id: string): KnownCheck => ({ id, level: 'warning', fixed: false });

/** Every check ID that a config may name; a name that is not here is a spelling mistake. */
export const CHECKS: readonly KnownCheck[] = [
  error('engine-not-found'),
  error('engine-ambiguous'),
  error('engine-not-declared'),
  error('engine-without-agent-identity'),
  error('endpoint-overlap'),
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
  error('permission-missing', false),
  error('guardrail-too-long'),
  error('guardrail-forbids-plan'),
  error('guardrail-of-other-config', false),
  warning('engine-busy-failing'),
  warning('gateway-dry-run'),
  warning('gateway-fail-open'),
  warning('gateway-without-policy'),
  warning('gateway-not-ready'),
  warning('move-ungoverned'),
  warning('registry-wide-shadowed'),
  warning('host-claimed-twice'),
  warning('runtime-hosts-missing'),
  warning('ingress-ungoverned-methods'),
  warning('image-before-gateway'),
  warning('revisions-archived'),
  warning('threat-detection-off'),
  warning('stale-members'),
  warning('quota-near'),
  warning('not-readable'),
  warning('guardrail-blocks-deploys'),
];
