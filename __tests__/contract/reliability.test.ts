import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { concurrent } from '../../scripts/reliability/concurrent.js';
import type { BindingInput, LiveWorld } from '../../emulator/index.js';
import { guardedCase } from '../../scripts/reliability/guarded.js';
import { lossesIn, undisturbed, verdictOf } from '../../scripts/reliability/judge.js';
import { killed, kills, type Moment } from '../../scripts/reliability/kills.js';
import { matrix } from '../../scripts/reliability/matrix.js';
import { once } from '../../scripts/reliability/once.js';
import { render, withFigures } from '../../scripts/reliability/report.js';
import { nameOf, playAll, type Played, type Scenario } from '../../scripts/reliability/scenario.js';
import { snapshot } from '../../scripts/reliability/snapshot.js';
import { openTrial, type Trial } from '../../scripts/reliability/trial.js';
import { caseOf, type Case } from '../../scripts/reliability/world.js';

/** A few of what `npm run reliability` tries, by name and how each has to end. */
const FAULTS: Readonly<Record<string, string>> = {
  'faults: engines.patch, reset done': 'ok',
  'faults: engines.patch, foreign': 'ok',
  'faults: engines.operations.get, op gone': 'ok',
  'faults: services.create, 503 done': 'ok',
  'faults: services.get, stale': 'ok',
  'faults: iap.setIamPolicy, foreign': 'ok',
  'faults: iap.testIamPermissions, 503': 'ok',
  'faults: policies.patch, foreign': 'ok',
  'faults: customConstraints.create, reset done': 'ok',
  'faults: policies.delete, 503 done': 'ok',
  'faults: sts.token, 401': 'healed',
};
/** Which of two is refused, if any, is a matter of moments. */
const PAIR = 'concurrent: egress by one, ingress by the other, of the same engines, 0 ms';

const KILLS: readonly (readonly [Moment, string, RegExp])[] = [
  ['after', 'POST', /\/services$/],
  ['before', 'POST', /:setIamPolicy$/],
  ['after', 'PATCH', /\/reasoningEngines\/\d+$/],
];

const MEDIUM = caseOf(10, 6);
const reference = once(() => undisturbed(() => openTrial(MEDIUM)));
let played: Played[];

beforeAll(async () => {
  const kills = KILLS.map(([moment, method, path]): Scenario => ({
    group: 'kills',
    row: moment,
    column: `${method} ${path.source}`,
    play: async () =>
      killed(MEDIUM, await reference(), moment, (entry) => entry.method === method && path.test(entry.path)),
  }));
  const scenarios = [...matrix(), ...concurrent()].filter((item) => nameOf(item) in FAULTS || nameOf(item) === PAIR);
  // All at a time: most of it is waiting for operations.
  played = await playAll([...kills, ...scenarios], kills.length + scenarios.length, () => undefined);
}, 180_000);

describe('an apply', () => {
  it.each(Object.entries(FAULTS))('%s: %s', (name, outcome) => {
    const found = played.find(({ scenario }) => nameOf(scenario) === name);
    expect(found?.verdict).toMatchObject({ problems: [], outcome, lost: 0, doubled: 0 });
  });

  it('loses nothing when another one is under way', () => {
    const found = played.find(({ scenario }) => nameOf(scenario) === PAIR);
    expect(found?.verdict).toMatchObject({ problems: [], lost: 0, doubled: 0 });
  });

  it.each(KILLS)('killed %s a %s %s is finished by the next one', (moment, method, path) => {
    const column = `${method} ${path.source}`;
    const found = played.find(({ scenario }) => scenario.row === moment && scenario.column === column);
    expect(found?.verdict).toMatchObject({ problems: [], outcome: 'healed', runs: 2, lost: 0, doubled: 0 });
  });
});

