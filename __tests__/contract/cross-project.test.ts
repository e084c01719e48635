import { beforeAll, describe, expect, it } from '@jest/globals';
import type { StepResult } from './support/runner.js';
import { CONFIG, enginesOf, useStages, world, type Stage } from './support/stage.js';

const set = useStages();
const GATEWAY = 'projects/acme-network/locations/us-central1/agentGateways/egress';

describe('an egress gateway in another project', () => {
  let stage: Stage;
  let result: StepResult;
  beforeAll(async () => {
    stage = await set({
      world: world({
        projects: [
          { id: 'acme-agents', number: '101010', organization: '5550001' },
          { id: 'acme-network', number: '202020', organization: '5550001' },
        ],
        gateways: [{ id: 'egress', path: 'egress', project: 'acme-network' }],
        extensions: [{ id: 'iap-authz', project: 'acme-network' }],
        authzPolicies: [{ id: 'egress-authz', project: 'acme-network', gateways: ['egress'], extension: 'iap-authz' }],
      }),
      config: CONFIG.replace('egress: egress', `egress: ${GATEWAY}`),
    });
    result = await stage.run('apply');
  });

  it('is bound, and the agents are governed', () => {
    expect(result).toMatchObject({ exitCode: 0, outputs: { to_register: '1', to_grant: '2', to_bind: '2' } });
    expect(enginesOf(result)['Support agent']).toMatchObject({ egress: GATEWAY, governance: 'governed' });
    const { principal } = stage.emulator.world.engine('Support agent');
    expect(stage.decide(principal, 'tickets.example.com')).toMatchObject({ allowed: true, enforced: true });
  });

  it('has the endpoints and grants in its own project', () => {
    expect(stage.emulator.world.services({ project: 'acme-network' })).toEqual(['ticket-system']);
    expect(stage.emulator.world.services()).toEqual([]);
    const grants = stage.requests('POST', ':setIamPolicy').map(({ path }) => path);
    expect(grants).toEqual([expect.stringContaining('/projects/202020/locations/us-central1/iap_web/')]);
  });

  it('leaves nothing to do', async () => {
    expect(await stage.run('verify')).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
  });
});
