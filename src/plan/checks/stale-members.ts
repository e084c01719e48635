import type { GrantChange } from '../types.js';
import type { Check, CheckInput } from './check.js';
import { egressors, isStale, memberName } from './members.js';
import { byService, endpointOrigin, listed } from './wording.js';

/**
 * An engine that is deleted and made anew has a new ID and with it a new principal (google/skills, policies.md 4g); the grant
 * of the old one stays behind. With `prune` the plan itself shows what happens to it.
 */
export const staleMembers: Check = {
  id: 'stale-members',
  level: 'warning',
  run: (input) =>
    [...byService(input.endpoints)].flatMap(([service, changes]) => {
      const { desired, observed } = input;
      const policies = changes.flatMap(({ registryResource = '' }) => observed.policies.get(registryResource) ?? []);
      const told = toldElsewhere(service, input);
      const stale = [...new Set(policies.flatMap(egressors))]
        .filter((member) => isStale(member, observed) && !told.has(member))
        .sort();
      if (stale.length === 0) return [];
      const names = stale.map((member) => `${member}${cameBack(member, input)}`);
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
};

/** What this run takes away, or says why it does not. */
function toldElsewhere(service: string, { desired, pruning }: CheckInput): Set<string> {
  if (!desired.prune) return new Set();
  const { removals, kept } = pruning.grants;
  return new Set([
    ...removals.filter((removal) => removal.service === service).map(({ member }) => member),
    ...kept.filter((item) => item.service === service).flatMap(({ members }) => members),
  ]);
}

function cameBack(member: string, { observed, pruning }: CheckInput): string {
  const removal: GrantChange | undefined = pruning.grants.removals.find((item) => item.member === member);
  const engines = (removal?.replacedBy ?? []).flatMap(
    (name) => observed.engines.find((engine) => engine.name === name)?.principal ?? [],
  );
  if (engines.length === 0) return '';
  const names = engines.map((principal) => memberName(principal, observed));
  return ` (recreated as ${names.length > 1 ? 'one of ' : ''}${listed(names)})`;
}
