import { describe, expect, it } from '@jest/globals';
import { oidcEnvironment, writeCredentials } from '../../emulator/credentials.js';
import { newFolder, type StepResult } from './support/runner.js';
import {
  annotations,
  commandsIn,
  CONFIG,
  enginesOf,
  SUPPORT,
  TOKEN,
  useStages,
  world,
  type Stage,
} from './support/stage.js';

const set = useStages();
const stageOf = (): Promise<Stage> => set({ world: world(), config: CONFIG });

/** Every token that the emulator may have issued; none may be readable in a log. */
const ISSUED = /ya29\.(?:sts|impersonated)\.[0-9a-f]+/g;
const withoutMasks = (log: string): string => log.replace(/^::add-mask::.*$/gm, '');

function expectFailure(result: StepResult, reason: string): string {
  expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: reason } });
  const errors = annotations(result.log, 'error');
  // A check says what is wrong where it is; the step says last why it failed.
  expect(errors.length).toBeGreaterThan(0);
  return errors.at(-1) ?? '';
}

describe('without credentials', () => {
  it('there is one clear error that names google-github-actions/auth and the permission it needs', async () => {
    const stage = await stageOf();
    const result = await stage.run('plan', { access_token: '' }, { env: { HOME: '' } });
    const error = expectFailure(result, 'auth-failed');
    expect(error).toContain('google-github-actions/auth');
    expect(error).toContain('permissions: id-token: write');
    expect(result.summary).toContain('google-github-actions/auth');
    expect(stage.emulator.requests).toEqual([]);
  });

  it('a credentials file that a later checkout deleted is told from none', async () => {
    const stage = await stageOf();
    const env = { GOOGLE_APPLICATION_CREDENTIALS: '/github/workspace/gha-creds-0123456789abcdef.json' };
    const result = await stage.run('plan', { access_token: '' }, { env });
    const error = expectFailure(result, 'auth-failed');
    expect(error).toContain('gha-creds-0123456789abcdef.json');
    expect(error).toContain('actions/checkout');
    expect(stage.emulator.requests).toEqual([]);
  });
});

describe('workload identity federation, as google-github-actions/auth leaves it', () => {
  const apply = async (stage: Stage, serviceAccount?: string): Promise<StepResult> => {
    const { url } = stage.emulator;
    const account = serviceAccount === undefined ? {} : { serviceAccount };
    const file = await writeCredentials({ url, directory: newFolder('credentials'), ...account });
    const env = { GOOGLE_APPLICATION_CREDENTIALS: file, ...oidcEnvironment(url) };
    return stage.run('apply', { access_token: '' }, { env });
  };

  it('works with the federated token itself', async () => {
    const stage = await stageOf();
    const result = await apply(stage);
    expect(result).toMatchObject({ exitCode: 0, outputs: { to_bind: '2', failure_reason: '' } });
    const google = stage.emulator.requests.filter(({ api }) => !['oidc', 'sts'].includes(api));
    expect(new Set(google.map(({ headers }) => headers.authorization))).toEqual(new Set(['sts']));
    expect(stage.emulator.requests.filter(({ api }) => api === 'sts')).toHaveLength(1);
  });

  it('works through a service account, and shows no token', async () => {
    const stage = await stageOf();
    const result = await apply(stage, 'deployer@acme-agents.iam.gserviceaccount.com');
    expect(result).toMatchObject({ exitCode: 0, outputs: { to_bind: '2', failure_reason: '' } });
    const google = stage.emulator.requests.filter(({ api }) => !['oidc', 'sts', 'iamcredentials'].includes(api));
    expect(new Set(google.map(({ headers }) => headers.authorization))).toEqual(new Set(['impersonated']));
    expect(result.log).toMatch(/^::add-mask::ya29\.impersonated\./m);
    expect(withoutMasks(result.log).match(ISSUED)).toBeNull();
  });

  it('fetches a new token when the old one is over in the middle of a run', async () => {
    const stage = await set({ world: world(), config: CONFIG, settings: { auth: { tokenLifetimeSeconds: 3600 } } });
    stage.emulator.interceptors.push({
      after: ({ method }, response) => {
        if (method === 'PATCH') stage.emulator.world.advance(3_700_000);
        return response;
      },
    });
    expect(await apply(stage)).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
    expect(stage.emulator.requests.filter(({ api }) => api === 'sts').length).toBeGreaterThan(1);
  });

  it('says who refused when the exchange is refused', async () => {
    const stage = await stageOf();
    const refusal = {
      error: 'unauthorized_client',
      error_description: 'The given credential is rejected by the condition.',
    };
    stage.emulator.interceptors.push({
      before: ({ api }) => (api === 'sts' ? Response.json(refusal, { status: 401 }) : undefined),
    });
    const error = expectFailure(await apply(stage), 'auth-failed');
    expect(error).toContain('/sts/v1/token');
    expect(error).toContain('rejected by the condition');
  });

  it('names the missing permission when impersonation is refused', async () => {
    const stage = await stageOf();
    stage.emulator.world.deny('iam.serviceAccounts.getAccessToken');
    const error = expectFailure(await apply(stage, 'deployer@acme-agents.iam.gserviceaccount.com'), 'auth-failed');
    expect(error).toContain('iam.serviceAccounts.getAccessToken');
  });
});

