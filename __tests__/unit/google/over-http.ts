import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeCredentials } from '../../../emulator/credentials.js';
import { startEmulator, type Emulator, type FaultInput } from '../../../emulator/index.js';
import type { Clock } from '../../../src/clock.js';
import { createCredentials } from '../../../src/google/auth.js';
import { createHosts } from '../../../src/google/hosts.js';
import { createGoogle, type Google, type GoogleOptions } from '../../../src/google/index.js';
import { createFetch } from '../../../src/google/transport.js';

export const PLACE = 'projects/acme-agents/locations/us-central1';
export const ENGINE = `${PLACE}/reasoningEngines/4405152104998502400`;
export const REGISTRY = `${PLACE}/iap_web/agentRegistry`;
export const CONFIG = { agentToAnywhereConfig: { agentGateway: `${PLACE}/agentGateways/egress` } };
export const MEMBER = 'serviceAccount:a@acme-agents.iam.gserviceaccount.com';

/** A client, the emulator it talks to over real HTTP, and a clock on which both move when the client waits. */
export interface Wire {
  readonly emulator: Emulator;
  readonly google: Google;
  readonly clock: Clock;
  /** Every wait of the client, in milliseconds; none of them took any time. */
  readonly slept: number[];
  /** How often a token was fetched. */
  readonly tokensFetched: () => number;
}

/** @param change how the client is made, given the clock */
export async function onTheWire(
  faults: readonly FaultInput[],
  test: (wire: Wire) => Promise<void>,
  change: (clock: Clock) => Partial<GoogleOptions> = () => ({}),
): Promise<void> {
  const emulator = await startEmulator({
    world: {
      projects: [{ id: 'acme-agents', number: '101010', organization: '5550001' }],
      gateways: [{ id: 'egress', path: 'egress' }],
      engines: [{ id: '4405152104998502400', displayName: 'Support agent' }],
    },
    faults,
  });
  const slept: number[] = [];
  let offset = 0;
  const clock: Clock = {
    now: () => Date.now() + offset,
    sleep: async (ms, signal) => {
      await Promise.resolve();
      signal?.throwIfAborted();
      slept.push(ms);
      offset += ms;
      emulator.world.advance(ms);
    },
  };
  const directory = await mkdtemp(join(tmpdir(), 'google-'));
  const saved = process.env.GOOGLE_APPLICATION_CREDENTIALS;
  process.env.GOOGLE_APPLICATION_CREDENTIALS = await writeCredentials({ url: emulator.url, directory, source: 'file' });
  try {
    const google = createGoogle({
      fetch: createFetch(),
      credentials: createCredentials({ universe: 'googleapis.com', onToken: () => undefined }),
      hosts: createHosts({ universe: 'googleapis.com', region: 'us-central1', env: emulator.env }),
      clock,
      signal: new AbortController().signal,
      apiVersion: 'v1',
      random: () => 1,
      ...change(clock),
    });
    const tokensFetched = (): number => emulator.requests.filter(({ api }) => api === 'sts').length;
    await test({ emulator, google, clock, slept, tokensFetched });
  } finally {
    if (saved === undefined) delete process.env.GOOGLE_APPLICATION_CREDENTIALS;
    else process.env.GOOGLE_APPLICATION_CREDENTIALS = saved;
    await emulator.close();
    await rm(directory, { recursive: true });
  }
}

/** Requests to the APIs themselves, without those for tokens. */
export const asked = ({ emulator }: Wire): Emulator['requests'] => emulator.requests.filter(({ api }) => api !== 'sts');

/** How often each fault did something. */
export const fired = ({ emulator }: Wire): number => emulator.faults.list().reduce((sum, item) => sum + item.fired, 0);
