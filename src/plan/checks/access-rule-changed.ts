import { isRuleFor } from '../access/condition.js';
import { destinationsOf } from '../access/grants.js';
import { ownRules } from '../access/prune.js';
import type { Check } from './check.js';
import { endpointOrigin } from './wording.js';

/**
 * Own rules that are not what this action writes: somebody edited them, or the endpoint was registered anew and has another ID. They
 * count for nothing in a plan, which writes them anew where the config still wants them.
 */
export const accessRuleChanged: Check = {
  id: 'access-rule-changed',
  level: 'warning',
  run: ({ desired, observed, endpoints, grants }) => {
    const destinations = destinationsOf(endpoints, observed);
    return ownRules(desired, observed).flatMap(({ rule, service }) => {
      const destination = destinations.get(service);
      if (!destination || isRuleFor(rule, destination)) return [];
      const keys = endpoints.filter((change) => change.service === service).map(({ key }) => key);
      // Where another rule says what the config wants, there is nothing to write.
      const isWritten = grants.some(
        (grant) => grant.model === 'V2' && grant.service === service && grant.action === 'create',
      );
      return [
        {
          message: `The rule of this config for endpoint ${keys.join(', ')} in access policy ${observed.access?.name ?? ''} says something else than this action wrote: it was edited, or the endpoint was registered anew.`,
          remedy: isWritten
            ? 'Nothing has to be done: it is written anew, for the agents that the config declares.'
            : 'Take the rule away by hand: whom the config declares is in another rule already, or nobody is declared.',
          ...endpointOrigin({ desired }, keys),
        },
      ];
    });
  },
};
