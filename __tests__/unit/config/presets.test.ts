import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  describePreset,
  expandForEnvironment,
  expandPreset,
  isPreset,
  PRESET_NAMES,
} from '../../../src/config/presets.js';
import { normalizeUrl } from '../../../src/config/url.js';

const SCOPE = { region: 'us-central1', universe: 'googleapis.com' };
const hosts = (found: readonly { url: string }[]) =>
  found.map(({ url }) => url.replace('https://', '').replace('.googleapis.com', '')).sort();
const both = (...services: string[]) => services.flatMap((service) => [service, `${service}.mtls`]);

describe('expandPreset', () => {
  const model = ['aiplatform.us-central1.rep', ...both('us-central1-aiplatform')];

  it.each([
    [
      'runtime',
      [
        ...both(
          'us-central1-aiplatform',
          'aiplatform',
          'us-central1-agentregistry',
          'agentregistry',
          'oauth2',
          'logging',
        ),
        ...both('monitoring', 'telemetry', 'trace', 'cloudtrace', 'cloudresourcemanager', 'iamcredentials'),
        ...both('secretmanager'),
        'aiplatform.us-central1.rep',
      ],
    ],
    ['gemini', model],
    ['sessions', model],
    ['memory-bank', model],
    ['gemini-global', both('aiplatform')],
    ['gemini-us', ['aiplatform.us.rep', ...both('us-aiplatform')]],
    ['gemini-eu', ['aiplatform.eu.rep', ...both('eu-aiplatform')]],
    ['tracing', both('telemetry', 'cloudtrace', 'trace')],
    ['logging', both('logging')],
    ['monitoring', both('monitoring')],
    ['agent-registry', both('agentregistry', 'us-central1-agentregistry')],
    ['impersonation', both('iamcredentials')],
    ['oauth', both('oauth2', 'sts')],
    ['secret-manager', both('secretmanager')],
    ['storage', both('storage')],
    ['bigquery', both('bigquery')],
    ['discovery-engine', both('discoveryengine', 'global-discoveryengine')],
    ['iap', both('iap')],
    ['model-armor', ['modelarmor.us-central1.rep']],
    ['pubsub', both('pubsub')],
    ['container', both('container')],
    ['constructor', []],
    ['nothing', []],
  ])('%s', (name, expected) => {
    expect(hosts(expandPreset(name, SCOPE))).toEqual([...expected].sort());
  });

  it('follows region and universe', () => {
    expect(hosts(expandPreset('gemini', { ...SCOPE, region: 'eu' }))).toEqual([
      'aiplatform.eu.rep',
      'eu-aiplatform',
      'eu-aiplatform.mtls',
    ]);
    expect(
      expandPreset('logging', { region: 'u-france-east1', universe: 's3nsapis.fr' }).map(({ url }) => url),
    ).toEqual(['https://logging.s3nsapis.fr', 'https://logging.mtls.s3nsapis.fr']);
  });

  it.each(PRESET_NAMES)('%s gives registrable URLs, each once and with a reason', (name) => {
    const found = expandPreset(name, SCOPE);
    expect(found.length).toBeGreaterThan(0);
    expect(new Set(found.map(({ url }) => url)).size).toBe(found.length);
    for (const host of found) {
      expect(normalizeUrl(host.url)).toEqual({ url: host.url });
      expect(host.preset).toBe(name);
      expect(host.reason).toMatch(/^[A-Z].*\)$/);
    }
    expect(describePreset(name)).not.toBe('');
    expect(isPreset(name)).toBe(true);
  });

  it('says why the mTLS form is there', () => {
    const mtls = expandPreset('logging', SCOPE).find(({ url }) => url.includes('.mtls.'));
    expect(mtls?.reason).toContain('mTLS');
  });
});

