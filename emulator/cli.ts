import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { parse, YAMLParseError } from 'yaml';
import { FaultError, readFaults, type FaultInput } from './faults/schema.js';
import { startEmulator, type Emulator } from './index.js';

const HELP = `Emulates the Google APIs around Agent Gateway, in memory, on 127.0.0.1.

Usage: node dist/emulator/index.js [--world FILE] [--faults FILE] [--port N] [--json]

  --world FILE   YAML file with the world to start from (default: one empty project, acme-agents)
  --faults FILE  YAML or JSON file with what is to go wrong: a list of faults (emulator/faults/schema.ts)
  --port N       port to listen on (default: any free one)
  --json         print one line of JSON when ready: {"url": ..., "env": {...}}
  --help         print this

Look at it: GET /_emulator/world, /_emulator/requests, /_emulator/decide?principal=...&host=...
Change it:  POST /_emulator/settings, /_emulator/engines/ID/binding, /_emulator/policies, /_emulator/access-policies,
            /_emulator/policy-bindings, /_emulator/extensions/ID, /_emulator/advance
Break it:   POST /_emulator/faults with a fault or a list of them; GET shows what has fired, DELETE ends it all
`;

export interface Output {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** Starts the emulator as the command line says; nothing when there was only help to print. Throws what is wrong in one sentence. */
export async function runCli(args: readonly string[], output: Output): Promise<Emulator | undefined> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      world: { type: 'string' },
      faults: { type: 'string' },
      port: { type: 'string', default: '0' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    output.out(HELP);
    return undefined;
  }
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_535)
    throw new Error(`--port wants a number from 0 to 65535, not ${values.port}`);
  const world = values.world === undefined ? undefined : await readFile(values.world, 'utf8');
  const source = world === undefined || values.world === undefined ? {} : { world, worldFile: values.world };
  const faults = values.faults === undefined ? [] : await readFaultsFile(values.faults);
  const emulator = await startEmulator({ port, faults, ...source });
  output.out(values.json ? readyLine(emulator) : greeting(emulator));
  return emulator;
}

/** YAML, hence JSON as well. */
async function readFaultsFile(file: string): Promise<FaultInput[]> {
  try {
    return readFaults(parse(await readFile(file, 'utf8')));
  } catch (error) {
    if (!(error instanceof FaultError || error instanceof YAMLParseError)) throw error;
    throw new Error(`${file}: ${error.message}`, { cause: error });
  }
}

function readyLine({ url, env }: Emulator): string {
  return `${JSON.stringify({ url, env })}\n`;
}

function greeting({ url, env }: Emulator): string {
  const lines = Object.entries(env).map(([name, value]) => `export ${name}=${value}`);
  return `Emulator ready at ${url}\n\n${lines.join('\n')}\n\nStop it with Ctrl-C.\n`;
}
