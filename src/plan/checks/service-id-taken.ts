import type { Check } from './check.js';

/**
 * A key is a service ID. Where an agent or an MCP server has that ID already, the URLs of an endpoint have no place:
 * adding them would turn somebody's agent into something else.
 */
export const serviceIdTaken: Check = {
  id: 'service-id-taken',
  level: 'error',
  run: ({ desired, observed, endpoints }) =>
    endpoints
      .filter(({ action }) => action === 'update')
      .flatMap((change) => {
        const service = observed.services.find(({ name }) => name.endsWith(`/services/${change.key}`));
        if (!service?.agentSpec && !service?.mcpServerSpec) return [];
        const origin = desired.endpoints.find(({ key }) => key === change.key)?.origin;
        return [
          {
            message: `Service ID ${change.key} is taken by an ${service.mcpServerSpec ? 'MCP server' : 'agent'} entry (${service.name}), which cannot carry the URLs of an endpoint.`,
            remedy: 'Choose another key for this endpoint.',
            ...(origin ? { origin } : {}),
          },
        ];
      }),
};
