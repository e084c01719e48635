import type { Check } from './check.js';

/**
 * Two keys may list one URL, but only one service can carry it. An engine that may use just the other key would be denied
 * that URL, and granting it the carrying service behind its back would open all the other hosts there.
 */
export const endpointOverlap: Check = {
  id: 'endpoint-overlap',
  level: 'error',
  run: ({ desired, unmet }) =>
    unmet.map(({ engine, key, owner, urls }) => {
      const more = urls.length > 1 ? ` and ${urls.length - 1} more of its hosts` : '';
      const origin = desired.endpoints.find((endpoint) => endpoint.key === key)?.origin;
      return {
        message: `Engine ${JSON.stringify(engine.displayName)} (${engine.name}) may use endpoint ${key}, but ${urls[0] ?? ''}${more} can only be carried by endpoint ${owner}, which it may not use.`,
        remedy: `Allow it ${owner} as well, or put these hosts into one endpoint: Agent Registry lets one service carry a URL.`,
        ...(origin ? { origin } : {}),
      };
    }),
};
