import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Interceptor } from '../../emulator/index.js';
import { newFolder, type StepResult } from './support/runner.js';
import { annotations, CONFIG, SUPPORT, useStages, world, type Stage } from './support/stage.js';

/* A compromised API, gateway or proxy: its answers lead elsewhere or make no sense. No write is ever based on them. */

const set = useStages();
const HERE = 'projects/101010/locations/us-central1';
const SERVICES = [{ id: 'ticket-system', urls: ['https://tickets.example.com'] }];

/** Every answer to this method and path is changed. */
const changed =
  (method: string, end: string, change: (text: string) => string): NonNullable<Interceptor['after']> =>
  async (entry, response) => {
    if (entry.method !== method || !entry.path.endsWith(end)) return response;
    const { status, headers } = response;
    return new Response(change(await response.text()), { status, headers });
  };

async function stageWith(after: NonNullable<Interceptor['after']>): Promise<Stage> {
  const stage = await set({ world: world({ services: SERVICES }), config: CONFIG });
  stage.emulator.interceptors.push({ after });
  return stage;
}

function expectNothingWritten(stage: Stage, result: StepResult): string {
  expect(stage.writes()).toEqual([]);
  expect(result.exitCode).toBe(1);
  expect(result.log).not.toMatch(/^\s+at .+:\d+:\d+|Cannot read|call stack|is not iterable/m);
  return annotations(result.log, 'error').at(-1) ?? '';
}

describe('names that lead elsewhere', () => {
  const to = (from: string, where: string) => (text: string) => text.replaceAll(from, where);

  // Other regions and IDs: unit tests of the clients.
  it.each<[what: string, method: string, end: string, change: (text: string) => string, says: RegExp]>([
    [
      'engines of another project',
      'GET',
      '/reasoningEngines',
      to('projects/101010', 'projects/victim'),
      /projects\/victim.* is not in/,
    ],
    [
      'engines of another number',
      'GET',
      '/reasoningEngines',
      to('projects/101010', 'projects/7'),
      /of another project: 7/,
    ],
    [
      'an engine that steps up',
      'GET',
      '/reasoningEngines',
      to(`reasoningEngines/${SUPPORT}`, 'reasoningEngines/..'),
      /is not the name/,
    ],
    [
      'an engine with a query',
      'GET',
      '/reasoningEngines',
      to(`reasoningEngines/${SUPPORT}`, 'reasoningEngines/1?x='),
      /is not the name/,
    ],
    ['another project', 'GET', '/projects/acme-agents', to('acme-agents', 'victim'), /is not project acme-agents/],
    [
      'services of another project',
      'GET',
      '/services',
      to('projects/acme-agents', 'projects/victim'),
      /projects\/victim.* is not in/,
    ],
    [
      'endpoints of another number',
      'GET',
      '/services',
      to('101010/locations/us-central1/endpoints', '7/locations/us-central1/endpoints'),
      /is not in project acme-agents/,
    ],
    [
      'a gateway of another name',
      'GET',
      '/agentGateways/egress',
      to('agentGateways/egress', 'agentGateways/other'),
      /is not egress/,
    ],
  ])('%s: nothing is written, and the answer is named', async (_what, method, end, change, says) => {
    const stage = await stageWith(changed(method, end, change));
    const result = await stage.run('apply');
    expect(result.outputs).toMatchObject({ failure_reason: 'api-error' });
    expect(expectNothingWritten(stage, result)).toMatch(says);
  });

  it.each(['', '..', '-', '?'])('an endpoint whose ID is %j never stands for the whole registry', async (id) => {
    const change = (text: string): string => text.replace(/(\/endpoints\/)agentregistry-[\w-]+/g, `$1${id}`);
    const stage = await stageWith(changed('GET', '/services', change));
    expect(expectNothingWritten(stage, await stage.run('apply'))).toContain(
      'does not name one resource of Agent Registry',
    );
    const asked = stage.requests('POST', /:(?:get|set)IamPolicy$/).map((entry) => entry.path);
    expect(asked.filter((at) => !at.endsWith(`${HERE}/iap_web/agentRegistry:getIamPolicy`))).toEqual([]);
  });
});

describe('answers that make no sense', () => {
  it.each<[what: string, body: string]>([
    ['null', 'null'],
    ['a list', '[]'],
    [
      'wrong types everywhere',
      JSON.stringify({ name: 7, reasoningEngines: {}, services: 'x', projectId: [], bindings: { role: 1 } }),
    ],
    ['nothing that is asked for', '{}'],
    ['lists of nothing', '{"reasoningEngines":[null],"services":[[]],"authzPolicies":[1],"bindings":[null]}'],
    ['100,000 levels', `{"bindings":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
  ])('everywhere: %s', async (_what, body) => {
    const stage = await stageWith((_entry, { status, headers }) => new Response(body, { status, headers }));
    const result = await stage.run('apply');
    expect(['api-error', 'check-failed']).toContain(result.outputs.failure_reason);
    expect(expectNothingWritten(stage, result)).toMatch(/(?:GET|POST) http:\S+ |Nothing was written/);
  });

  it('a policy with 200,000 members is a policy like any other', async () => {
    const members = Array.from({ length: 200_000 }, (_, index) => `user:u${index}@example.com`);
    const policy = { etag: 'BwY=', bindings: [{ role: 'roles/viewer', members }] };
    const stage = await stageWith(changed('POST', ':getIamPolicy', () => JSON.stringify(policy)));
    expect(await stage.run('plan')).toMatchObject({ exitCode: 0, outputs: { to_grant: '2' } });
  });
});

describe('the file of an event', () => {
  const deep = `${'{"pull_request":'.repeat(50_000)}1${'}'.repeat(50_000)}`;

  it.each<[what: string, content: string | undefined]>([
    ['nested until the stack ends', deep],
    ['of 10 MB', JSON.stringify({ pull_request: { number: 'x'.repeat(10_000_000) } })],
    [
      'with keys of the language',
      '{"__proto__":{"number":7},"pull_request":{"__proto__":{"number":7},"constructor":1}}',
    ],
    ['with numbers that are none', '{"pull_request":{"number":1e400,"head":{"sha":"../..","repo":7},"base":[]}}'],
    ['a folder', undefined],
  ])('is taken for one without a pull request: %s', async (_what, content) => {
    const stage = await set({ world: world(), config: CONFIG });
    const file = path.join(newFolder('event'), 'event.json');
    if (content === undefined) mkdirSync(file);
    else writeFileSync(file, content);
    const env = { GITHUB_EVENT_NAME: 'pull_request', GITHUB_EVENT_PATH: file, GITHUB_REPOSITORY: 'acme/agents' };
    const result = await stage.run('plan', { github_token: 'ghs_x' }, { env });
    expect(result).toMatchObject({ exitCode: 0, outputs: { comment_url: '', to_bind: '2' } });
    expect(result.log).not.toMatch(/^\s+at .+:\d+:\d+/m);
  });
});
