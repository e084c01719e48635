import type { GrantChange } from '../types.js';
import { groupBy } from '../canonical.js';
import type { Check, CheckInput, Found } from './check.js';
import { otherRules } from '../access/others.js';
import { markOf } from '../access/marks.js';
import { isDeleted } from '../access/rules.js';
import { ruleName } from './access-wording.js';
import { egressors, isStale } from './members.js';
import { byService, endpointOrigin, listed } from './wording.js';

/**
 * An engine that is deleted and made anew has a new ID and with it a new principal (google/skills, policies.md 4g); the grant
 * of the old one stays behind. With `prune` the plan itself shows what happens to it.
 */
export const staleMembers: Check = {
  id: 'stale-members',
  level: 'warning',
  run: (input) => [
    ...inRules(input),
    ...unwritable(input),
    ...[...byService(input.endpoints)].flatMap(([service, changes]) => {
      const { desired, observed } = input;
      const policies = changes.flatMap(({ registryResource = '' }) => observed.policies.get(registryResource) ?? []);
      const told = toldElsewhere(service, input);
      const stale = [...new Set(policies.flatMap(egressors))]
        .filter((member) => isStale(member, observed) && !told.has(member))
        .sort();
      if (stale.length === 0) return [];
      const removalOf = new Map(input.pruning.grants.removals.map((removal) => [removal.member, removal]));
      const names = stale.map((member) => `${member}${cameBack(removalOf.get(member), input)}`);
      const isPrunable = input.pruning.grants.removals.some(
        (removal) => removal.service === service && removal.why === 'engine-gone',
      );
      const prune = desired.prune || !isPrunable ? '' : 'Set `prune: true`, or remove';
      return [
        {
          message: `The policy of service ${service} still grants ${stale.length === 1 ? 'an engine that is' : `${stale.length} engines that are`} gone: ${listed(names)}.`,
          remedy: `${prune || 'Remove'} them by hand: \`gcloud iap web remove-iam-policy-binding --resource-type=agent-registry --endpoint=ENDPOINT_ID --region=REGION --member=MEMBER --role=roles/iap.egressor\`.`,
          ...endpointOrigin(
            { desired },
            changes.map(({ key }) => key),
          ),
        },
      ];
    }),
  ],
};

/** What people wrote is sent back as it is, and IAM takes no such member from anybody (google.iam.v3 `AccessPolicyRule`). */
function unwritable({ desired, observed, grants }: CheckInput): Found[] {
  const isWritten = grants.some(({ model, action }) => model === 'V2' && action === 'create');
  const rules = isWritten ? otherRules(desired, observed).filter(({ policy }) => policy === observed.access?.name) : [];
  return rules.flatMap((other) => {
    const deleted = markOf(other.rule) ? [] : (other.rule.principals ?? []).filter(isDeleted);
    if (deleted.length === 0) return [];
    return [
      {
        message: `${ruleName(other)} still names who is gone: ${listed(deleted)}. IAM may refuse every write to the policy until they are taken out.`,
        remedy: 'Take them out of it: rules of others are sent back as they are.',
      },
    ];
  });
}

/** Rules of this config alone (V2): those of others are theirs. */
function inRules(input: CheckInput): Found[] {
  const { desired, observed, pruning } = input;
  const gone = desired.prune ? [] : pruning.rules.filter(({ why }) => why === 'engine-gone');
  return [...groupBy(gone, ({ key }: GrantChange) => key)].map(([key, removals]) => ({
    message: `The rule of this config for endpoint ${key} in access policy ${observed.access?.name ?? ''} still allows ${removals.length === 1 ? 'an engine that is' : `${removals.length} engines that are`} gone: ${listed(removals.map((removal) => `${removal.member}${cameBack(removal, input)}`))}.`,
    remedy: 'Set `prune: true` to take them out.',
    ...endpointOrigin({ desired }, [key]),
  }));
}

/** What this run takes away, or says why it does not. */
function toldElsewhere(service: string, { desired, pruning }: CheckInput): Set<string> {
  if (!desired.prune) return new Set();
  const { removals, kept } = pruning.grants;
  return new Set([
    ...removals.filter((removal) => removal.service === service).map(({ member }) => member),
    ...kept.filter((item) => item.service === service).flatMap(({ members }) => members),
  ]);
}

function cameBack(removal: GrantChange | undefined, { observed }: CheckInput): string {
  const engine = observed.engines.find(({ name }) => name === removal?.replacedBy);
  return engine ? ` (recreated as ${JSON.stringify(engine.displayName)})` : '';
}
