import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { prepare } from '../../../src/commands/prepare.js';
import { InvalidInput } from '../../../src/commands/session.js';
import { formatOrigin, inputOrigin, problem } from '../../../src/config/problems.js';
import { command, CONFIG, inputs, type Command } from '../../support/commands.js';
import { thrownBy } from '../../support/errors.js';

let run: Command;
beforeEach(() => {
  run = command();
});
afterEach(() => run.cleanUp());

const prepareNow = (...args: Parameters<typeof inputs>) => prepare(inputs(...args), run.session);
/** Where each problem is. */
async function problemsOf(...args: Parameters<typeof inputs>): Promise<string[]> {
  const thrown = await thrownBy(() => prepareNow(...args));
  if (!(thrown instanceof InvalidInput)) throw thrown;
  return thrown.problems.map(({ origin }) => formatOrigin(origin));
}

describe('prepare', () => {
  it('reads the file of the workspace', async () => {
    run.config(CONFIG);
    const { desired } = await prepareNow();
    expect(desired).toMatchObject({ project: 'acme-agents', region: 'us-central1', config: 'agent-gateway.yaml' });
  });

  it('tells files of the same name in two repositories apart', async () => {
    run.config(CONFIG);
    run.session.env.GITHUB_REPOSITORY = 'acme/agents';
    expect((await prepareNow()).desired.config).toBe('acme/agents:agent-gateway.yaml');
  });

  it('needs no file', async () => {
    const desired = { project_id: 'acme-agents', region: 'us-central1', engines: 'all', egress_gateway: 'egress' };
    expect((await prepareNow({ desired })).desired.config).toBeUndefined();
  });

  it('sends nothing before everything is valid', async () => {
    run.config(CONFIG.replace('https:', 'http:'));
    await problemsOf();
    expect(run.on.google.calls).toEqual([]);
  });

  it('masks the token', async () => {
    run.config(CONFIG);
    const { google } = await prepareNow({ accessToken: 'ya29.mine' });
    run.on.google.engines.add('1');
    await google.aiplatform.listEngines('acme-agents', 'us-central1');
    expect(run.masked).toContain('ya29.mine');
  });
});

describe('problems', () => {
  const endpointVariable = 'CLOUDSDK_API_ENDPOINT_OVERRIDES_IAP';

  it('of inputs, file and environment are told in one go', async () => {
    run.config(CONFIG.replace('https:', 'http:').replace('us-central1', 'us-centrall'));
    run.session.env[endpointVariable] = 'http://example.com/';
    const timeout = problem(inputOrigin('timeout'), 'wrong');
    expect((await problemsOf({}, [timeout])).sort()).toEqual([
      'agent-gateway.yaml:3:9',
      'agent-gateway.yaml:8:12',
      `input ${endpointVariable}`,
      'input timeout',
    ]);
  });

  it('of a check that keeps its level are told next to others', async () => {
    run.config(`${CONFIG.replace('https:', 'http:')}checks:\n  engine-not-found: off\n`);
    expect(await problemsOf()).toEqual(['agent-gateway.yaml:8:12', 'agent-gateway.yaml:13:21']);
  });

  it.each([
    ['off', 'engine-not-found'],
    ['warning', 'gateway-not-found'],
  ])('level %s of %s is one: it guards running agents', async (level, id) => {
    run.config(`${CONFIG}checks:\n  ${id}: ${level}\n`);
    expect(await problemsOf()).toEqual([expect.stringMatching(/^agent-gateway.yaml:13:/)]);
  });

  it.each([
    ['error', 'engine-not-found'],
    ['warning', 'grants-inert'],
    ['off', 'gateway-dry-run'],
    ['error', 'gateway-dry-run'],
  ])('level %s of %s is none', async (level, id) => {
    run.config(`${CONFIG}checks:\n  ${id}: ${level}\n`);
    expect((await prepareNow()).desired.checkLevels).toMatchObject({ [id]: { level } });
  });
});
