import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll } from '@jest/globals';
import {
  startEmulator,
  type Decision,
  type Emulator,
  type RequestLogEntry,
  type SettingsInput,
  type WorldInput,
} from '../../../emulator/index.js';
import { ROOT } from './metadata.js';
import { cleanUp, runAction, type Job, type StepResult } from './runner.js';

export const TOKEN = 'ya29.token-of-the-contract-tests';

/** Operations that take minutes at Google's. */
const FAST = { engineUpdateMs: 150, serviceMs: 50 };

export interface StageOptions {
  readonly world: WorldInput | string;
  /** `agent-gateway.yaml` of the workspace; without it the inputs have to do. */
  readonly config?: string;
  readonly settings?: SettingsInput;
}

/** An emulated Google Cloud and the jobs that work on it. */
export interface Stage {
  readonly emulator: Emulator;
  /** Runs an action with a token and no propagation wait, unless the inputs say otherwise. */
  readonly run: (folder: string, inputs?: Readonly<Record<string, string>>, job?: Job) => Promise<StepResult>;
  /** Requests so far that would change something in Google Cloud. */
  readonly writes: () => RequestLogEntry[];
  /** Requests so far with this method, whose path has this end (a query does not count). */
  readonly requests: (method: string, end: string | RegExp) => RequestLogEntry[];
  /** May this principal reach this host now? */
  readonly decide: (principal: string, host: string) => Decision;
}

/** Call once per test file. @returns how to set a stage; all of them are gone when the file's tests are over */
export function useStages(): (options: StageOptions) => Promise<Stage> {
  const emulators: Emulator[] = [];
  afterAll(async () => {
    await Promise.all(emulators.splice(0).map((emulator) => emulator.close()));
    cleanUp();
  });
  return async ({ world, config, settings = {} }) => {
    const emulator = await startEmulator({ world });
    emulators.push(emulator);
    emulator.world.set({ operations: FAST });
    emulator.world.set(settings);
    return stageOn(emulator, config);
  };
}

function stageOn(emulator: Emulator, config: string | undefined): Stage {
  return {
    emulator,
    run: (folder, inputs = {}, job = {}) =>
      runAction(
        folder,
        { access_token: TOKEN, ...(['', 'apply'].includes(folder) ? { propagation_wait: '0' } : {}), ...inputs },
        {
          ...job,
          env: { ...emulator.env, ...job.env },
          files: { ...(config === undefined ? {} : { 'agent-gateway.yaml': config }), ...job.files },
        },
      ),
    decide: (principal, host) => emulator.decide(principal, host),
    writes: () => emulator.requests.filter(({ write }) => write),
    requests: (method, end) =>
      emulator.requests.filter(
        (entry) =>
          entry.method === method && (typeof end === 'string' ? entry.path.endsWith(end) : end.test(entry.path)),
      ),
  };
}

/** World and config of a folder below `emulator/worlds`. */
export function readScenario(name: string): { world: string; config: string } {
  const read = (file: string): string => readFileSync(path.join(ROOT, 'emulator/worlds', name, file), 'utf8');
  return { world: read('world.yaml'), config: read('agent-gateway.yaml') };
}

/** IDs of the checks in the table of a step summary, in its order. */
export function checksIn({ summary }: StepResult): string[] {
  return [...summary.matchAll(/^\| (?:\*\*error\*\*|warning) \| <code>([^<]+)<\/code>/gm)].map(([, id]) => id ?? '');
}

export const EGRESS = 'projects/acme-agents/locations/us-central1/agentGateways/egress';
export const INGRESS = 'projects/acme-agents/locations/us-central1/agentGateways/ingress';

/** Agent engines of the worlds below. */
export const SUPPORT = '4405152104998502400';
export const BILLING = '8652609503562301440';

/** Two unbound engines, both gateways, grants that are enforced; a test adds what it is about. */
export function world(change: Partial<WorldInput> = {}): WorldInput {
  return {
    projects: [{ id: 'acme-agents', number: '101010', organization: '5550001' }],
    gateways: [
      { id: 'egress', path: 'egress' },
      { id: 'ingress', path: 'ingress' },
    ],
    extensions: [{ id: 'iap-authz' }],
    authzPolicies: [{ id: 'egress-authz', gateways: ['egress'], extension: 'iap-authz' }],
    engines: [
      { id: SUPPORT, displayName: 'Support agent' },
      { id: BILLING, displayName: 'Billing agent' },
    ],
    ...change,
  };
}

/** A config for both engines with one endpoint. */
export const CONFIG = `version: 1
project: acme-agents
region: us-central1
gateways:
  egress: egress
endpoints:
  ticket-system:
    urls: [https://tickets.example.com]
agents:
  - engine: all
    allow: [ticket-system]
`;

/** The same without a gateway: such a run registers and grants, and binds nothing. */
export const GRANTS_ONLY = CONFIG.replace('gateways:\n  egress: egress\n', '');

/** Inputs of a run without a config file. */
export const SCOPE = { project_id: 'acme-agents', region: 'us-central1' };

export interface EngineRow {
  readonly name: string;
  readonly displayName: string;
  readonly principal: string;
  readonly egress: string | null;
  readonly ingress: string | null;
  readonly status: string;
  readonly governance: string;
}

/** The `engines` output, by display name. */
export function enginesOf({ outputs }: StepResult): Record<string, EngineRow> {
  const rows = JSON.parse(outputs.engines ?? '') as EngineRow[];
  return Object.fromEntries(rows.map((row) => [row.displayName, row]));
}

/** Commands in a log that the runner would carry out: those that begin a line, and the old form anywhere. */
export function commandsIn(log: string): string[] {
  const lines = log.split(/\r\n|\r|\n/);
  return [
    ...lines.flatMap((line) => /^\s*::([a-z-]+)/i.exec(line)?.[1] ?? []),
    ...[...log.matchAll(/##\[([^\]]*)/g)].map(([, name]) => `##${name ?? ''}`),
  ];
}

/** Bodies of the annotations of one kind, as the runner shows them. */
export function annotations(log: string, kind: 'error' | 'warning'): string[] {
  const found = log.matchAll(new RegExp(`^::${kind}(?: [^\\n]*?)?::(.*)$`, 'gm'));
  return [...found].map(([, text = '']) => text.replace(/%0D/g, '\r').replace(/%0A/g, '\n').replace(/%25/g, '%'));
}
