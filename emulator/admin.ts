import { Hono, type Context } from 'hono';
import { asJson, asString } from './core/json.js';
import { decide } from './decide.js';
import { isToolHint, type RequestDetails, type ToolHint } from './decide-types.js';
import type { Faults } from './faults/faults.js';
import type { FaultInput } from './faults/schema.js';
import type { RequestLogEntry } from './request-log.js';
import type { LiveWorld } from './state/live-world.js';
import type { State } from './state/state.js';
import type { BindingInput } from './world.js';
import type { AccessPolicyInput, PolicyBindingInput } from './world-iam.js';

export interface AdminContext {
  readonly state: () => State;
  readonly world: () => LiveWorld;
  readonly requests: RequestLogEntry[];
  readonly faults: Faults;
}

/** `/_emulator/`: look at the log and the world, and change them behind everybody's back. No authentication, loopback only. */
export function adminApp(context: AdminContext): Hono {
  const app = new Hono();
  app.get('/requests', (c) => c.json({ requests: context.requests }));
  app.post('/reset-log', (c) => {
    context.requests.length = 0;
    return c.json({});
  });
  app.get('/world', (c) => c.json(context.world().dump()));
  app.get('/decide', (c) => {
    const { state } = context;
    state().settle();
    const details = requestDetails(c.req.query());
    return c.json(decide(state(), c.req.query('principal') ?? '', c.req.query('host') ?? '', details));
  });
  app.post('/engines/:id/binding', async (c) => {
    const body: unknown = await c.req.json();
    const { egress, ingress } = asJson(body);
    context.world().bind(c.req.param('id'), body === null ? null : { egress: text(egress), ingress: text(ingress) });
    return c.json(context.world().engine(c.req.param('id')));
  });
  app.post('/engines/:id/recreate', (c) => c.json(context.world().recreateEngine(c.req.param('id'))));
  app.post('/policies', async (c) => {
    const body = asJson(await c.req.json());
    const where = { ...given('project', body.project), ...given('location', body.location) };
    context.world().setPolicy(asString(body.on), body.bindings as BindingInput[], where);
    return c.json(context.world().policy(asString(body.on), where));
  });
  app.post('/access-policies', async (c) => {
    const input = await c.req.json<AccessPolicyInput>();
    context.world().accessPolicies.set(input);
    return c.json(context.world().accessPolicies.get(input.id, input.on));
  });
  app.post('/policy-bindings', async (c) => {
    context.world().accessPolicies.bind(await c.req.json<PolicyBindingInput>());
    return c.json({});
  });
  app.post('/extensions/:id', async (c) => {
    const { policyVersion } = asJson(await c.req.json());
    if (policyVersion !== 'V1' && policyVersion !== 'V2') throw new Error('policyVersion must be V1 or V2.');
    context.world().setPolicyVersion(c.req.param('id'), policyVersion);
    return c.json({});
  });
  app.get('/faults', (c) => c.json({ faults: context.faults.list() }));
  app.post('/faults', async (c) => c.json({ ids: context.faults.add(await c.req.json<FaultInput>()) }));
  app.delete('/faults', (c) => {
    context.faults.clear();
    return c.json({});
  });
  app.delete('/faults/:id', (c) =>
    context.faults.remove(c.req.param('id')) ? c.json({}) : c.json({ error: 'There is no such fault.' }, 404),
  );
  app.get('/settings', (c) => c.json(context.world().settings));
  app.post('/settings', async (c) => {
    context.world().set(await c.req.json());
    return c.json(context.world().settings);
  });
  app.post('/advance', async (c) => {
    context.world().advance(Number(asJson(await c.req.json()).ms ?? 0));
    return c.json({});
  });
  app.onError((error: Error, c: Context) => c.json({ error: error.message }, 400));
  return app;
}

/** `method`, `path`, and for MCP `mcp` (its method), `name` and `hints`, a list with commas. */
function requestDetails(query: Readonly<Record<string, string>>): RequestDetails {
  const { method, path, mcp, name } = query;
  const hints = (query.hints ?? '').split(',').filter((hint): hint is ToolHint => isToolHint(hint));
  return {
    ...given('method', method),
    ...given('path', path),
    ...(mcp === undefined ? {} : { mcp: { method: mcp, ...given('name', name), hints } }),
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function given<K extends string>(key: K, value: unknown): Partial<Record<K, string>> {
  return typeof value === 'string' ? ({ [key]: value } as Partial<Record<K, string>>) : {};
}
