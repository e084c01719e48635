import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { stringify } from 'yaml';
import type { Desired } from '../../../src/config/desired.js';
import { isPreset, PRESET_NAMES } from '../../../src/config/presets.js';
import { normalizeUrl } from '../../../src/config/url.js';
import { build } from './helpers.js';
import { anyText } from '../../support/text.js';

/** Mostly right, so that whole files are right often enough to reach what the builder does with them. */
const mostly = <T>(good: fc.Arbitrary<T>, bad: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 30, arbitrary: good }, { weight: 1, arbitrary: bad });
const orJunk = <T>(good: fc.Arbitrary<T>) => mostly(good, fc.jsonValue({ maxDepth: 2 }));

const key = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom('google-apis', 'stripe-api', 'models', 'constructor', 'api-x-com') },
  { weight: 1, arbitrary: fc.constantFrom('a', '__proto__', 'Bad_Key', 'gemini') },
  { weight: 1, arbitrary: fc.string({ maxLength: 5 }) },
);
const preset = mostly(fc.constantFrom<string>(...PRESET_NAMES), key);
const url = mostly(
  fc.constantFrom('https://api.x.com', 'https://API.y.com/', 'https://z.example', 'https://logging.googleapis.com'),
  fc.oneof(fc.constantFrom('http://x.com', 'x'), fc.webUrl(), fc.string()),
);

const engine = mostly(
  fc.constantFrom('all', '42', 'Support agent', 'projects/acme-agents/locations/us-central1/reasoningEngines/7'),
  fc.string({ maxLength: 8 }),
);
const endpoint = fc.record(
  {
    presets: orJunk(fc.uniqueArray(preset, { minLength: 1, maxLength: 3 })),
    urls: orJunk(fc.uniqueArray(url, { minLength: 1, maxLength: 3 })),
    display_name: mostly(fc.constant('Name'), fc.string({ maxLength: 70 })),
    protocol: orJunk(fc.constantFrom('jsonrpc', 'http-json', 'grpc')),
    carry_over: orJunk(fc.boolean()),
  },
  { requiredKeys: [] },
);
/** Files that are nearly right: most of what the builder does is reached only by these. */
const config = fc.record(
  {
    version: orJunk(fc.constant(1)),
    project: mostly(fc.constantFrom<unknown>('acme-agents', 101010), fc.constant('X')),
    region: mostly(fc.constant('us-central1'), fc.constantFrom('us', 'global', 'us-centrl1', 3)),
    gateways: orJunk(fc.record({ egress: orJunk(key), ingress: orJunk(key) }, { requiredKeys: [] })),
    endpoints: orJunk(fc.dictionary(key, orJunk(endpoint), { maxKeys: 4 })),
    agents: orJunk(
      fc.array(
        orJunk(
          fc.record({ engine: orJunk(engine), allow: orJunk(fc.array(key, { maxLength: 3 })) }, { requiredKeys: [] }),
        ),
        {
          maxLength: 3,
        },
      ),
    ),
    checks: mostly(fc.constantFrom({}, { 'gateway-dry-run': 'off' }), fc.constant({ x: 'off' })),
    move: orJunk(fc.boolean()),
  },
  { requiredKeys: ['version'] },
);
const inputs = fc.record({
  engines: fc.oneof(fc.constantFrom('', 'all', '42, Support agent'), fc.string()),
  allow: fc.oneof(
    fc.constant(''),
    fc.array(fc.oneof(key, preset, url), { maxLength: 4 }).map((items) => items.join('\n')),
  ),
  egress_gateway: fc.constantFrom('', 'egress', 'none', 'Bad'),
  region: fc.constantFrom('', 'us-central1'),
  project_id: fc.constantFrom('', 'acme-agents'),
});

function expectSound({ project, region, endpoints, agents, gateways }: Desired): void {
  expect(project).toMatch(/^[a-z0-9][a-z0-9.:-]+$/);
  expect(region).toMatch(/^[a-z][a-z0-9-]+$/);
  const keys = endpoints.map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
  for (const { key, urls, presets, displayName } of endpoints) {
    expect(key).toMatch(/^[a-z][a-z0-9-]{2,61}[a-z0-9]$/);
    expect(displayName.length).toBeLessThanOrEqual(63);
    expect(urls.length + presets.length).toBeGreaterThan(0);
    for (const each of urls) expect(normalizeUrl(each.url)).toEqual({ url: each.url });
    for (const each of presets) expect(isPreset(each.name)).toBe(true);
  }
  expect(agents.length).toBeGreaterThan(0);
  for (const { allow } of agents) for (const key of allow) expect(keys).toContain(key);
  for (const gateway of Object.values(gateways)) if (gateway !== 'none') expect(gateway.location).toBe(region);
  expect(endpoints.length + Object.keys(gateways).length).toBeGreaterThan(0);
}

describe('buildDesired', () => {
  it('never throws on any text, and says what is wrong with it on one line each', () => {
    const yamlish = fc
      .array(
        fc.constantFrom(
          'version: 1',
          '- ',
          '  ',
          '\n',
          ': ',
          '{',
          '}',
          '[',
          '&a ',
          '*a',
          '? ',
          '"',
          "'",
          '|',
          '!!x ',
          '---',
          'agents',
          '#',
          '\t',
          '%YAML 1.1',
          'é',
          '\u0000',
        ),
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(anyText(), yamlish), inputs, (text, given) => {
        const { desired, problems } = build(text, given);
        expect(desired === undefined).toBe(problems.length > 0);
        for (const line of problems) expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      }),
      { numRuns: 300 },
    );
  });

  it('gives a sound desired state or problems, never both and never neither', () => {
    let sound = 0;
    fc.assert(
      fc.property(fc.option(config, { nil: undefined, freq: 5 }), inputs, (value, given) => {
        const { desired, problems } = build(value === undefined ? undefined : stringify(value), given);
        expect(desired === undefined).toBe(problems.length > 0);
        for (const line of problems) expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
        if (desired === undefined) return;
        sound++;
        expectSound(desired);
      }),
      { numRuns: 1500 },
    );
    // Otherwise the property would be about problems alone.
    expect(sound).toBeGreaterThan(10);
  });
});
