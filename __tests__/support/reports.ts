import { desired, egressGateway, endpoint, gateway, observed, observedEngine, service } from './builders.js';
import { planned } from './plan.js';

/** A plan with something in every layer. */
export const want = desired({
  gateways: { egress: gateway('egress') },
  endpoints: [
    endpoint('stripe', ['api.stripe.com'], { displayName: 'Stripe' }),
    endpoint('models', ['models.example']),
  ],
});
export const engines = [
  observedEngine('1', { allow: ['stripe', 'models'], displayName: 'Support agent' }),
  observedEngine('2', { allow: ['models'], displayName: 'Evil |<b> @octocat' }),
];
export const world = observed({
  engines,
  services: [service('theirs', ['models.example', 'extra.example'])],
  gateways: { egress: egressGateway() },
  enforcement: { kind: 'read', policies: [], extensions: [] },
});
export const plan = planned(want, world);
