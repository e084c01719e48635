import { othersByRule, touchedBy } from '../access/others.js';
import { switchCommands } from '../access/switch.js';
import type { NotCarried } from '../access/migrate.js';
import { groupBy } from '../canonical.js';
import { canonicalServiceName } from '../serving.js';
import type { Check, CheckInput, Found } from './check.js';
import { egressors } from './members.js';
import { endpointOrigin, listed } from './wording.js';

/** Whom the switch to access policies (V2) would cut off, as far as that can be seen from here. */
export const migrationIncomplete: Check = {
  id: 'migration-incomplete',
  level: 'warning',
  run: (input) => (isMigrating(input) ? incomplete(input) : []),
};

/**
 * Everything that is to be written is written, and nobody is known who would be cut off: then one change is left, and that is not this
 * action's to make.
 */
export const migrationReady: Check = {
  id: 'migration-ready',
  level: 'warning',
  run: (input) => {
    const { grants, observed, universe } = input;
    const rules = grants.filter(({ model }) => model === 'V2');
    const isReady =
      isMigrating(input) &&
      rules.every(({ action }) => action === 'keep') &&
      incomplete(input).every(({ isNote }) => isNote) &&
      touchedBy('DENY', input).length === 0;
    const commands = isReady ? switchCommands(observed, universe) : [];
    if (commands.length === 0) return [];
    return [
      {
        message: `The access rules say what the allow policies say: ${rules.length} members have a rule in access policy ${observed.access?.name ?? ''}, which is bound. The gateway may now be switched from V1 to V2.`,
        remedy: `${commands.join(' && ')} Wait two minutes after the last change of the rules before that. To go back, set the version to V1 again: members stay in the allow policies until a run with \`prune: true\`.`,
        isNote: true,
      },
    ];
  },
};

function isMigrating({ model }: CheckInput): boolean {
  return model.writes.includes('V2') && !model.decides.includes('V2');
}

function incomplete(input: CheckInput): Found[] {
  return [
    ...[...groupBy(input.left, ({ key }) => key)].flatMap(([key, left]) => [
      ...notCarried(key, left, input),
      ...narrowed(key, left, input),
    ]),
    ...unread(input),
    ...registryWide(input),
    ...uncovered(input),
  ];
}

function notCarried(key: string, left: readonly NotCarried[], { desired }: CheckInput): Found[] {
  const origin = endpointOrigin({ desired }, [key]);
  const under = left.filter(({ why }) => why === 'condition');
  const kinds = left.filter(({ why }) => why === 'kind');
  // Whoever these are, no agent with an identity of its own is one of them.
  const people = kinds.filter(({ member }) => /^(?:user|group|serviceAccount|domain):/.test(member));
  const others = kinds.filter((item) => !people.includes(item));
  return [
    ...under.map(({ member, condition = '' }) => ({
      message: `${member} reaches endpoint ${key} under a condition that no access rule can have, so it is not carried over: ${condition}`,
      remedy: 'Write a rule for it by hand, or let it go.',
      ...origin,
    })),
    ...(others.length === 0
      ? []
      : [
          {
            message: `Endpoint ${key} lets in ${listed(others.map(({ member }) => member))}, which no access rule takes, so that is not carried over.`,
            remedy: 'Grant agents, or sets of agents, in its place.',
            ...origin,
          },
        ]),
    ...(people.length === 0
      ? []
      : [
          {
            message: `Endpoint ${key} also names ${listed(people.map(({ member }) => member))}; no agent with an identity of its own is one of them, so they are not carried over.`,
            remedy: 'Nothing has to be done.',
            isNote: true,
            ...origin,
          },
        ]),
  ];
}

/** Engines of the same scope that a run with the `engines` input does not look at. */
function narrowed(key: string, left: readonly NotCarried[], { desired }: CheckInput): Found[] {
  const others = left.filter(({ why }) => why === 'narrowed');
  if (others.length === 0) return [];
  return [
    {
      message: `Endpoint ${key} also lets in ${listed(others.map(({ member }) => member))}, and this run looks at other engines alone, so no rule is written for them.`,
      remedy: 'Run once for each of these engines, or without the `engines` input, before the gateway is switched.',
      ...endpointOrigin({ desired }, [key]),
    },
  ];
}

/** Nobody is known of whom it lets in: neither carried over nor named. */
function unread({ observed, endpoints }: CheckInput): Found[] {
  if (observed.registryPolicy !== undefined || endpoints.length === 0) return [];
  const { registryProject } = observed;
  return [
    {
      message: `The registry-wide IAP policy of project ${registryProject.id} could not be read, so whoever it lets in is not carried over.`,
      remedy: `Give the identity of this job iap.webServiceVersions.getIamPolicy on project ${registryProject.id}, and plan again before the gateway is switched.`,
    },
  ];
}

/** A rule for the whole registry would let them in where an endpoint's own policy keeps them out. */
function registryWide({ observed, endpoints }: CheckInput): Found[] {
  const members = egressors(observed.registryPolicy).filter((member) => !member.startsWith('deleted:'));
  const others = undeclared({ observed, endpoints });
  if (members.length === 0 || others.length === 0) return [];
  return [
    {
      message: `The registry-wide policy lets in ${listed(members)}. It was carried over for the endpoints of this config alone, not for ${listed(others.map(({ name }) => name))}.`,
      remedy: 'Declare these endpoints where they belong, or write rules for them by hand.',
    },
  ];
}

/** What other configs declare is theirs to carry over. */
function uncovered({ desired, observed, endpoints }: CheckInput): Found[] {
  const bare = undeclared({ observed, endpoints }).filter(
    ({ name, registryResource }) => othersByRule(name, registryResource, desired, observed).length === 0,
  );
  if (bare.length === 0) return [];
  return [
    {
      message: `No access rule is about ${listed(bare.map(({ name }) => name))}, which this config does not declare: whoever reaches them through this gateway would be cut off.`,
      remedy: 'Let the configs that declare them migrate too, before the gateway is switched.',
    },
  ];
}

function undeclared({ observed, endpoints }: Pick<CheckInput, 'observed' | 'endpoints'>): {
  readonly name: string;
  readonly registryResource: string;
}[] {
  const declared = new Set(endpoints.map(({ service }) => service));
  return observed.services.flatMap(({ name, registryResource }) => {
    const canonical = canonicalServiceName(name, observed.registryProject);
    return registryResource && !declared.has(canonical) ? [{ name: canonical, registryResource }] : [];
  });
}
