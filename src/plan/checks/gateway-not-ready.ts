import { gatewayName } from '../bindings.js';
import type { Check } from './check.js';

/**
 * An engine that is built before the egress gateway has its root certificates lacks them, and its calls fail with
 * CERTIFICATE_VERIFY_FAILED (known issues in Google's agent-platform-troubleshooting skill). Ingress gateways have none.
 */
export const gatewayNotReady: Check = {
  id: 'gateway-not-ready',
  level: 'warning',
  run: ({ desired, observed, bindings }) => {
    const wanted = desired.gateways.egress;
    const gateway = observed.gateways.egress;
    if (wanted === undefined || wanted === 'none' || !gateway) return [];
    if (gateway.googleManaged?.governedAccessPath !== 'AGENT_TO_ANYWHERE') return [];
    if ((gateway.agentGatewayCard?.rootCertificates ?? []).length > 0) return [];
    const binds = bindings.filter(({ egress: { from, to } }) => to !== null && to !== from).length;
    if (binds === 0) return [];
    return [
      {
        message: `Gateway ${gatewayName(wanted, observed)} has no root certificates yet, and ${binds} ${binds === 1 ? 'engine is' : 'engines are'} to be bound to it: their TLS connections may fail.`,
        remedy:
          'Wait until agentGatewayCard.rootCertificates of the gateway is filled, deploy the engines after that, then run again.',
        origin: wanted.origin,
      },
    ];
  },
};
