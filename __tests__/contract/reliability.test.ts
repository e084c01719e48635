import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { concurrent } from '../../scripts/reliability/concurrent.js';
import { lossesIn, undisturbed, type Losses } from '../../scripts/reliability/judge.js';
import { killed, type Moment } from '../../scripts/reliability/kills.js';
import { matrix } from '../../scripts/reliability/matrix.js';
import { once } from '../../scripts/reliability/once.js';
import { render, withFigures } from '../../scripts/reliability/report.js';
import { nameOf, playAll, type Played, type Scenario } from '../../scripts/reliability/scenario.js';
import { snapshot } from '../../scripts/reliability/snapshot.js';
import { openTrial, type Trial } from '../../scripts/reliability/trial.js';
import { caseOf } from '../../scripts/reliability/world.js';

/** A few of what `npm run reliability` tries, by name and how each has to end. */
const FAULTS: Readonly<Record<string, string>> = {
  'faults: engines.patch, reset done': 'ok',
  'faults: engines.patch, foreign': 'ok',
  'faults: engines.operations.get, op gone': 'ok',
  'faults: services.create, 503 done': 'ok',
  'faults: services.get, stale': 'ok',
  'faults: iap.setIamPolicy, foreign': 'ok',
  'faults: iap.testIamPermissions, 503': 'ok',
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
  let trial: Trial;
  beforeAll(async () => {
    trial = await openTrial(MEDIUM);
    await trial.apply();
  });
  afterAll(() => trial.close());
  const losses = async (): Promise<Losses> => lossesIn(snapshot(trial), await reference());

  it('finds what is lost', async () => {
    const { world } = trial.emulator;
    expect(await losses()).toEqual({ lost: [], doubled: [] });
    world.removeMember('service:payments-team', 'user:temp@example.com');
    world.bind('1002', { egress: 'egress' });
    world.removeService('their-tools');
    const { lost } = await losses();
    expect(lost.map((fact) => fact.split(/[:{]/)[0])).toEqual([
      'engine 1002',
      'service their-tools',
      'service their-tools',
      'service their-tools',
      'policy of service payments-team',
    ]);
  });

  it('finds what is done twice', async () => {
    const { world, url } = trial.emulator;
    world.addService({ id: 'once-more', urls: ['https://tickets.example.com'] });
    const engine = 'v1/projects/acme-agents/locations/us-central1/reasoningEngines/1001';
    await fetch(`${url}/aiplatform/${engine}?updateMask=displayName`, {
      method: 'PATCH',
      headers: { authorization: 'Bearer any', 'content-type': 'application/json' },
      body: JSON.stringify({ displayName: 'Agent 1' }),
    });
    expect((await losses()).doubled).toEqual(['update of engine 1001: 2 times', 'https://tickets.example.com']);
  });
});
