import { disturbed, type Disturbance } from './disturbed.js';
import { ANSWER_FAULTS, WORLD_FAULTS } from './faults.js';
import { undisturbed, type Reference } from './judge.js';
import { METHODS } from './methods.js';
import { once } from './once.js';
import type { Scenario } from './scenario.js';
import { openTrial, type Trial } from './trial.js';
import { caseOf, type Case } from './world.js';

/** Every method with every fault that can happen to it. */
export function matrix(): Scenario[] {
  const usual = (): Case => caseOf(3, 3);
  const arenas = new Map([usual, ...METHODS.map(({ given = usual }) => given)].map((make) => [make, arena(make())]));
  return METHODS.flatMap((method) => {
    const { given, references } = arenas.get(method.given ?? usual) ?? arena(usual());
    return [...ANSWER_FAULTS, ...WORLD_FAULTS]
      .filter((column) => column.appliesTo(method))
      .map((column): Scenario => {
        const { kind } = method;
        const disturbance: Disturbance = {
          given,
          // A fixed token stays what it is; only one that is fetched can be fetched again.
          options: { credentials: kind === 'token' || column.title === '401' ? 'federated' : 'fixed' },
          setup: method.setup ?? [],
          faults: [{ ...column.template, match: method.match }],
          lasts: column.lasts,
          reference: column.afterChange ? references.changed : references.plain,
          ...(column.afterChange ? { change: changeSomething } : {}),
        };
        return {
          group: 'faults',
          row: method.title,
          column: column.title,
          // A run that can only end by its timeout waits most of the time, too.
          waits: column.waits ?? (column.lasts === 'brief' ? undefined : true),
          play: () => disturbed(disturbance),
        };
      });
  });
}

/** A world to try faults in, and what undisturbed runs make of it. */
interface Arena {
  readonly given: Case;
  readonly references: Readonly<Record<'plain' | 'changed', () => Promise<Reference>>>;
}

function arena(given: Case): Arena {
  const open = async (change: boolean): Promise<Trial> => {
    const trial = await openTrial(given);
    if (change) changeSomething(trial);
    return trial;
  };
  return {
    given,
    references: {
      plain: once(() => undisturbed(() => open(false))),
      changed: once(() => undisturbed(() => open(true))),
    },
  };
}

/** What a busy morning brings: a deploy, a service and a grant of another team, and a label. */
function changeSomething({ given, emulator: { world } }: Trial): void {
  world.addEngine({ id: '2002', displayName: 'Deployed just now', egress: 'egress' });
  world.addService({ id: 'just-now', urls: ['https://just-now.example.com'] });
  world.addMember('service:payments-team', 'user:new-colleague@example.com');
  world.addMember('service:customers', 'user:new-colleague@example.com');
  const own = (given.world.engines ?? []).filter(({ id }) => id.startsWith('10'));
  for (const { id } of own) world.touchEngine(id, { labels: { owner: 'new-team' } });
}
