import { bytesOf, BYTE_LIMIT, plannedRules, RULE_LIMIT } from '../access/edits.js';
import type { Check } from './check.js';

/**
 * How large an access policy may be is not documented. These are the number of rules of its sibling policies and a cautious size; whoever
 * knows better can change the level, and Google has the last word.
 */
export const accessPolicyTooLarge: Check = {
  id: 'access-policy-too-large',
  level: 'error',
  run: ({ desired, observed, endpoints, grants }) => {
    if (!grants.some(({ model, action }) => model === 'V2' && action === 'create')) return [];
    const rules = plannedRules(desired, observed, endpoints, grants);
    const bytes = bytesOf(rules);
    const [count, size] = [rules.length, bytes].map((number) => number.toLocaleString('en-US'));
    const problems = [
      ...(rules.length > RULE_LIMIT ? [`${count} rules, and ${RULE_LIMIT} is the most of policies of its kind`] : []),
      ...(bytes > BYTE_LIMIT
        ? [`${size} bytes, and more than ${BYTE_LIMIT.toLocaleString('en-US')} may be refused`]
        : []),
    ];
    if (problems.length === 0) return [];
    return [
      {
        message: `Access policy ${observed.access?.name ?? ''} would have ${problems.join('; ')}.`,
        remedy:
          'Put hosts that the same agents use into one endpoint, clear rules that nobody needs (`prune: true` for those of this config), or set the level of this check to warning and see what Google says.',
      },
    ];
  },
};
