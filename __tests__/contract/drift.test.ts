import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { declaredWorld } from './support/declared.js';
import { configOf, guardedWorld, orgpolicy, policyOf, PROJECT, EGRESS_ID } from './support/guardrails.js';
import { writeEvent } from './support/github.js';
import { newFolder, type StepResult } from './support/runner.js';
import {
  annotations,
  BILLING,
  CONFIG,
  EGRESS,
  enginesOf,
  SUPPORT,
  useStages,
  world,
  type Stage,
} from './support/stage.js';

const set = useStages();

/** What somebody else does to a world that is as declared, and what a verification on a schedule says about it. */
async function after(stage: Stage, happens: () => void | Promise<void>): Promise<StepResult> {
  await happens();
  const written = stage.writes().length;
  const result = await stage.run('verify', {}, { env: writeEvent(newFolder('event'), 'schedule') });
  expect(stage.writes()).toHaveLength(written);
  return result;
}

/** The step's own message. */
const said = (result: StepResult): string => annotations(result.log, 'error').join('\n');
/** The summary as a person reads it. */
const read = ({ summary }: StepResult): string =>
  summary.replace(/&#(\d+);/g, (_entity, code: string) => String.fromCodePoint(Number(code))).replaceAll('\u200b', '');

interface Badge {
  readonly message: string;
}

function badgesOf({ temp }: StepResult): Record<string, Badge> {
  const folder = path.join(temp, 'bind-agent-gateway');
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('badge-')) : [];
  return Object.fromEntries(
    names.map((name) => [name, JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as Badge]),
  );
}
const BADGE = 'badge-acme-agents-us-central1.json';

const declared = (config = CONFIG, start = world()): Promise<Stage> =>
  set({ world: declaredWorld(config, start), config });

describe('a fleet that is as declared', () => {
  it('passes, and says what was looked at and how many engines are governed', async () => {
    const result = await after(await declared(), () => undefined);
    expect(result).toMatchObject({ exitCode: 0, outputs: { changes: 'false', failure_reason: '' } });
    expect(enginesOf(result)['Support agent']).toMatchObject({ status: 'bound', governance: 'governed' });
    const verdict = 'As declared: 1 endpoint, 2 grants, 2 bindings; 2 of 2 engines governed';
    expect(result.log).toContain(verdict);
    expect(read(result)).toContain(verdict);
    expect(badgesOf(result)).toEqual({
      [BADGE]: {
        schemaVersion: 1,
        label: 'agent gateway',
        message: 'governed 2/2',
        color: 'brightgreen',
        isError: false,
      },
    });
    expect(result.log).toContain(path.join(result.temp, 'bind-agent-gateway', BADGE));
  });

  it('passes without being governed where the gateway enforces nothing, and says so', async () => {
    const stage = await declared();
    const metadata = { iapPolicyVersion: 'V1', iamEnforcementMode: 'DRY_RUN' };
    const result = await after(stage, () =>
      stage.emulator.world.changeNetworking('extensions', 'iap-authz', { metadata }),
    );
    expect(result).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
    expect(enginesOf(result)['Support agent']).toMatchObject({ status: 'bound', governance: 'not-enforced' });
    expect(result.log).toContain('0 of 2 engines governed');
    expect(result.log).toContain('bound, not enforced: the gateway only logs denials (DRY_RUN)');
    expect(badgesOf(result)[BADGE]).toMatchObject({ message: 'governed 0/2', color: 'yellow' });
  });
});

