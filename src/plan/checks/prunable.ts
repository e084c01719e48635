import { groupBy } from '../canonical.js';
import type { GrantChange } from '../types.js';
import { plural } from '../../plural.js';
import type { Check, CheckInput, Found } from './check.js';
import { isGone, memberName } from './members.js';
import { byService, endpointOrigin, listed } from './wording.js';

const REMEDY = 'Set `prune: true` to take it away, or declare it again.';

/**
 * What a run with `prune` would take away and this one leaves, so that nobody has to try it to know. Grants of engines that are
 * gone have a check of their own.
 */
export const prunable: Check = {
  id: 'prunable',
  level: 'warning',
  run: (input) => (input.desired.prune ? [] : [...services(input), ...grants(input), ...rules(input)]),
};

function services({ observed, pruning }: CheckInput): Found[] {
  return pruning.services.removals.map(({ key, service, interfaces, members = [] }) => {
    const there = members.filter((member) => !isGone(member, observed));
    const names = there.map((member) => memberName(member, observed)).sort();
    const granted = names.length === 0 ? 'granted to nobody who is there' : `granted to ${listed(names)}`;
    return {
      message: `Endpoint ${key} (${service}) was made by this config and is no longer declared; it has ${plural(interfaces.length, 'host')}, ${granted}.`,
      remedy: REMEDY,
      isNote: true,
    };
  });
}

function grants({ desired, observed, endpoints, pruning }: CheckInput): Found[] {
  const revoked = pruning.grants.removals.filter(({ why }) => why === 'not-allowed');
  const changes = byService(endpoints);
  return [...groupBy(revoked, ({ service }: GrantChange) => service)].map(([service, removals]) => {
    const keys = (changes.get(service) ?? []).map(({ key }) => key);
    const names = removals.map(({ member }) => memberName(member, observed)).sort();
    return {
      message: `The policy of service ${service} grants ${listed(names)}, which this config does not allow endpoint ${[...new Set(keys)].join(', ')}.`,
      remedy: REMEDY,
      isNote: true,
      ...endpointOrigin({ desired }, keys),
    };
  });
}

function rules({ desired, observed, pruning }: CheckInput): Found[] {
  const left = pruning.rules.filter(({ why }) => why !== 'engine-gone');
  return [...groupBy(left, ({ key }: GrantChange) => key)].map(([key, removals]) => {
    const names = removals.map(({ member }) => memberName(member, observed)).sort();
    return {
      message: `The rule of this config for endpoint ${key} in access policy ${observed.access?.name ?? ''} still allows ${listed(names)}, which the config does not declare there any more.`,
      remedy: REMEDY,
      isNote: true,
      ...endpointOrigin({ desired }, [key]),
    };
  });
}
