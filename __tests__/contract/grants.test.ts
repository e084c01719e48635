import { describe, expect, it } from '@jest/globals';
import type { BindingInput } from '../../emulator/index.js';
import { BILLING, GRANTS_ONLY, SUPPORT, useStages, world } from './support/stage.js';

const set = useStages();
const DOMAIN = 'principal://agents.global.org-5550001.system.id.goog/resources/aiplatform';
const FOREIGN = `${DOMAIN}/projects/202020/locations/us-central1/reasoningEngines/7001`;
const STRANGER = `${DOMAIN}/projects/303030/locations/us-central1/reasoningEngines/8001`;
const HOST = 'tickets.example.com';

/** What other teams have put into the policy of the endpoint. */
const OTHERS: BindingInput[] = [
  { role: 'roles/iap.egressor', members: [FOREIGN, 'serviceAccount:batch@payments.iam.gserviceaccount.com'] },
  {
    role: 'roles/iap.egressor',
    members: [STRANGER],
    condition: {
      title: 'until-new-year',
      description: 'Pilot of the "payments" team, 50% | ask #payments',
      expression: 'request.time < timestamp("2027-01-01T00:00:00Z")',
    },
  },
  { role: 'roles/iap.egressor', members: ['group:auditors@example.com'], condition: { expression: 'true' } },
];

const withPolicy = world({
  services: [{ id: 'ticket-system', urls: [`https://${HOST}`], policy: OTHERS }],
});

describe('a policy that others write too', () => {
  it('keeps their members, conditions and bindings exactly, in their order', async () => {
    const stage = await set({ world: withPolicy, config: GRANTS_ONLY });
    const { world: live } = stage.emulator;
    const before = structuredClone(live.policy('service:ticket-system').bindings);
    const result = await stage.run('apply');
    expect(result).toMatchObject({ exitCode: 0, outputs: { to_register: '0', to_grant: '2' } });
    const { bindings } = live.policy('service:ticket-system');
    const ours = [live.engine(BILLING).principal, live.engine(SUPPORT).principal];
    expect(bindings).toHaveLength(before.length);
    expect(bindings[0]).toEqual({ ...before[0], members: expect.any(Array) });
    expect(bindings[0]?.members.slice(0, 2)).toEqual(before[0]?.members);
    expect(bindings[0]?.members.slice(2).sort()).toEqual(ours.sort());
    expect(bindings.slice(1)).toEqual(before.slice(1));
  });

  it('takes no part in a conditional grant: an agent that has only that is granted without condition', async () => {
    const stage = await set({ world: withPolicy, config: GRANTS_ONLY });
    const { world: live } = stage.emulator;
    const { principal } = live.engine(SUPPORT);
    const expired = { expression: 'request.time < timestamp("2020-01-01T00:00:00Z")', title: 'over' };
    live.setPolicy('service:ticket-system', [{ members: [principal], condition: expired }]);
    live.bind(SUPPORT, { egress: 'egress' });
    expect(await stage.run('apply')).toMatchObject({ exitCode: 0, outputs: { to_grant: '2' } });
    const { bindings } = live.policy('service:ticket-system');
    expect(bindings[0]).toEqual({ role: 'roles/iap.egressor', members: [principal], condition: expired });
    expect(bindings[1]).not.toHaveProperty('condition');
    expect(stage.decide(principal, HOST)).toMatchObject({ allowed: true, reason: 'granted' });
  });

  it('is read as version 3, and written whole with etag and version 3', async () => {
    const stage = await set({ world: withPolicy, config: GRANTS_ONLY });
    const { etag } = stage.emulator.world.policy('service:ticket-system');
    await stage.run('apply');
    expect(stage.requests('POST', ':getIamPolicy')[0]).toMatchObject({
      body: { options: { requestedPolicyVersion: 3 } },
    });
    expect(stage.requests('POST', ':setIamPolicy')).toMatchObject([{ body: { policy: { etag, version: 3 } } }]);
  });

  it('is passed on with what this action knows nothing of', async () => {
    const stage = await set({ world: withPolicy, config: GRANTS_ONLY });
    const bindings = [
      { role: 'roles/iap.tunnelResourceAccessor', members: [FOREIGN] },
      { role: 'roles/iap.egressor', members: [STRANGER], condition: { expression: 'true', location: 'file.cel:1' } },
    ];
    let sent: unknown;
    stage.emulator.interceptors.push({
      before: ({ path, body }) => {
        if (path.endsWith(':getIamPolicy')) return Response.json({ version: 3, etag: 'BwY=', bindings });
        if (!path.endsWith(':setIamPolicy')) return undefined;
        sent = (body as { policy: unknown }).policy;
        return Response.json(sent);
      },
    });
    expect(await stage.run('apply')).toMatchObject({ exitCode: 0 });
    const added = { role: 'roles/iap.egressor', members: expect.any(Array) };
    expect(sent).toEqual({ version: 3, etag: 'BwY=', bindings: [...bindings, added] });
  });

  it('is read anew when somebody else was faster, and both writers survive', async () => {
    const stage = await set({ world: withPolicy, config: GRANTS_ONLY });
    const { world: live } = stage.emulator;
    let times = 0;
    live.onBeforeSetIamPolicy(() => {
      times += 1;
      if (times <= 2) live.addMember('service:ticket-system', `user:writer-${times}@example.com`);
    });
    const result = await stage.run('apply');
    expect(result).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
    expect(stage.requests('POST', ':setIamPolicy').map(({ status }) => status)).toEqual([409, 409, 200]);
    const members = live.policy('service:ticket-system').bindings[0]?.members;
    expect(members).toEqual(
      expect.arrayContaining([
        FOREIGN,
        'user:writer-1@example.com',
        'user:writer-2@example.com',
        live.engine(SUPPORT).principal,
        live.engine(BILLING).principal,
      ]),
    );
    expect(live.policy('service:ticket-system').bindings[1]?.condition).toEqual(OTHERS[1]?.condition);
  });

  it('is not written when the other writer has granted the same meanwhile', async () => {
    const stage = await set({ world: withPolicy, config: GRANTS_ONLY });
    const { world: live } = stage.emulator;
    const stop = live.onBeforeSetIamPolicy(() => {
      for (const id of [SUPPORT, BILLING]) live.addMember('service:ticket-system', `engine:${id}`);
      stop();
    });
    expect(await stage.run('apply')).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
    expect(stage.requests('POST', ':setIamPolicy').map(({ status }) => status)).toEqual([409]);
  });

  it('gets two new agents in one write', async () => {
    const stage = await set({ world: world(), config: GRANTS_ONLY });
    expect(await stage.run('apply')).toMatchObject({ exitCode: 0, outputs: { to_register: '1', to_grant: '2' } });
    expect(stage.requests('POST', ':setIamPolicy')).toHaveLength(1);
    expect(stage.emulator.world.policy('service:ticket-system').bindings).toHaveLength(1);
  });
});