describe('what happened since, named by its layer, with what it means and what repairs it', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await declared(
      CONFIG.replace('[https://tickets.example.com]', '[https://tickets.example.com, https://files.example.com]'),
      world({
        gateways: [
          { id: 'egress', path: 'egress' },
          { id: 'pilot', path: 'egress' },
          { id: 'ingress', path: 'ingress' },
        ],
      }),
    );
  });

  const expectFound = (result: StepResult, sentences: readonly string[], repair: string): void => {
    expect(result).toMatchObject({ exitCode: 1, outputs: { changes: 'true', failure_reason: 'changes-found' } });
    for (const sentence of sentences) {
      expect(said(result)).toContain(sentence);
      expect(result.log).toContain(`- ${sentence}`);
      const [what = '', meaning = ''] = sentence.split(/\. (?=[A-Z])/);
      expect(read(result)).toContain(`| ${what} | ${meaning}`);
    }
    expect(result.log).toContain(`To put it right: ${repair}`);
    expect(read(result)).toContain(`**To put it right:** ${repair}`);
  };

  it('binding: a deploy or a terraform apply has reset it', async () => {
    const result = await after(stage, () => stage.emulator.world.bind(SUPPORT, null));
    expectFound(
      result,
      [
        `"Support agent" (${SUPPORT}) is not bound to egress gateway egress. Its traffic does not pass the gateway: nothing that it calls is checked there.`,
      ],
      'Run apply with the same config and inputs. A deploy or a `terraform apply` of the engine resets its binding: run apply after every deploy.',
    );
    expect(result.outputs).toMatchObject({ to_register: '0', to_grant: '0', to_bind: '1' });
    expect(enginesOf(result)['Support agent']).toMatchObject({ egress: null, governance: 'not-bound' });
    expect(said(result)).not.toContain('Billing agent');
    expect(badgesOf(result)[BADGE]).toMatchObject({ message: 'drift: 1 change', color: 'orange', isError: true });
  });

  it('binding: somebody bound it to another gateway', async () => {
    const result = await after(stage, () => stage.emulator.world.bind(SUPPORT, { egress: 'pilot' }));
    expect(said(result)).toContain(
      `"Support agent" (${SUPPORT}) is bound to egress gateway pilot instead of egress. What it calls is decided by that gateway`,
    );
    stage.emulator.world.bind(SUPPORT, { egress: 'egress' });
  });

  it('grant: one was taken away', async () => {
    const result = await after(stage, () =>
      stage.emulator.world.removeMember('service:ticket-system', `engine:${SUPPORT}`),
    );
    expectFound(
      result,
      [
        `Endpoint ticket-system has no grant for "Support agent" (${SUPPORT}). Its calls to https://files.example.com and https://tickets.example.com are denied.`,
      ],
      'Run apply with the same config and inputs.',
    );
    expect(result.outputs).toMatchObject({ to_register: '0', to_grant: '1', to_bind: '0' });
    const { principal } = stage.emulator.world.engine(SUPPORT);
    expect(stage.decide(principal, 'tickets.example.com')).toMatchObject({ allowed: false });
    expect(said(result)).toContain(principal);
  });

  it('endpoint: a host is gone from the service, and a foreign one came in', async () => {
    const result = await after(stage, async () => {
      await patchService(stage, ['https://tickets.example.com', 'https://pastebin.example.com']);
    });
    expectFound(
      result,
      [
        `Endpoint ticket-system lacks https://files.example.com. The gateway does not know it: what "Support agent" (${SUPPORT}) and "Billing agent" (${BILLING}) calls there is denied.`,
        `Endpoint ticket-system has https://pastebin.example.com, and that is not declared. Who is granted the endpoint may call it: what "Support agent" (${SUPPORT}) and "Billing agent" (${BILLING}) calls there is let through.`,
      ],
      'Run apply with the same config and inputs.',
    );
  });

  it('endpoint and grants: the service is gone', async () => {
    const result = await after(stage, () => stage.emulator.world.removeService('ticket-system'));
    expect(result).toMatchObject({ outputs: { to_register: '1', to_grant: '2', to_bind: '0' } });
    expect(said(result)).toContain('Not as declared: 1 endpoint, 2 grants.');
    expect(said(result)).toContain('Endpoint ticket-system is not registered.');
    expect(badgesOf(result)[BADGE]).toMatchObject({ message: 'drift: 3 changes' });
  });

  it('and apply, as it is told, puts all of it right', async () => {
    expect(await stage.run('apply')).toMatchObject({ exitCode: 0 });
    expect(await after(stage, () => undefined)).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
  });

  it('guardrail: the policy is in dry run instead of enforced', async () => {
    const guarded = await set({ world: guardedWorld(), config: configOf({ egress: [EGRESS] }) });
    expect(await guarded.run('apply')).toMatchObject({ exitCode: 0 });
    const result = await after(guarded, async () => {
      const { etag, name } = await policyOf(guarded);
      await orgpolicy(guarded, 'PATCH', `${PROJECT}/policies/${EGRESS_ID}`, {
        name,
        etag,
        dryRunSpec: { rules: [{ enforce: true }] },
      });
    });
    expectFound(
      result,
      [
        'The egress policy on projects/acme-agents: dry run instead of enforced. An engine without an approved gateway is only logged, not refused.',
      ],
      'Run apply with the same config and inputs, with an identity that has rights in the organization.',
    );
    expect(badgesOf(result)[BADGE]).toMatchObject({ message: 'drift: 1 change' });
  });
});

