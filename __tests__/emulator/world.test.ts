import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { readWorld, startEmulator, WorldError } from '../../emulator/index.js';
import { withEmulator } from './helpers.js';

const WORLDS = readdirSync('emulator/worlds');

const problemsOf = (text: string): string => {
  try {
    readWorld(text, 'world.yaml');
    return '';
  } catch (error) {
    if (error instanceof WorldError) return error.message;
    throw error;
  }
};

describe('reading a world', () => {
  it('reports every problem with line and column', () => {
    const problems = problemsOf(
      ['projects:', '  - { id: a, number: 12, colour: red }', 'engines:', '  - { id: "1" }', 'speed: fast'].join('\n'),
    );
    expect(problems).toContain('world.yaml:2:22: projects.0.number: Invalid input: expected string');
    expect(problems).toContain('projects.0.colour: Unrecognized key');
    expect(problems).toContain('world.yaml:4:5: engines.0.displayName');
    expect(problems).toMatch(/world\.yaml:5:8: speed: Unrecognized key/);
  });

  it('refuses unknown switches, ids given twice and text that is no YAML', () => {
    const project = 'projects: [{ id: a, number: "1" }]';
    expect(problemsOf(`${project}\nsettings: { iap: { strict: true } }`)).toContain(
      'settings.iap.strict: Unrecognized key',
    );
    expect(problemsOf(`${project}\ngateways: [{ id: g, path: egress }, { id: g, path: ingress }]`)).toContain(
      'gateways.1.id',
    );
    expect(problemsOf('a: [')).toContain('world.yaml');
    expect(problemsOf(project)).toBe('');
  });

  it('says what a reference does not find', async () => {
    const projects = [{ id: 'a', number: '1' }];
    const missing = [
      { projects, engines: [{ id: '1', displayName: 'x', project: 'b' }] },
      { projects, policies: [{ on: 'service:nope', bindings: [{ members: ['user:a@b.com'] }] }] },
      { projects, policies: [{ on: 'registry', bindings: [{ members: ['engine:7'] }] }] },
    ];
    for (const world of missing)
      await expect(startEmulator({ world })).rejects.toThrow(/no (project b|service nope|engine)/);
  });
});

describe.each(WORLDS)('the world %s', (name) => {
  const folder = `emulator/worlds/${name}`;
  const config = parse(readFileSync(`${folder}/agent-gateway.yaml`, 'utf8')) as {
    project: string;
    region: string;
    gateways: Record<string, string>;
    endpoints: Record<string, { urls?: string[] }>;
    agents: { engine: string; allow: string[] }[];
  };

  it('starts, and has what its config names', async () => {
    await withEmulator(readFileSync(`${folder}/world.yaml`, 'utf8'), async (emulator, call) => {
      const place = `projects/${config.project}/locations/${config.region}`;
      const gateways = Object.values(config.gateways);
      for (const gateway of gateways) {
        expect((await call('GET', `networkservices/v1/${place}/agentGateways/${gateway}`)).status).toBe(200);
      }
      for (const agent of config.agents) {
        expect(agent.engine === 'all' || emulator.world.engine(agent.engine).principal !== '').toBe(true);
        for (const key of agent.allow) expect(config.endpoints).toHaveProperty(key);
      }
    });
  });

  it('has a config that gives no host to two endpoints and valid service ids', () => {
    const urls = Object.values(config.endpoints).flatMap((endpoint) => endpoint.urls ?? []);
    expect(new Set(urls).size).toBe(urls.length);
    for (const key of Object.keys(config.endpoints)) expect(key).toMatch(/^[a-z][a-z0-9-]{2,61}[a-z0-9]$/);
  });
});
