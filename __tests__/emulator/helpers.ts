import { startEmulator, type Emulator, type FaultInput, type WorldInput } from '../../emulator/index.js';

export type Json = Record<string, unknown>;

export interface Answer {
  readonly status: number;
  readonly body: Json;
}

export type Call = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;

/** Calls the emulator as any client would; a body that is not JSON comes back as `{text}`. */
export function caller(emulator: Emulator): Call {
  return async (method, path, body, headers = {}) => {
    const response = await fetch(`${emulator.url}/${path}`, {
      method,
      headers: { authorization: 'Bearer token', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    return { status: response.status, body: isJson ? (JSON.parse(text) as Json) : { text } };
  };
}

export const PROJECT = { id: 'acme-agents', number: '101010', organization: '5550001', folders: ['77'] };
export const ENGINE_A = '4405152104998502400';
export const ENGINE_B = '8652609503562301440';
export const PLACE = 'projects/acme-agents/locations/us-central1';
export const ENGINES = `aiplatform/v1/${PLACE}/reasoningEngines`;
export const SERVICES = `agentregistry/v1/${PLACE}/services`;
export const EGRESS = `${PLACE}/agentGateways/egress`;
export const INGRESS = `${PLACE}/agentGateways/ingress`;
export const BINDING_MASK = 'updateMask=spec.deploymentSpec.agentGatewayConfig';

/** Two engines, two gateways, an enforcing IAP extension; whatever a test adds on top. */
export const baseWorld = (more: Partial<WorldInput> = {}): WorldInput => ({
  projects: [PROJECT],
  gateways: [
    { id: 'egress', path: 'egress' },
    { id: 'ingress', path: 'ingress' },
  ],
  extensions: [{ id: 'iap-authz' }],
  authzPolicies: [{ id: 'egress-authz', gateways: ['egress'], extension: 'iap-authz' }],
  engines: [
    { id: ENGINE_A, displayName: 'Support agent' },
    { id: ENGINE_B, displayName: 'Billing agent' },
  ],
  ...more,
});

/**
 * Runs a test against its own emulator and closes it whatever happens. Its time stands still: nothing ends between two requests of a
 * test because the machine is busy, only because the test says \`world.advance\`.
 */
export async function withEmulator(
  world: WorldInput | string,
  test: (emulator: Emulator, call: Call) => Promise<void>,
  faults: readonly FaultInput[] = [],
): Promise<void> {
  const start = Date.now();
  const emulator = await startEmulator({ world, faults, now: () => start });
  try {
    await test(emulator, caller(emulator));
  } finally {
    await emulator.close();
  }
}

/** The PATCH body of a binding. */
export const binding = (egress?: string, ingress?: string): Json => ({
  spec: {
    deploymentSpec: {
      agentGatewayConfig: {
        ...(egress === undefined ? {} : { agentToAnywhereConfig: { agentGateway: egress } }),
        ...(ingress === undefined ? {} : { clientToAgentConfig: { agentGateway: ingress } }),
      },
    },
  },
});

/** `agentGatewayConfig` of an engine as GET shows it. */
export async function configOf(call: Call, engine = ENGINE_A): Promise<unknown> {
  const { body } = await call('GET', `${ENGINES}/${engine}`);
  const spec = body.spec as Json;
  return (spec.deploymentSpec as Json | undefined)?.agentGatewayConfig;
}

export const endpointService = (...urls: string[]): Json => ({
  displayName: 'Example',
  endpointSpec: { type: 'NO_SPEC' },
  interfaces: urls.map((url) => ({ url, protocolBinding: 'JSONRPC' })),
});

/** One request as the wire has it: nothing is parsed, and an answer that breaks off is an error. */
export async function raw(
  emulator: Emulator,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; type: string | null; headers: Headers; text: string }> {
  const response = await fetch(`${emulator.url}/${path}`, {
    method,
    headers: { authorization: 'Bearer token' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const { status, headers } = response;
  return { status, type: headers.get('content-type'), headers, text: await response.text() };
}

/** The code of the failure below a failed fetch. */
export async function failureOf(run: Promise<unknown>): Promise<string> {
  try {
    await run;
  } catch (error) {
    const { cause } = error as { cause?: { code?: string } };
    return cause?.code ?? String(error);
  }
  throw new Error('it did not fail');
}
