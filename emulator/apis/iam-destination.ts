import type { Shape } from '../core/shape.js';

/** What a condition may ask about the destination of a request (Google's "CEL attributes" page, newest copy). */
export const DESTINATION_SHAPE: Shape = {
  message: {
    is_registered: 'bool',
    agent_registry: {
      message: {
        resource_type: 'string',
        location: 'string',
        project_id: 'string',
        agent: { message: { name: 'string' } },
        endpoint: { message: { name: 'string' } },
        mcp_server: {
          message: {
            name: 'string',
            method: 'string',
            tool: {
              message: {
                name: 'string',
                annotations: {
                  message: {
                    read_only_hint: 'bool',
                    destructive_hint: 'bool',
                    idempotent_hint: 'bool',
                    open_world_hint: 'bool',
                  },
                },
              },
            },
            prompt: { message: { name: 'string' } },
            resource: { message: { name: 'string' } },
          },
        },
      },
    },
    unregistered: { message: { host: 'string', path: 'string', method: 'string' } },
  },
};

/** The variable and the paths below it, with the type of what is there. */
export const ATTRIBUTES: ReadonlyMap<string, 'string' | 'bool'> = new Map(
  leavesOf('destination', DESTINATION_SHAPE).map(([path, type]) => [path, type]),
);

/** Attributes whose text may be searched; the others are compared as a whole. */
export const SEARCHABLE: ReadonlySet<string> = new Set([
  'destination.unregistered.host',
  'destination.unregistered.path',
]);

function leavesOf(path: string, shape: Shape): (readonly [string, 'string' | 'bool'])[] {
  if (shape === 'string' || shape === 'bool') return [[path, shape]];
  if (typeof shape !== 'object' || !('message' in shape)) return [];
  return Object.entries(shape.message).flatMap(([key, below]) => leavesOf(`${path}.${key}`, below));
}
