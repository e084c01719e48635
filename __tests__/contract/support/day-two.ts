import type { ChildProcess } from 'node:child_process';
import type { BindingInput, RequestLogEntry } from '../../../emulator/index.js';
import type { StepResult } from './runner.js';
import type { Stage } from './stage.js';

export const PRUNE = { prune: 'true' };
export const TICKETS = 'tickets.example.com';
export const FILES = 'files.example.com';
export const MAIL = 'mail.example.com';

const HEAD = 'version: 1\nproject: acme-agents\nregion: us-central1\ngateways:\n  egress: egress\n';

/** A config: endpoints with their hosts, and agents with what they may reach. */
export function configOf(
  endpoints: Readonly<Record<string, string>>,
  agents: Readonly<Record<string, readonly string[]>>,
): string {
  const keys = Object.entries(endpoints).map(([key, host]) => `  ${key}:\n    urls: [https://${host}]\n`);
  const entries = Object.entries(agents).map(
    ([name, allow]) => `  - engine: ${name}\n${allow.length > 0 ? `    allow: [${allow.join(', ')}]\n` : ''}`,
  );
  return `${HEAD}endpoints:\n${keys.join('')}agents:\n${entries.join('')}`;
}

/** Runs an action with this config. */
export const runWith = (
  stage: Stage,
  folder: string,
  config: string,
  inputs: Readonly<Record<string, string>> = {},
): Promise<StepResult> => stage.run(folder, inputs, { files: { 'agent-gateway.yaml': config } });

/** Runs an apply that is killed, without a chance to do anything, at a request that `when` picks. */
export async function killedAt(
  stage: Stage,
  moment: 'before' | 'after',
  when: (entry: RequestLogEntry) => boolean,
  config: string,
  inputs: Readonly<Record<string, string>>,
): Promise<boolean> {
  let child: ChildProcess | undefined;
  let killed = false;
  const kill = (): void => {
    killed = true;
    child?.kill('SIGKILL');
  };
  stage.emulator.interceptors.push({
    before: (entry) => {
      if (moment !== 'before' || !when(entry)) return undefined;
      kill();
      return new Response(null, { status: 503 });
    },
    after: (entry, response) => {
      if (moment === 'after' && when(entry)) kill();
      return response;
    },
  });
  await stage.run('apply', inputs, {
    onStart: (started) => (child = started),
    files: { 'agent-gateway.yaml': config },
  });
  stage.emulator.interceptors.length = 0;
  return killed;
}

/** Lines of a group of the log, by the beginning of its title. */
export function groupOf(log: string, title: string): string[] {
  const [, rest = ''] = log.split(`::group::${title}`);
  return (rest.split('::endgroup::')[0] ?? '').split('\n').slice(1, -1);
}

/** Text of a report as a reader sees it. */
export const plainText = (markdown: string): string =>
  markdown
    .replace(/&#(\d+);/g, (_entity, digits: string) => String.fromCodePoint(Number(digits)))
    .replaceAll('&nbsp;', ' ')
    .replace(/<\/?code>/g, '');

/** One engine and the endpoint it may reach. */
export const ONE_ENDPOINT = configOf({ 'ticket-system': TICKETS }, { 'Support agent': ['ticket-system'] });

const DOMAIN = 'principal://agents.global.org-5550001.system.id.goog/resources/aiplatform';
/** The identity of an engine that is not there. */
export const GONE = `${DOMAIN}/projects/101010/locations/us-central1/reasoningEngines/7001`;
const OTHER_PROJECT = `${DOMAIN}/projects/202020/locations/us-central1/reasoningEngines/7001`;
const OTHER_REGION = `${DOMAIN}/projects/101010/locations/europe-west1/reasoningEngines/7001`;

/** What is in the policy besides the grants of the configs: a binding of each kind that is nobody's here. */
const FOREIGN: readonly BindingInput[] = [
  {
    role: 'roles/iap.egressor',
    members: [GONE],
    condition: { title: 'night', expression: 'request.time.getHours() < 6' },
  },
  { role: 'roles/iap.tunnelResourceAccessor', members: [GONE] },
  { role: 'roles/iap.egressor', members: ['group:auditors@example.com'], condition: { expression: 'true' } },
];
export const STRANGERS = [
  'user:a@example.com',
  OTHER_PROJECT,
  OTHER_REGION,
  'serviceAccount:batch@payments.iam.gserviceaccount.com',
];

/** The members of the first binding of the endpoint's policy. */
export const members = (stage: Stage): readonly string[] =>
  stage.emulator.world.policy('service:ticket-system').bindings[0]?.members ?? [];
export const principal = (stage: Stage, engine: string): string => stage.emulator.world.engine(engine).principal;

/** Puts strangers and leftovers around the members that are in the policy already. */
export function crowd(stage: Stage): void {
  const [user = '', ...strangers] = STRANGERS;
  const own = members(stage);
  stage.emulator.world.setPolicy('service:ticket-system', [
    { role: 'roles/iap.egressor', members: [user, GONE, ...own, ...strangers] },
    ...FOREIGN,
  ]);
}