describe('the registry-wide policy', () => {
  const registryWide = world({
    services: [{ id: 'ticket-system', urls: [`https://${HOST}`] }],
    policies: [{ on: 'registry', bindings: OTHERS }],
  });

  it('is never written', async () => {
    const stage = await set({ world: registryWide, config: GRANTS_ONLY });
    const before = structuredClone(stage.emulator.world.policy('registry'));
    expect(await stage.run('apply')).toMatchObject({ exitCode: 0 });
    expect(stage.requests('POST', '/agentRegistry:setIamPolicy')).toEqual([]);
    expect(stage.emulator.world.policy('registry')).toEqual(before);
  });

  it('is carried over into the first policy of an endpoint, conditions included, where the config says so', async () => {
    const config = GRANTS_ONLY.replace(`urls: [https://${HOST}]`, `urls: [https://${HOST}]\n    carry_over: true`);
    const stage = await set({ world: registryWide, config });
    const { world: live } = stage.emulator;
    const result = await stage.run('apply');
    expect(result).toMatchObject({ exitCode: 0, outputs: { to_grant: '6' } });
    const { bindings } = live.policy('service:ticket-system');
    const plain = bindings.filter(({ condition }) => condition === undefined);
    expect(plain).toHaveLength(1);
    expect(plain[0]?.members).toEqual(
      expect.arrayContaining([...(OTHERS[0]?.members ?? []), live.engine(SUPPORT).principal]),
    );
    const conditional = bindings.filter(({ condition }) => condition !== undefined);
    expect(conditional).toEqual(expect.arrayContaining(OTHERS.slice(1)));
    expect(conditional).toHaveLength(2);
    expect(await stage.run('plan')).toMatchObject({ outputs: { changes: 'false' } });
  });
});