describe('expandForEnvironment', () => {
  const added = (presets: string[], env: Record<string, string>) => hosts(expandForEnvironment(presets, env, SCOPE));

  it.each([
    ['gemini', 'global', both('aiplatform')],
    ['runtime', 'global', both('aiplatform')],
    ['logging', 'global', []],
    ['sessions', 'global', []],
    ['gemini', 'us', ['aiplatform.us.rep', 'us-aiplatform', 'us-aiplatform.mtls']],
    ['gemini', 'eu', ['aiplatform.eu.rep', 'eu-aiplatform', 'eu-aiplatform.mtls']],
    [
      'gemini',
      'europe-west4',
      ['aiplatform.europe-west4.rep', 'europe-west4-aiplatform', 'europe-west4-aiplatform.mtls'],
    ],
    ['runtime', 'europe-west4', []],
    ['gemini', 'us-central1', []],
    ['gemini', '', []],
    ['gemini', 'evil.example/', []],
    ['gemini', 'us-central1.evil', []],
    ['gemini', '__proto__', []],
    ['gemini', `us-${'a'.repeat(100_000)}1`, []],
  ])('%s with GOOGLE_CLOUD_LOCATION, case %#', (preset, value, expected) => {
    expect(added([preset], { GOOGLE_CLOUD_LOCATION: value })).toEqual(expected);
  });

  it('names the variable and its value', () => {
    const [host] = expandForEnvironment(['gemini'], { GOOGLE_CLOUD_LOCATION: 'global' }, SCOPE);
    expect(host).toMatchObject({ preset: 'gemini', reason: expect.stringContaining('GOOGLE_CLOUD_LOCATION=global') });
  });

  const telemetry = both('logging', 'telemetry');

  it.each([
    [['runtime'], { GOOGLE_CLOUD_AGENT_ENGINE_ENABLE_TELEMETRY: 'True' }, telemetry],
    [['runtime'], { GOOGLE_CLOUD_AGENT_ENGINE_ENABLE_TELEMETRY: '1' }, telemetry],
    [['runtime'], { GOOGLE_CLOUD_AGENT_ENGINE_ENABLE_TELEMETRY: 'false' }, []],
    [['runtime', 'tracing'], { GOOGLE_CLOUD_AGENT_ENGINE_ENABLE_TELEMETRY: 'true' }, both('logging')],
    [['runtime', 'logging'], { GOOGLE_CLOUD_AGENT_ENGINE_ENABLE_TELEMETRY: 'true' }, both('telemetry')],
    [['gemini'], { GOOGLE_CLOUD_AGENT_ENGINE_ENABLE_TELEMETRY: 'true' }, []],
    [['runtime'], { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://telemetry.googleapis.com' }, telemetry],
    [['runtime'], { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://telemetry.googleapis.com:443/v1/traces' }, telemetry],
    [['runtime'], { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'telemetry.mtls.googleapis.com:443' }, telemetry],
    [
      ['runtime'],
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://us-central1-telemetry.googleapis.com' },
      [...telemetry, ...both('us-central1-telemetry')],
    ],
    [['runtime'], { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example.com' }, []],
    [['runtime'], { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://telemetry.googleapis.com.evil.example' }, []],
    [['runtime'], { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://storage.googleapis.com' }, []],
    [['runtime'], { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://evil@telemetry.googleapis.com' }, []],
  ])('%j with %j', (presets, env, expected) => {
    expect(added(presets, env as unknown as Record<string, string>)).toEqual(expected);
  });

  it('gives the mTLS switches as a reason, and changes no host for them', () => {
    const env = { GOOGLE_API_USE_MTLS_ENDPOINT: 'never', GOOGLE_API_USE_CLIENT_CERTIFICATE: 'true' };
    const found = expandForEnvironment(['logging'], env, SCOPE);
    expect(hosts(found)).toEqual(['logging.mtls']);
    expect(found[0]?.reason).toContain('GOOGLE_API_USE_MTLS_ENDPOINT=never and GOOGLE_API_USE_CLIENT_CERTIFICATE=true');
    expect(expandForEnvironment(['logging'], { GOOGLE_API_USE_MTLS_ENDPOINT: '\u001b[2J' }, SCOPE)).toEqual([]);
  });

  it('only ever gives hosts of the universe that can be registered', () => {
    const names = ['GOOGLE_CLOUD_LOCATION', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'GOOGLE_API_USE_MTLS_ENDPOINT'];
    fc.assert(
      fc.property(
        fc.subarray([...PRESET_NAMES]),
        fc.dictionary(fc.constantFrom(...names), fc.string()),
        (presets, env) => {
          for (const { url } of expandForEnvironment(presets, env, SCOPE)) {
            expect(normalizeUrl(url)).toEqual({ url });
            expect(url.endsWith('.googleapis.com')).toBe(true);
          }
        },
      ),
    );
  });
});
