import { quote } from './problems.js';

/** A URL that can be registered, or why it cannot be and what to write instead. */
export type UrlResult = { readonly url: string } | { readonly message: string; readonly fix: string };

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** A host name has at most 253 characters; what is much longer is not looked into. */
const LONGEST = 2_000;
const EXACT = 'the gateway matches exact host names';

/**
 * The URL as it is registered: `https://host`, lower case, nothing after it. The gateway compares host names as text
 * and knows no wildcards (docs "Route Agent Runtime traffic through Agent Gateway"; google/skills agent-registry.md: a
 * slash, port or scheme too many is enough to miss), so what cannot match is refused instead of registered.
 */
export function normalizeUrl(text: string): UrlResult {
  if (text.length > LONGEST) {
    const message = `${quote(text)} cannot be registered: it is longer than ${LONGEST} characters.`;
    return { message, fix: 'Write https:// and one full host name.' };
  }
  const why: string[] = [];
  if (/[\s\p{Cc}]/u.test(text)) why.push('it holds white space or control characters, which no host name does');
  const compact = text.replace(/[\s\p{Cc}]+/gu, '');
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(compact)?.[1]?.toLowerCase();
  if (scheme === undefined) why.push('it does not begin with https://');
  else if (scheme === 'http') why.push('it is http://, and the gateway only lets TLS through');
  else if (scheme !== 'https')
    why.push(`it begins with ${quote(`${scheme}://`, 30)}, and interfaces are registered as https://`);
  const rest = scheme === undefined ? compact : compact.slice(scheme.length + 3);
  const [, authority = '', tail = ''] = /^([^/?#\\]*)(.*)$/u.exec(rest) ?? [];
  if (tail.includes('#')) why.push('it has a fragment, which is never sent');
  if (/^[^#]*\?/.test(tail)) why.push('it has a query, and the gateway looks at the host name only');
  if (!['', '/'].includes(tail) && !/^[?#]/.test(tail))
    why.push('it has a path, and the gateway matches host names, never paths');
  const host = hostOf(authority, why);
  if (why.length === 0) return { url: `https://${host}` };
  const fix = isHostName(host) ? `Write ${quote(`https://${host}`, 280)}.` : 'Write https:// and one full host name.';
  return { message: `${quote(text)} cannot be registered: ${why.join('; ')}.`, fix };
}

/** The host name in the part between `//` and the path, as it should be written; what is wrong with it goes to `why`. */
function hostOf(authority: string, why: string[]): string {
  const user = authority.lastIndexOf('@');
  if (user >= 0) why.push('it has user information in front of the host, which would be a published secret');
  let host = authority.slice(user + 1).toLowerCase();
  if (host.startsWith('[')) {
    why.push(`it has an IP address, and ${EXACT}`);
    return '';
  }
  const port = /:\d*$/.exec(host);
  if (port) {
    why.push('it has a port, and the gateway matches the host name alone');
    host = host.slice(0, port.index);
  }
  if (host.endsWith('.')) {
    why.push('its host name ends with a dot');
    // No pattern: it would look for the end behind each dot of a name that has thousands.
    while (host.endsWith('.')) host = host.slice(0, -1);
  }
  if (host === '') why.push('it has no host name');
  else if (host.includes('*')) why.push(`it has a wildcard, and ${EXACT}; list each host`);
  else if (/^[\d.]+$/.test(host)) why.push(`it has an IP address, and ${EXACT}`);
  else if (!host.includes('.')) why.push('its host name has no dot, so it is no public host');
  else if (!isHostName(host))
    why.push('its host name is not a valid one (letters, digits, hyphens and dots; punycode for others)');
  return host;
}

function isHostName(host: string): boolean {
  const labels = host.split('.');
  return (
    host.length <= 253 && labels.length > 1 && labels.every((l) => LABEL.test(l)) && !/^\d+$/.test(labels.at(-1) ?? '')
  );
}