describe('the figures', () => {
  it('are put where they belong', () => {
    const figures = render({ played, tookMs: 60_000, node: '24.0.0' });
    expect(figures).toContain(`| all | ${played.length} |`);
    const page = 'before <!-- figures:start -->old<!-- figures:end --> after';
    const fresh = withFigures(page, figures);
    expect(withFigures(fresh, figures)).toBe(fresh);
    expect(fresh).not.toContain('old');
    expect(() => withFigures('no place', figures)).toThrow('figures:start');
  });
});

describe('what the figures rest on', () => {
  const trials: Trial[] = [];
  const open = async (given: Case): Promise<Trial> => {
    const trial = await openTrial(given);
    trials.push(trial);
    return trial;
  };
  afterAll(() => Promise.all(trials.map((trial) => trial.close())));

  const send = ({ emulator }: Trial, method: string, path: string, body?: object): Promise<Response> =>
    fetch(`${emulator.url}/${path}`, {
      method,
      headers: { authorization: 'Bearer somebody-else', 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  const PAYMENTS = 'service:payments-team';
  const bindingsOf = (world: LiveWorld): BindingInput[] =>
    world.policy(PAYMENTS).bindings.map((binding) => ({ ...binding, members: [...binding.members] }));
  const ENGINE_1 = 'aiplatform/v1/projects/acme-agents/locations/us-central1/reasoningEngines/1001';

  const withForeignPolicies = (): Case => {
    const { customConstraints, orgPolicies } = guardedCase().world;
    const given = caseOf(2, 2);
    return { ...given, world: { ...given.world, customConstraints, orgPolicies } };
  };

  it.each<[what: string, lost: string, plant: (trial: Trial) => unknown]>([
    [
      'a member',
      'policy of service payments-team: roles/iap.egressor null user:auditor@example.com',
      ({ emulator }) => emulator.world.removeMember(PAYMENTS, 'user:auditor@example.com'),
    ],
    [
      'a condition, where the member stays',
      'policy of service payments-team: roles/iap.egressor {"expression":"request.time',
      ({ emulator: { world } }) => {
        world.setPolicy(
          PAYMENTS,
          bindingsOf(world).map(({ role, members }) => ({ role, members })),
        );
      },
    ],
    [
      'another role',
      'policy of service payments-team: roles/iap.admin null group:security@example.com',
      ({ emulator: { world } }) => {
        const [members, conditional] = bindingsOf(world);
        world.setPolicy(
          PAYMENTS,
          [members, conditional].flatMap((binding) => binding ?? []),
        );
      },
    ],
    [
      'the registry-wide policy',
      'group:platform@example.com',
      ({ emulator }) => emulator.world.setPolicy('registry', []),
    ],
    [
      'a direction that the config says nothing about',
      'engine 1002: clientToAgentConfig',
      ({ emulator }) => emulator.world.bind('1002', { egress: 'egress' }),
    ],
    [
      'the binding of an engine of others',
      'engine 2001: agentToAnywhereConfig',
      ({ emulator }) => emulator.world.bind('2001', { ingress: 'ingress' }),
    ],
    [
      'a label',
      'engine 1001: label owner=team-1',
      ({ emulator }) => emulator.world.touchEngine('1001', { labels: {} }),
    ],
    ['an engine', 'engine 2001: label team=payments', ({ emulator }) => emulator.world.removeEngine('2001')],
    ['a service', 'service their-tools: ', ({ emulator }) => emulator.world.removeService('their-tools')],
    [
      'a host',
      'service payments-team: https://payments.example.com',
      (trial) =>
        send(
          trial,
          'PATCH',
          'agentregistry/v1/projects/acme-agents/locations/us-central1/services/payments-team?updateMask=interfaces',
          { interfaces: [{ url: 'https://api.stripe.com', protocolBinding: 'HTTP_JSON' }] },
        ).then(() => trial.emulator.world.advance(60_000)),
    ],
    [
      'what an organization policy enforces',
      'organization policy compute.requireOsLogin: in force',
      (trial) => send(trial, 'DELETE', 'orgpolicy/v2/projects/acme-agents/policies/compute.requireOsLogin'),
    ],
    [
      'a custom constraint',
      'constraint custom.namesOfEngines: condition',
      (trial) => send(trial, 'DELETE', 'orgpolicy/v2/organizations/5550001/customConstraints/custom.namesOfEngines'),
    ],
  ])('is lost: %s', async (_what, lost, plant) => {
    const trial = await open(withForeignPolicies());
    const before = snapshot(trial);
    const reference = { before, after: before };
    expect(lossesIn(snapshot(trial), reference)).toEqual({ lost: [], doubled: [] });
    await plant(trial);
    const found = lossesIn(snapshot(trial), reference).lost;
    expect(found.filter((fact) => fact.includes(lost)).length).toBeGreaterThan(0);
  });

  it.each<[what: string, doubled: string, plant: (trial: Trial) => unknown]>([
    [
      'an update of an engine',
      'update of engine 1001: 2 times',
      (trial) => send(trial, 'PATCH', `${ENGINE_1}?updateMask=displayName`, { displayName: 'Agent 1' }),
    ],
    [
      'a write of a policy',
      'policy of service tickets: 2 times',
      async (trial) => {
        const id = trial.emulator.world.service('tickets').resourceId;
        const path = `iap/v1/projects/101010/locations/us-central1/iap_web/agentRegistry/endpoints/${id}`;
        const policy = await (await send(trial, 'POST', `${path}:getIamPolicy`, {})).text();
        await send(trial, 'POST', `${path}:setIamPolicy`, { policy: JSON.parse(policy) as object });
      },
    ],
    [
      'a host',
      'https://tickets.example.com',
      ({ emulator }) => emulator.world.addService({ id: 'once-more', urls: ['https://tickets.example.com'] }),
    ],
    [
      'a member',
      'roles/iap.egressor',
      ({ emulator: { world } }) => {
        world.setPolicy(
          PAYMENTS,
          bindingsOf(world).map((binding) => ({ ...binding, members: [...binding.members, ...binding.members] })),
        );
      },
    ],
  ])('is done twice: %s', async (_what, doubled, plant) => {
    const trial = await open(caseOf(1, 1));
    const before = snapshot(trial);
    await trial.apply();
    const reference = { before, after: snapshot(trial) };
    expect(lossesIn(snapshot(trial), reference)).toEqual({ lost: [], doubled: [] });
    await plant(trial);
    const found = lossesIn(snapshot(trial), reference).doubled;
    expect(found.filter((what) => what.includes(doubled)).length).toBeGreaterThan(0);
  });

  it('breaks a scenario, whatever the run says of itself', async () => {
    const trial = await open(caseOf(1, 1));
    const losses = { lost: ['something'], doubled: [] };
    expect(verdictOf(trial, { healed: false, problems: [], losses })).toMatchObject({ outcome: 'broken', lost: 1 });
  });
});

it('kills at every request of a run of 10 engines and 6 endpoints, before and after it is carried out', async () => {
  const scenarios = await kills();
  const trial = await openTrial(MEDIUM);
  try {
    await trial.apply();
    const { requests } = trial.emulator;
    const bound = requests.filter(({ method, path }) => method === 'PATCH' && path.includes('/reasoningEngines/'));
    expect(new Set(bound.map(({ path }) => path)).size).toBe(10);
    const granted = requests.filter(({ path }) => path.endsWith(':setIamPolicy'));
    expect(granted).toHaveLength(6);
    // How often operations are asked for differs from run to run.
    const isPoll = ({ path }: { path: string }): boolean => path.includes('/operations');
    expect(scenarios.length / 2).toBeGreaterThanOrEqual(requests.filter((entry) => !isPoll(entry)).length);
    const nths = scenarios.map(({ row, column }) => `${row} ${column}`);
    expect(nths).toEqual(
      Array.from({ length: scenarios.length / 2 }, (_, index) => [`before ${index + 1}`, `after ${index + 1}`]).flat(),
    );
  } finally {
    await trial.close();
  }
}, 180_000);
