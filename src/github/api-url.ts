import { GitHubSetupError } from './errors.js';

const PUBLIC = 'https://api.github.com';

/**
 * Where the REST API is: `GITHUB_API_URL`, which the runner sets on github.com, ghe.com and GitHub Enterprise Server alike.
 * The rule is the one for Google's addresses: `https:`, or `http:` to this machine (tests).
 * @returns the root without a slash at the end
 * @throws GitHubSetupError for any other address, before a token is sent; the value is not repeated, it may hold a password
 */
export function apiRoot(env: NodeJS.ProcessEnv): string {
  const value = env.GITHUB_API_URL?.trim() || PUBLIC;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url) throw new GitHubSetupError('GITHUB_API_URL is not a URL such as https://api.github.com.');
  if (url.username !== '' || url.password !== '' || /[?#]/.test(value)) {
    throw new GitHubSetupError('GITHUB_API_URL must not hold a user name, a password, a query or a fragment.');
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new GitHubSetupError(
      'GITHUB_API_URL uses http: to another machine, where the token could be read on the way. It must be https:.',
    );
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new GitHubSetupError('GITHUB_API_URL must start with https://.');
  }
  return url.href.replace(/\/+$/, '');
}

/** `hostname` as the URL parser normalises it, so `127.1` and `0x7f000001` already read `127.0.0.1`. */
const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
