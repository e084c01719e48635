import { describe, expect, it } from '@jest/globals';
import { APIS, createHosts, EndpointOverrideError, overrideVariable } from '../../../src/google/hosts.js';
import { isKnownRegion, isMultiRegion, REGIONS } from '../../../src/google/regions.js';

const rootOf = (region: string, universe = 'googleapis.com'): string =>
  createHosts({ universe, region, env: {} }).root('aiplatform');
const withOverride = (value: string): string =>
  createHosts({
    universe: 'googleapis.com',
    region: 'us-central1',
    env: { CLOUDSDK_API_ENDPOINT_OVERRIDES_AIPLATFORM: value },
  }).root('aiplatform');

describe('public hosts', () => {
  it.each([
    ['us-central1', 'https://us-central1-aiplatform.googleapis.com/'],
    ['us', 'https://aiplatform.us.rep.googleapis.com/'],
    ['eu', 'https://aiplatform.eu.rep.googleapis.com/'],
    ['global', 'https://aiplatform.googleapis.com/'],
    ['us-centrall1', 'https://aiplatform.googleapis.com/'],
    ['evil.example/', 'https://aiplatform.googleapis.com/'],
  ])('aiplatform in %s', (region, root) => {
    expect(rootOf(region)).toBe(root);
  });

  it('aiplatform in another universe', () => {
    expect(rootOf('u-france-east1', 's3nsapis.fr')).toBe('https://u-france-east1-aiplatform.s3nsapis.fr/');
    expect(rootOf('global', 's3nsapis.fr')).toBe('https://aiplatform.s3nsapis.fr/');
    expect(rootOf('x/../y1', 's3nsapis.fr')).toBe('https://aiplatform.s3nsapis.fr/');
  });

  it('all others have one', () => {
    const hosts = createHosts({ universe: 'googleapis.com', region: 'us-central1', env: {} });
    for (const api of APIS.filter((name) => name !== 'aiplatform')) {
      expect(hosts.root(api)).toBe(`https://${api}.googleapis.com/`);
    }
  });
});

describe('overrides', () => {
  it.each([
    ['https://aiplatform-us-central1.p.googleapis.com/', 'https://aiplatform-us-central1.p.googleapis.com/'],
    ['https://private.example', 'https://private.example/'],
    ['http://127.0.0.1:8085/iap', 'http://127.0.0.1:8085/iap/'],
    ['http://127.9.9.9/', 'http://127.9.9.9/'],
    ['http://127.1:80/', 'http://127.0.0.1/'],
    ['http://localhost:8085/a/b/', 'http://localhost:8085/a/b/'],
    ['http://[::1]:8085', 'http://[::1]:8085/'],
    [' https://private.example/ ', 'https://private.example/'],
    ['', 'https://us-central1-aiplatform.googleapis.com/'],
    // Odd spellings of this machine: what counts, and what a request goes to, is what the URL parser makes of them.
    ['http://LOCALHOST/', 'http://localhost/'],
    ['http://127.0.0.1.:8085/', 'http://127.0.0.1:8085/'],
    ['http://2130706433/', 'http://127.0.0.1/'],
    ['http://0x7f.0.0.1/', 'http://127.0.0.1/'],
    ['http://0177.0.0.1/', 'http://127.0.0.1/'],
    ['http://\uff11\uff12\uff17.0.0.1/', 'http://127.0.0.1/'],
    ['http://127\u30020\u30020\u30021/', 'http://127.0.0.1/'],
    ['http://%31%32%37.0.0.1/', 'http://127.0.0.1/'],
    ['http://[0:0:0:0:0:0:0:1]/', 'http://[::1]/'],
    ['http://127.0.0.1\\@evil.example/', 'http://127.0.0.1/@evil.example/'],
    ['https://private.example/a/../b', 'https://private.example/b/'],
    ['https://private.example:443/', 'https://private.example/'],
  ])('%j', (value, root) => {
    expect(withOverride(value)).toBe(root);
  });

  it.each([
    'http://aiplatform.example/',
    'http://127.0.0.1.example.com/',
    'http://localhost.example.com/',
    'http://0.0.0.0/',
    'http://[::2]/',
    'http://169.254.169.254/',
    'ftp://127.0.0.1/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'private.example',
    'https://',
    'https://user:hunter2@private.example/',
    'https://user@private.example/',
    'https://private.example/?key=1',
    'https://private.example/?',
    'https://private.example/#x',
    'https://private.example/#',
    'http://localhost./',
    'http://localhost.localdomain/',
    'http://127.0.0.1.nip.example/',
    'http://127.0.0.1@evil.example/',
    'http://127.0.0.1:80@evil.example/',
    'http://evil.example\\@127.0.0.1/',
    'http://evil.example#@127.0.0.1/',
    'http:evil.example',
    'http:\\\\evil.example',
    'http://\u2488evil.example/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::]/',
    'http://[::1%25eth0]/',
    'http://[fe80::1]/',
    'http://0/',
    'http://256.0.0.1/',
    'http://127.0.0.1:99999/',
    '//127.0.0.1/',
    'wss://127.0.0.1/',
    'data:text/plain,x',
    'blob:https://private.example/x',
    'https://private.example\uff0f.evil.example/?',
    'https://@',
    'https://:hunter2@private.example/',
  ])('%j is refused', (value) => {
    expect(() => withOverride(value)).toThrow(EndpointOverrideError);
    expect(() => withOverride(value)).toThrow('CLOUDSDK_API_ENDPOINT_OVERRIDES_AIPLATFORM');
    expect(() => withOverride(value)).not.toThrow(/hunter2/);
  });

  it('reports all problems at once', () => {
    const env = { [overrideVariable('iap')]: 'http://a.example', [overrideVariable('iam')]: 'nonsense' };
    let problems: EndpointOverrideError['problems'] = [];
    try {
      createHosts({ universe: 'googleapis.com@evil.example', region: 'us-central1', env });
    } catch (error) {
      if (error instanceof EndpointOverrideError) ({ problems } = error);
    }
    expect(problems.map(({ variable }) => variable)).toEqual([
      'universe',
      overrideVariable('iap'),
      overrideVariable('iam'),
    ]);
  });
});

describe('a universe', () => {
  it.each([
    'evil.example/',
    'evil.example:443',
    'evil.example.',
    '.evil.example',
    'user@evil.example',
    'evil.example?',
    'evil.example#',
    'evil\u3002example',
    'Evil.example',
    'localhost',
    '127.0.0.1',
    'a.0x7f',
    '-a.example',
    `${'a.'.repeat(200)}example`,
    '',
  ])('%j is none', (universe) => {
    expect(() => createHosts({ universe, region: 'us-central1', env: {} })).toThrow('universe is not a domain name.');
  });
});

describe('regions', () => {
  it('are the 45 with a host of their own', () => {
    expect(REGIONS).toHaveLength(45);
    expect(new Set(REGIONS).size).toBe(45);
    expect(isKnownRegion('europe-west15')).toBe(true);
    expect(isKnownRegion('us')).toBe(false);
    expect(isMultiRegion('us')).toBe(true);
    expect(isMultiRegion('global')).toBe(false);
  });
});
