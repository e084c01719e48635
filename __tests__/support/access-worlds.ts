import fc from 'fast-check';
import type { Desired } from '../../src/config/desired.js';
import type { AccessRule } from '../../src/google/types.js';
import { MANAGED_ANNOTATION, markOf } from '../../src/plan/access/marks.js';
import { ownMark } from '../../src/plan/access/grants.js';
import { editRules } from '../../src/plan/access/rules.js';
import { edit, rule, SCOPE } from './access.js';
import { stage, type Stage } from './apply.js';
import { ENGINE_IDS, GONE_IDS, KEYS, OTHER_FILE, OTHER_KEYS } from './arbitrary.js';
import {
  agent,
  desired,
  egressConfig,
  endpoint,
  FILE,
  gateway,
  gatewayNamed,
  memberOf,
  ownedService,
  PROJECT,
  resourceOf,
  service,
  serviceNamed,
} from './builders.js';
import { ACCESS_POLICY } from './google-access.js';

/*
 * Worlds whose gateway decides by access policies (V2), and what may be in their one policy.
 */

const EXTENSION = `projects/${PROJECT.id}/locations/us-central1/authzExtensions/iap`;
const OTHER_ID = ACCESS_POLICY.replace(/[^/]+$/, 'shared-egress');

/** `changed`: own, and since then somebody else's hands were on it. `denies`: made of an own one. */
type Kind = 'own' | 'other config' | 'no config' | 'people' | 'denies' | 'changed';

interface RuleState {
  readonly kind: Kind;
  readonly key: string;
  readonly ids: readonly string[];
  /** Somebody who is gone is among its members, as IAM shows it. */
  readonly hasDeleted: boolean;
}

export interface AccessWorld {
  /** By ID, own ones of the file of their key. */
  readonly services: readonly string[];
  readonly bound: readonly string[];
  readonly rules: readonly RuleState[];
  readonly isBound: boolean;
  /** The policy has another ID than the usual one. */
  readonly isElsewhere: boolean;
  readonly iamMs: number;
  readonly replicationMs: number;
}

const ALL_KEYS = [...KEYS, ...OTHER_KEYS];

const ruleArb: fc.Arbitrary<RuleState> = fc.record({
  kind: fc.constantFrom<Kind>('own', 'own', 'own', 'other config', 'no config', 'people', 'denies', 'changed'),
  key: fc.constantFrom(...ALL_KEYS),
  ids: fc.subarray([...ENGINE_IDS, ...GONE_IDS], { minLength: 1 }),
  hasDeleted: fc.boolean(),
});

export const accessWorldArb: fc.Arbitrary<AccessWorld> = fc.record({
  services: fc.subarray(ALL_KEYS),
  bound: fc.subarray([...ENGINE_IDS]),
  rules: fc.array(ruleArb, { maxLength: 6 }),
  isBound: fc.boolean(),
  isElsewhere: fc.boolean(),
  iamMs: fc.constantFrom(0, 3_000, 40_000),
  replicationMs: fc.constantFrom(0, 0, 30_000),
});

const desiredOf = (keys: readonly string[], config: string): fc.Arbitrary<Desired> =>
  fc
    .record({
      keys: fc.shuffledSubarray([...keys]),
      agents: fc.subarray([...ENGINE_IDS], { minLength: 1 }),
      allows: fc.tuple(...ENGINE_IDS.map(() => fc.subarray([...keys]))),
      narrowed: fc.boolean(),
      prune: fc.boolean(),
    })
    .map(({ keys: there, agents, allows, narrowed, prune }) =>
      desired({
        config,
        gateways: { egress: gateway('egress') },
        endpoints: there.map((key) => endpoint(key, [`${key}.example`])),
        agents: agents.map((id) =>
          agent(
            id,
            (allows[ENGINE_IDS.indexOf(id)] ?? []).filter((key) => there.includes(key)),
          ),
        ),
        prune,
        ...(narrowed && agents[0] ? { only: [agent(agents[0], []).selector], partial: true } : {}),
      }),
    );

export const accessDesiredArb = desiredOf(KEYS, FILE);
export const otherDesiredArb = desiredOf(OTHER_KEYS, OTHER_FILE);

const fileOf = (key: string): string => (KEYS.some((own) => own === key) ? FILE : OTHER_FILE);

