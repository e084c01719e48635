import { runCli } from './cli.js';

const output = {
  out: (text: string): void => void process.stdout.write(text),
  err: (text: string): void => void process.stderr.write(text),
};

try {
  const emulator = await runCli(process.argv.slice(2), output);
  const stop = (): void => {
    void emulator?.close().then(() => process.exit(0));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
} catch (error) {
  output.err(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
