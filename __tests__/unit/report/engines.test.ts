import { describe, expect, it } from '@jest/globals';
import { NOTHING_REMOVED } from '../../../src/apply/prune.js';
import type { ApplyResult } from '../../../src/apply/result.js';
import { reportEngines } from '../../../src/report/engines.js';
import {
  desired,
  egressConfig,
  endpoint,
  engineNamed,
  gateway,
  gatewayNamed,
  memberOf,
  observed,
  observedEngine,
  ownedService,
  policyOf,
  serviceNamed,
  type EngineParts,
} from '../../support/builders.js';
import { only, planned } from '../../support/plan.js';

const extension = { name: 'projects/p/locations/us-central1/authzExtensions/iap', service: 'iap.googleapis.com' };
const enforcement = {
  kind: 'read' as const,
  policies: [{ name: 'p', action: 'CUSTOM', customProvider: { authzExtension: { resources: [extension.name] } } }],
  extensions: [extension],
};
const want = desired({ gateways: { egress: gateway('egress') }, endpoints: [endpoint('stripe', ['a.example'])] });

function report(parts: EngineParts, members: string[], result?: ApplyResult) {
  const world = observed({
    enforcement,
    engines: [observedEngine('1', { allow: ['stripe'], displayName: 'Support agent', ...parts })],
    services: [ownedService('stripe', ['a.example'])],
    policies: { stripe: policyOf(members) },
  });
  return only(reportEngines(planned(want, world), want, world, result));
}

const resultOf = (status: 'done' | 'failed'): ApplyResult => ({
  failures: [],
  guardrails: new Map(),
  removals: NOTHING_REMOVED,
  services: new Map([[serviceNamed('stripe'), { service: serviceNamed('stripe'), status, granted: 1 }]]),
  engines: new Map([
    [engineNamed('1'), { engine: engineNamed('1'), status: 'changed', egress: gatewayNamed('egress'), ingress: null }],
  ]),
});

describe('an engine before an apply', () => {
  it('is reported as it is now', () => {
    expect(report({}, [])).toEqual({
      name: engineNamed('1'),
      id: '1',
      displayName: 'Support agent',
      principal: memberOf('1'),
      egress: null,
      ingress: null,
      status: 'pending',
      governance: 'not-bound',
      governanceText: 'not bound',
    });
  });

  it('is governed when it is bound and granted', () => {
    expect(report({ config: egressConfig('egress') }, [memberOf('1')])).toMatchObject({
      status: 'bound',
      governance: 'governed',
      egress: gatewayNamed('egress'),
    });
  });

  it('is bound and not governed while a grant is missing', () => {
    expect(report({ config: egressConfig('egress') }, [])).toMatchObject({
      governance: 'not-enforced',
      governanceText: expect.stringContaining('grants that the config declares are missing') as unknown,
    });
  });

  it('without a principal has an empty one', () => {
    expect(report({ identity: '' }, []).principal).toBe('');
  });
});

describe('an engine after an apply', () => {
  it('is governed when its grants were done in this run', () => {
    expect(report({}, [], resultOf('done'))).toMatchObject({ status: 'changed', governance: 'governed' });
  });

  it('is not when they failed', () => {
    expect(report({}, [], resultOf('failed'))).toMatchObject({ governance: 'not-enforced' });
  });
});
