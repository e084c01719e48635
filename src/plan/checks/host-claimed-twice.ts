import { normaliseUrl, servingServices } from '../serving.js';
import type { Check } from './check.js';
import { byService, endpointOrigin, listed } from './wording.js';

/**
 * Agent Registry refuses a URL that another service has, but not every spelling of it: a slash at the end or a capital
 * letter gets past. Which of the two policies then decides is not documented.
 */
export const hostClaimedTwice: Check = {
  id: 'host-claimed-twice',
  level: 'warning',
  run: ({ desired, observed, endpoints }) => {
    const planned = byService(endpoints);
    const removed = new Set(
      endpoints.flatMap(({ service, interfaces }) =>
        interfaces.filter(({ action }) => action === 'remove').map(({ url }) => `${service} ${normaliseUrl(url)}`),
      ),
    );
    const claims = new Map<string, { readonly services: readonly string[]; readonly urls: string[] }>();
    for (const [url, names] of servingServices(observed.services, observed.registryProject)) {
      const services = [...new Set(names)].filter((name) => !removed.has(`${name} ${url}`));
      if (services.length < 2 || !services.some((name) => planned.has(name))) continue;
      const claim = claims.get(services.join(' ')) ?? { services, urls: [] };
      claim.urls.push(url);
      claims.set(services.join(' '), claim);
    }
    return [...claims.values()].map(({ services, urls }) => ({
      message: `${listed(urls.sort())} ${urls.length === 1 ? 'is' : 'are'} served by ${services.length} services at once, ${services.join(' and ')}: it is open whose policy decides.`,
      remedy: 'Take the URL out of all of these services but one.',
      ...endpointOrigin(
        { desired },
        services.flatMap((name) => (planned.get(name) ?? []).map(({ key }) => key)),
      ),
    }));
  },
};
