import { describe, expect, it } from '@jest/globals';
import { apiRoot } from '../../../src/github/api-url.js';
import { GitHubSetupError } from '../../../src/github/errors.js';

const rootOf = (url: string): string => apiRoot({ GITHUB_API_URL: url });

describe('apiRoot', () => {
  it.each([
    ['', 'https://api.github.com'],
    [' ', 'https://api.github.com'],
    ['https://ghe.example.com/api/v3//', 'https://ghe.example.com/api/v3'],
    ['http://2130706433:1/', 'http://127.0.0.1:1'],
    ['http://\uff11\uff12\uff17.0.0.1/', 'http://127.0.0.1'],
    ['http://[0:0:0:0:0:0:0:1]/', 'http://[::1]'],
  ])('%j is %s', (url, root) => {
    expect(rootOf(url)).toBe(root);
  });

  it.each([
    'http://ghe.example.com/',
    'http://localhost./',
    'http://127.0.0.1.nip.example/',
    'http://127.0.0.1@evil.example/',
    'http://evil.example\\@127.0.0.1/',
    'http:evil.example',
    'http://[::ffff:127.0.0.1]/',
    'http://0.0.0.0/',
    'https://hunter2@ghe.example.com/',
    'https://:hunter2@ghe.example.com/',
    'https://ghe.example.com/#',
    'https://ghe.example.com/?hunter2',
    'ws://127.0.0.1/',
    'hunter2',
  ])('%j is refused, and not repeated', (url) => {
    expect(() => rootOf(url)).toThrow(GitHubSetupError);
    expect(() => rootOf(url)).not.toThrow(/hunter2/);
  });
});
