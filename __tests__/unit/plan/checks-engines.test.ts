import { describe, expect, it } from '@jest/globals';
import type { Desired } from '../../../src/config/desired.js';
import {
  desired,
  egressConfig,
  egressGateway,
  engineNamed,
  fromFile,
  gateway,
  gatewayNamed,
  ingressGateway,
  observed,
  observedEngine,
  type EngineParts,
} from '../../support/builders.js';
import { planned } from '../../support/plan.js';

describe('engine-too-old', () => {
  const gateways = {
    egress: { ...egressGateway(), agentGatewayCard: { rootCertificates: ['-----BEGIN CERTIFICATE-----'] } },
    ingress: ingressGateway(),
  };
  const egress = { egress: gateway('egress') };
  const ingress = { ingress: gateway('ingress') };
  const OLD = '2026-04-28T23:59:59.999999Z';

  const found = (want: Desired['gateways'], createTime: string | undefined, parts: EngineParts = {}) => {
    const engine = observedEngine('1', parts);
    const resource = { ...engine.resource, ...(createTime === undefined ? {} : { createTime }) };
    const { checks } = planned(desired({ gateways: want }), observed({ gateways, engines: [{ ...engine, resource }] }));
    return checks.filter(({ id }) => id === 'engine-too-old');
  };

  it.each<[string, Desired['gateways'], EngineParts, string]>([
    ['bound for the first time', egress, {}, 'egress'],
    ['bound in the other direction alone', ingress, {}, 'ingress'],
  ])('fires for an old engine that is %s', (_what, want, parts, bound) => {
    expect(found(want, OLD, parts)).toEqual([
      {
        id: 'engine-too-old',
        level: 'error',
        message: `Engine "agent 1" (${engineNamed('1')}) cannot be bound to ${gatewayNamed(bound)}: it was created before 2026-04-29, and only younger engines can be bound to a gateway.`,
        remedy: expect.stringContaining('Deploy it anew') as unknown,
        origin: fromFile(2),
      },
    ]);
  });

  it.each<[string, Desired['gateways'], string | undefined, EngineParts]>([
    ['created on the day', egress, '2026-04-29T00:00:00Z', {}],
    ['created later', egress, '2026-09-01T12:00:00.5Z', {}],
    ['that does not say when it was created', egress, undefined, {}],
    ['with a time that cannot be read', egress, 'long ago', {}],
    ['that was let in before, and moves', egress, OLD, { config: egressConfig('legacy') }],
    ['that was let in before', { ...egress, ...ingress }, OLD, { config: egressConfig('egress') }],
    ['that is bound already', egress, OLD, { config: egressConfig('egress') }],
    ['that is unbound', { egress: 'none' }, OLD, { config: egressConfig('legacy') }],
    ['that is bound elsewhere, and left alone', {}, OLD, { config: egressConfig('legacy') }],
  ])('stays silent for an engine %s', (_what, want, createTime, parts) => {
    expect(found(want, createTime, parts)).toEqual([]);
  });
});