function rulesFor({ kind, key, ids, hasDeleted }: RuleState): readonly AccessRule[] {
  const config = kind === 'no config' ? undefined : kind === 'other config' ? 'third.yaml' : fileOf(key);
  const mark = ownMark(serviceNamed(key), config, SCOPE);
  const members = ids.map(memberOf);
  const made = editRules([], [edit(key, members, { mark, config })]);
  const condition = `destination.agent_registry.endpoint.name == '${resourceOf(key)}'`;
  switch (kind) {
    case 'people':
      return [rule([...members, 'principalSet://x/*'], condition, { description: 'by hand', operation: {} })];
    case 'denies':
      return made.map((item) => ({ ...item, effect: 'DENY' }));
    case 'changed':
      return made.map((item) => ({
        ...item,
        conditions: { 'iap.googleapis.com': { expression: `${condition} && x` } },
      }));
    case 'own':
      return made.map((item) => ({
        ...item,
        principals: [...(item.principals ?? []), ...(hasDeleted ? [`deleted:${memberOf('7')}?uid=1`] : [])],
      }));
    default:
      return made;
  }
}

/** @returns a fake Google Cloud with this world in it */
export function stagedAccess(world: AccessWorld): Stage {
  const on = stage({ updateMs: 0, iamMs: world.iamMs, replicationMs: world.replicationMs });
  on.google.extensions.set(EXTENSION, {
    name: EXTENSION,
    service: 'iap.googleapis.com',
    metadata: { iapPolicyVersion: 'V2' },
  });
  on.google.authzPolicies.push({
    name: 'p',
    target: { resources: [gatewayNamed('egress')] },
    action: 'CUSTOM',
    customProvider: { authzExtension: { resources: [EXTENSION] } },
  });
  for (const id of ENGINE_IDS) {
    on.google.engines.add(id, { config: world.bound.includes(id) ? egressConfig('egress') : {} });
  }
  for (const key of world.services) {
    const isOwn = KEYS.some((own) => own === key);
    on.google.registry.add(isOwn ? ownedService(key, [`${key}.example`]) : service(key, [`${key}.example`]));
  }
  const rules = world.rules.flatMap(rulesFor);
  if (rules.length > 0) {
    // One with another ID is only found when it is bound.
    const name = world.isElsewhere && world.isBound ? OTHER_ID : ACCESS_POLICY;
    on.google.access.put(name, { details: { rules }, annotations: { [MANAGED_ANNOTATION]: 'true', team: 'net' } });
    if (world.isBound) on.google.access.bind(name);
  }
  return on;
}

/** @returns all rules of the world's policy, in their order */
function rulesOn({ google }: Pick<Stage, 'google'>): AccessRule[] {
  return [...google.access.policies.values()].flatMap(({ details }) => details?.rules ?? []);
}

/** A rule of one of these configs that allows, whatever has become of it. */
const isOf = (item: AccessRule, configs: readonly (string | undefined)[]): boolean =>
  ALL_KEYS.some((key) =>
    configs.some((config) => {
      const { owner, service: about } = ownMark(serviceNamed(key), config, SCOPE);
      const found = markOf(item);
      return found?.owner === owner && found.service === about;
    }),
  );

/** @returns the rules that are none of these configs', as they stand there; no write can keep who is gone in those of a config */
export function foreignRules(on: Stage, configs: readonly (string | undefined)[]): string[] {
  return rulesOn(on)
    .filter((item) => !isOf(item, configs))
    .map((item) => JSON.stringify(markOf(item) ? { ...item, principals: item.principals?.filter(isThere) } : item));
}

const isThere = (member: string): boolean => !member.startsWith('deleted:');

/**
 * Whom bound rules of a config let in, read from their text and not by the code that wrote it.
 *
 * @returns lines `key member`, sorted
 */
export function letIn({ google }: Pick<Stage, 'google'>, config: string): string[] {
  const bound = new Set([...google.access.bindings.values()].map(({ policy }) => policy?.split('/').at(-1)));
  const rules = [...google.access.policies.values()]
    .filter(({ name }) => bound.has(name.split('/').at(-1)))
    .flatMap(({ details }) => details?.rules ?? []);
  const pairs = rules
    .filter((item) => isOf(item, [config]))
    .flatMap((item) => {
      const text = Object.values(item.conditions ?? {})
        .map(({ expression }) => expression)
        .join();
      const named = [...text.matchAll(/projects\/[^']+/g)].map(([name]) => name.replace(PROJECT.id, PROJECT.number));
      const key = ALL_KEYS.find((each) => named.length === 2 && named.every((name) => name === resourceOf(each)));
      return key === undefined || text.includes('&& x') ? [] : (item.principals ?? []).map((who) => `${key} ${who}`);
    });
  return [...new Set(pairs)].sort();
}

/** @returns what a run declares, as {@link letIn} has it; of one engine where only that is given */
export function declaredPairs({ agents, only }: Desired): string[] {
  const isMeant = (id: string): boolean =>
    only === undefined || only.some((selector) => selector.kind === 'id' && selector.id === id);
  return agents
    .flatMap(({ selector, allow }) =>
      selector.kind === 'id' && isMeant(selector.id) ? allow.map((key) => `${key} ${memberOf(selector.id)}`) : [],
    )
    .sort();
}
