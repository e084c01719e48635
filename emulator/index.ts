import { serve } from '@hono/node-server';
import type { AddressInfo } from 'node:net';
import { Clock } from './core/clock.js';
import type { Interceptor } from './core/dispatch.js';
import { Faults } from './faults/faults.js';
import type { FaultInput } from './faults/schema.js';
import { decide } from './decide.js';
import type { Decision, RequestDetails } from './decide-types.js';
import type { RequestLogEntry } from './request-log.js';
import { createApp } from './server.js';
import { LiveWorld } from './state/live-world.js';
import { populate } from './state/populate.js';
import { readWorld, type WorldInput } from './world.js';

export type { DecidingRule, Decision, DecisionReason, RequestDetails, ToolHint } from './decide-types.js';
export type { RequestLogEntry } from './request-log.js';
export type { LiveWorld, EngineView, Where } from './state/live-world.js';
export type { Settings, SettingsInput } from './settings.js';
export type { Faults, FaultReport } from './faults/faults.js';
export { FaultError, type Fault, type FaultInput, type FaultKind } from './faults/schema.js';
export type { Interceptor } from './core/dispatch.js';
export { readWorld, WorldError } from './world.js';
export type { WorldInput, EngineInput, ServiceInput, BindingInput } from './world.js';
export type { AccessPolicyInput, PolicyBindingInput } from './world-iam.js';
export type { AccessRuleInput, LiveAccessPolicies } from './state/live-access-policies.js';

export interface EmulatorOptions {
  /** An object, or YAML text. Without one: a single empty project `acme-agents` (number 101010). */
  readonly world?: WorldInput | string;
  /** Name of the world's file, for messages. */
  readonly worldFile?: string;
  /** 0 takes any free port. */
  readonly port?: number;
  readonly host?: string;
  /** What is to go wrong from the first request on. */
  readonly faults?: readonly FaultInput[];
  /** Milliseconds since 1970; without it, real time. With a time that stands still, only `world.advance` ends an operation. */
  readonly now?: () => number;
}

export interface Emulator {
  /** `http://127.0.0.1:PORT`, no slash at the end. */
  readonly url: string;
  /** gcloud's endpoint overrides, one per API, each pointing at its prefix. */
  readonly env: Record<string, string>;
  /** The live state, with methods to change it. */
  readonly world: LiveWorld;
  /** Every request to an API so far, in order of arrival; the array stays the same. */
  readonly requests: RequestLogEntry[];
  /** What is to go wrong; more can be added and taken away at any time. */
  readonly faults: Faults;
  /** A test's own code between a request and its effect, for what no fault can say. */
  readonly interceptors: Interceptor[];
  /** May this principal reach this host now, and why (not)? */
  decide(principal: string, host: string, details?: RequestDetails): Decision;
  close(): Promise<void>;
}

const EMPTY_WORLD: WorldInput = { projects: [{ id: 'acme-agents', number: '101010', organization: '5550001' }] };

const OVERRIDES = {
  AIPLATFORM: 'aiplatform',
  AGENTREGISTRY: 'agentregistry',
  IAP: 'iap',
  NETWORKSERVICES: 'networkservices',
  NETWORKSECURITY: 'networksecurity',
  CLOUDRESOURCEMANAGER: 'cloudresourcemanager',
  SERVICEUSAGE: 'serviceusage',
  ORGPOLICY: 'orgpolicy',
  IAM: 'iam',
};

/** Starts the emulated Google APIs on one port of the loopback interface. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const parsed = readWorld(options.world ?? EMPTY_WORLD, options.worldFile);
  const state = populate(parsed, new Clock(options.now));
  const world = new LiveWorld(state, parsed.region);
  const requests: RequestLogEntry[] = [];
  const interceptors: Interceptor[] = [];
  const faults = new Faults(state);
  faults.add(options.faults ?? []);
  const app = createApp({ state: () => state, world: () => world, requests, faults, interceptors });
  const hostname = options.host ?? '127.0.0.1';
  const { server, port } = await listen(app, hostname, options.port ?? 0);
  const url = `http://${hostname}:${port}`;
  return {
    url,
    env: overrides(url),
    world,
    requests,
    faults,
    interceptors,
    decide: (principal, host, details) => {
      state.settle();
      return decide(state, principal, host, details);
    },
    close: () => close(server),
  };
}

/** gcloud's `CLOUDSDK_API_ENDPOINT_OVERRIDES_*` variables for this base URL. */
export function overrides(url: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(OVERRIDES).map(([name, prefix]) => [`CLOUDSDK_API_ENDPOINT_OVERRIDES_${name}`, `${url}/${prefix}/`]),
  );
}

type Server = ReturnType<typeof serve>;

function listen(
  app: ReturnType<typeof createApp>,
  hostname: string,
  port: number,
): Promise<{ server: Server; port: number }> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname, port }, (info: AddressInfo) => {
      server.off('error', reject);
      resolve({ server, port: info.port });
    });
    server.once('error', reject);
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    // Keep-alive connections of clients would hold the port otherwise.
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
}