describe('a verification that cannot say that all is well', () => {
  it('because a check says no: that comes first, and the drift is told as well', async () => {
    const stage = await declared();
    const result = await after(stage, () => {
      stage.emulator.world.bind(BILLING, null);
      const registries = ['//agentregistry.googleapis.com/projects/acme-agents/locations/global'];
      stage.emulator.world.changeNetworking('gateways', 'egress', { registries });
    });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'check-failed', changes: 'true' } });
    expect(said(result)).toContain('registry-not-attached');
    expect(said(result)).toContain(`"Billing agent" (${BILLING}) is not bound`);
    expect(read(result)).toContain('Not as declared: 1 binding; 1 failed check; 1 of 2 engines governed');
    expect(badgesOf(result)[BADGE]).toMatchObject({ message: 'check failed', color: 'red', isError: true });
  });

  it('because the world cannot be read', async () => {
    const stage = await declared();
    const result = await after(stage, () => stage.emulator.world.deny('aiplatform.reasoningEngines.list'));
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'permission-denied' } });
    expect(badgesOf(result)[BADGE]).toMatchObject({ message: 'failed', color: 'red', isError: true });
    expect(result.log).not.toContain('s declared:');
  });

  it('because its input is wrong: then there is no badge either', async () => {
    const stage = await declared();
    const result = await stage.run('verify', { region: 'nowhere' });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'invalid-input' } });
    expect(badgesOf(result)).toEqual({});
  });
});

it('badges of several scopes in one job stand next to each other', async () => {
  const stage = await declared();
  const temp = newFolder('shared-temp');
  const env = { RUNNER_TEMP: temp };
  await stage.run('verify', {}, { env });
  await stage.run('verify', { region: 'europe-west1' }, { env });
  expect(readdirSync(path.join(temp, 'bind-agent-gateway')).sort()).toEqual([
    'badge-acme-agents-europe-west1.json',
    'badge-acme-agents-us-central1.json',
  ]);
});

/** What somebody does in the console: other interfaces, whatever else the service is. */
async function patchService(stage: Stage, urls: readonly string[]): Promise<void> {
  const answer = await fetch(
    `${stage.emulator.url}/agentregistry/v1/projects/acme-agents/locations/us-central1/services/ticket-system?updateMask=interfaces`,
    {
      method: 'PATCH',
      headers: { authorization: 'Bearer somebody-else', 'content-type': 'application/json' },
      body: JSON.stringify({ interfaces: urls.map((url) => ({ url, protocolBinding: 'JSONRPC' })) }),
    },
  );
  expect(answer.status).toBe(200);
  stage.emulator.world.advance(60_000);
}
