import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { NODE, ROOT } from './action.js';
import { concurrent } from './concurrent.js';
import { guardedKills, kills } from './kills.js';
import { matrix } from './matrix.js';
import { render, SIGNS, withFigures } from './report.js';
import { nameOf, playAll, type Played } from './scenario.js';
import { storms } from './storms.js';

const HELP = `Runs the committed apply action against an emulator of the Google APIs in which things go wrong, and writes the figures
into docs/reliability.md. Exit code 1 if anything is lost, doubled, or not healed by running again.

  --only REGEX   only scenarios with such a name; the page stays as it is, and every failure of a run is shown
  --at-once N    scenarios at a time (default: six per core, since they mostly wait)
`;

/** Most of a run is waiting for operations and between tries. */
const PER_CORE = 6;
const PAGE = path.join(ROOT, 'docs/reliability.md');

const { values } = parseArgs({
  options: { only: { type: 'string' }, 'at-once': { type: 'string' }, help: { type: 'boolean' } },
});
if (values.help) console.log(HELP);
else process.exitCode = await main(values.only, Number(values['at-once'] ?? availableParallelism() * PER_CORE));

async function main(only: string | undefined, atOnce: number): Promise<number> {
  const start = Date.now();
  const wanted = new RegExp(only ?? '');
  const all = [...matrix(), ...storms(), ...concurrent(), ...(await kills()), ...(await guardedKills())];
  const scenarios = all.filter((scenario) => wanted.test(nameOf(scenario)));
  console.log(`${scenarios.length} scenarios, ${atOnce} at a time`);
  const played = await playAll(scenarios, atOnce, (item, left) => tell(item, left, only !== undefined));
  const node = execFileSync(NODE, ['--version'], { encoding: 'utf8' }).trim().slice(1);
  const figures = render({ played, tookMs: Date.now() - start, node });
  console.log(`\n${figures}\n`);
  const broken = played.filter(({ verdict }) => verdict.outcome === 'broken');
  if (broken.length > 0) console.log(`${broken.length} of ${played.length} scenarios are broken.`);
  else if (only === undefined) writeFileSync(PAGE, withFigures(readFileSync(PAGE, 'utf8'), figures));
  return broken.length > 0 ? 1 : 0;
}

function tell({ scenario, verdict }: Played, left: number, verbose: boolean): void {
  if (verbose)
    verdict.said.forEach((line) => console.log(`${SIGNS[verdict.outcome]} ${nameOf(scenario)}\n    ${line}`));
  if (verdict.outcome === 'broken') console.log(`✗ ${nameOf(scenario)}\n    ${verdict.problems.join('\n    ')}`);
  else if (left % 50 === 0) console.log(`… ${left} left`);
}
