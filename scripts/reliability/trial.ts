import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ChildProcess } from 'node:child_process';
import { oidcEnvironment, writeCredentials } from '../../emulator/credentials.js';
import { startEmulator, type Emulator } from '../../emulator/index.js';
import { runApply, type Run } from './action.js';
import type { Case } from './world.js';

/** Operations that take minutes at Google's. They still run when they are asked for first, after half a second. */
const OPERATIONS = { engineUpdateMs: 800, serviceMs: 700 };
const TOKEN = 'ya29.token-of-the-reliability-runs';

export interface TrialOptions {
  /** `federated`: workload identity and a service account, so that a token can be replaced; else one fixed token. */
  readonly credentials?: 'fixed' | 'federated';
}

export interface RunIn {
  readonly inputs?: Readonly<Record<string, string>>;
  /** Instead of the case's own. */
  readonly config?: { readonly name: string; readonly text: string };
  readonly onStart?: (child: ChildProcess) => void;
}

/** One emulated Google Cloud and the runs of the action in it. */
export interface Trial {
  readonly given: Case;
  readonly emulator: Emulator;
  /** Writes that the API carried out and that no operation tells of, by method and path: policies and constraints. */
  readonly policyWrites: ReadonlyMap<string, number>;
  readonly runs: readonly Run[];
  readonly apply: (options?: RunIn) => Promise<Run>;
  readonly close: () => Promise<void>;
}

export async function openTrial(given: Case, { credentials = 'fixed' }: TrialOptions = {}): Promise<Trial> {
  const { world, config } = given;
  const emulator = await startEmulator({ world });
  emulator.world.set({ operations: OPERATIONS });
  const folder = mkdtempSync(path.join(tmpdir(), 'reliability-credentials-'));
  const secrets = credentials === 'federated' ? await federated(emulator.url, folder) : {};
  const runs: Run[] = [];
  return {
    given,
    emulator,
    policyWrites: countPolicyWrites(emulator),
    runs,
    apply: async ({ inputs = {}, config: other, onStart } = {}) => {
      const { name, text } = other ?? { name: 'agent-gateway.yaml', text: config };
      const run = await runApply({
        files: { [name]: text },
        inputs: {
          config: name,
          propagation_wait: '0',
          access_token: credentials === 'fixed' ? TOKEN : '',
          ...given.inputs,
          ...inputs,
        },
        env: { ...emulator.env, ...secrets },
        ...(onStart ? { onStart } : {}),
      });
      runs.push(run);
      return run;
    },
    close: async () => {
      rmSync(folder, { recursive: true, force: true });
      await emulator.close();
    },
  };
}

async function federated(url: string, directory: string): Promise<Record<string, string>> {
  const serviceAccount = 'deployer@acme-agents.iam.gserviceaccount.com';
  const file = await writeCredentials({ url, directory, serviceAccount });
  return { GOOGLE_APPLICATION_CREDENTIALS: file, ...oidcEnvironment(url) };
}

/** Counted where the API answers itself: what happens to the answer on its way is another matter. */
function countPolicyWrites(emulator: Emulator): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  emulator.interceptors.push({
    after: ({ api, method, path: target, write }, response) => {
      if (!write || !['iap', 'orgpolicy'].includes(api)) return response;
      const what = `${method} ${target}`;
      counts.set(what, (counts.get(what) ?? 0) + 1);
      return response;
    },
  });
  return counts;
}