describe('a token that Google refuses', () => {
  it('is auth-failed', async () => {
    const stage = await set({ world: world(), config: CONFIG, settings: { auth: { tokens: ['another-token'] } } });
    const result = await stage.run('plan');
    expect(expectFailure(result, 'auth-failed')).toContain('401');
    expect(result.log).toContain('access_token');
    expect(withoutMasks(result.log)).not.toContain(TOKEN);
  });
});

describe('rights', () => {
  it.each([
    ['aiplatform.reasoningEngines.list'],
    ['agentregistry.services.list'],
    ['networkservices.agentGateways.get'],
  ])('without %s, plan is permission-denied and names it', async (permission) => {
    const stage = await stageOf();
    stage.emulator.world.deny(permission);
    const result = await stage.run('plan');
    expect(expectFailure(result, 'permission-denied')).toContain(permission);
    expect(result.summary).toContain('What to do next');
  });

  it.each([
    ['aiplatform.reasoningEngines.update'],
    ['agentregistry.services.create'],
    ['iap.webServiceVersions.setIamPolicy'],
  ])('without %s and without asking for it before, apply says what Google answered', async (permission) => {
    const config = `${CONFIG}checks: {permission-missing: warning}\n`;
    const stage = await set({ world: world(), config });
    stage.emulator.world.deny(permission);
    const result = await stage.run('apply');
    expect(expectFailure(result, 'permission-denied')).toContain(
      `answered 403 PERMISSION_DENIED: Permission '${permission}'`,
    );
  });

  it('a plan needs no resourcemanager.projects.get, since engines say the number of their project', async () => {
    const stage = await stageOf();
    stage.emulator.world.deny('resourcemanager.projects.get');
    expect(await stage.run('plan')).toMatchObject({ exitCode: 0, outputs: { to_bind: '2' } });
  });

  it('a plan that may not read authorization policies says so instead of failing', async () => {
    const stage = await set({
      world: world({ engines: [{ id: SUPPORT, displayName: 'Support agent', egress: 'egress' }] }),
      config: CONFIG,
    });
    stage.emulator.world.deny('networksecurity.authzPolicies.list');
    const result = await stage.run('plan');
    expect(result).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
    expect(enginesOf(result)['Support agent']).toMatchObject({ governance: 'not-enforced' });
    expect(result.log).toContain('networksecurity.authzPolicies.list');
  });
});

describe('the access token', () => {
  it('is masked first thing and appears nowhere else', async () => {
    const stage = await stageOf();
    const result = await stage.run('apply', {}, { env: { RUNNER_DEBUG: '1' } });
    expect(result.log.split('\n')[0]).toBe(`::add-mask::${TOKEN}`);
    expect(withoutMasks(result.log)).not.toContain(TOKEN);
    expect(result.summary).not.toContain(TOKEN);
    expect(JSON.stringify(result.outputs)).not.toContain(TOKEN);
  });

  it('is in no output when it is malformed', async () => {
    const stage = await stageOf();
    const result = await stage.run('plan', { access_token: 'ya29.secret part' });
    expectFailure(result, 'invalid-input');
    expect(withoutMasks(result.log)).not.toContain('secret part');
    expect(commandsIn(result.log)).toContain('add-mask');
    expect(stage.emulator.requests).toEqual([]);
  });
});
