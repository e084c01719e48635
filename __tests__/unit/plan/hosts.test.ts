import { describe, expect, it } from '@jest/globals';
import type { Desired } from '../../../src/config/desired.js';
import { planHosts } from '../../../src/plan/hosts.js';
import {
  desired,
  endpoint,
  fromFile,
  observed,
  observedEngine,
  UNIVERSE,
  type AllowedEngine,
} from '../../support/builders.js';

const preset = (name: string) => ({ name, origin: fromFile() });
const gemini = (key: string) => endpoint(key, [], { presets: [preset('gemini')] });

function hosts(want: Desired, engines: readonly AllowedEngine[] = []) {
  return planHosts(want, observed({ engines }), { region: 'us-central1', universe: UNIVERSE });
}

function wanted(want: Desired, engines: readonly AllowedEngine[] = []) {
  return hosts(want, engines).wanted;
}

const urlsOf = (want: Desired, key: string, engines: readonly AllowedEngine[] = []): string[] =>
  (wanted(want, engines).get(key) ?? []).map(({ url }) => url);

describe('planHosts', () => {
  it('gives a URL that two keys list to the first of them; both want it', () => {
    const want = desired({
      endpoints: [endpoint('zulu', ['https://x.example']), endpoint('alfa', ['https://x.example'])],
    });
    const owned = { url: 'https://x.example', reason: 'Listed under urls', owner: 'zulu' };
    expect([...wanted(want)]).toEqual([
      ['zulu', [owned]],
      ['alfa', [owned]],
    ]);
  });

  it('expands presets for the region and says why each host is there', () => {
    const list = wanted(desired({ endpoints: [gemini('models')] })).get('models') ?? [];
    expect(list.map(({ url }) => url)).toEqual([
      'https://aiplatform.us-central1.rep.googleapis.com',
      'https://us-central1-aiplatform.googleapis.com',
      'https://us-central1-aiplatform.mtls.googleapis.com',
    ]);
    for (const { reason } of list) expect(reason).toMatch(/^gemini: Gemini /);
  });

  it('takes what is listed and in a preset once, with both reasons', () => {
    const host = 'https://us-central1-aiplatform.googleapis.com';
    const want = desired({ endpoints: [endpoint('models', [host], { presets: [preset('gemini')] })] });
    const found = (wanted(want).get('models') ?? []).filter(({ url }) => url === host);
    expect(found).toEqual([
      { url: host, reason: expect.stringMatching(/^Listed under urls; gemini: /), owner: 'models' },
    ]);
  });

  it('sorts, whatever the order of the file', () => {
    const hosts = ['https://c.example', 'https://a.example', 'https://b.example'];
    expect(urlsOf(desired({ endpoints: [endpoint('hosts', hosts)] }), 'hosts')).toEqual([...hosts].sort());
  });

  it('knows every key, one without hosts too', () => {
    expect([...wanted(desired({ endpoints: [endpoint('one', []), endpoint('two', [])] })).keys()]).toEqual([
      'one',
      'two',
    ]);
  });
});

describe("what an engine's environment adds", () => {
  const elsewhere = { GOOGLE_CLOUD_LOCATION: 'global' };
  const added = 'https://aiplatform.googleapis.com';

  it('goes to the keys that this engine may reach', () => {
    const engines = [observedEngine('1', { allow: ['models'], env: elsewhere })];
    const want = desired({ endpoints: [gemini('models')] });
    expect(urlsOf(want, 'models', engines)).toContain(added);
    expect((wanted(want, engines).get('models') ?? []).find(({ url }) => url === added)?.reason).toContain(
      'GOOGLE_CLOUD_LOCATION=global',
    );
  });

  it('is not added for an engine that may not reach the key', () => {
    const engines = [observedEngine('1', { allow: [], env: elsewhere })];
    expect(urlsOf(desired({ endpoints: [gemini('models')] }), 'models', engines)).not.toContain(added);
  });

  it('never takes a URL from a later key that lists it', () => {
    const engines = [observedEngine('1', { allow: ['models', 'global'], env: elsewhere })];
    const want = desired({ endpoints: [gemini('models'), endpoint('global', [added])] });
    expect(urlsOf(want, 'models', engines)).not.toContain(added);
    expect(urlsOf(want, 'global', engines)).toEqual([added]);
  });

  it('is the same for the same engines in any order', () => {
    const engines = [
      observedEngine('1', { allow: ['all-of-it'], env: { GOOGLE_API_USE_MTLS_ENDPOINT: 'always' } }),
      observedEngine('2', { allow: ['all-of-it'], env: { GOOGLE_API_USE_CLIENT_CERTIFICATE: 'true' } }),
    ];
    const want = desired({ endpoints: [gemini('all-of-it')] });
    expect(wanted(want, [...engines].reverse())).toEqual(wanted(want, engines));
  });
});

describe('what an engine needs and may not use', () => {
  const shared = desired({
    endpoints: [endpoint('zulu', ['https://x.example', 'https://y.example']), endpoint('alfa', ['https://x.example'])],
  });

  it('is a URL that another key carries', () => {
    const engine = observedEngine('1', { allow: ['alfa'] });
    expect(hosts(shared, [engine]).unmet).toEqual([
      { engine, key: 'alfa', owner: 'zulu', urls: ['https://x.example'] },
    ]);
  });

  it.each([['alfa', 'zulu'], ['zulu'], []])('is nothing for an engine that may use %j', (...allow) => {
    expect(hosts(shared, [observedEngine('1', { allow })]).unmet).toEqual([]);
  });

  it('may come from its environment', () => {
    const added = 'https://aiplatform.googleapis.com';
    const want = desired({ endpoints: [gemini('models'), endpoint('global', [added])] });
    const engine = observedEngine('1', { allow: ['models'], env: { GOOGLE_CLOUD_LOCATION: 'global' } });
    expect(hosts(want, [engine]).unmet).toMatchObject([{ key: 'models', owner: 'global', urls: [added] }]);
  });
});
