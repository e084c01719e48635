import { describe, expect, it } from '@jest/globals';
import { normalizeUrl } from '../../../src/config/url.js';

describe('normalizeUrl', () => {
  it.each([
    ['https://api.stripe.com', 'https://api.stripe.com'],
    ['https://api.stripe.com/', 'https://api.stripe.com'],
    ['HTTPS://API.Stripe.COM', 'https://api.stripe.com'],
    ['https://us-central1-aiplatform.mtls.googleapis.com', 'https://us-central1-aiplatform.mtls.googleapis.com'],
    ['https://xn--bcher-kva.example', 'https://xn--bcher-kva.example'],
    ['https://1password.com', 'https://1password.com'],
  ])('takes %s', (text, url) => {
    expect(normalizeUrl(text)).toEqual({ url });
  });

  it.each([
    ['http://api.x.com', /http:\/\/, and the gateway only lets TLS/, 'Write "https://api.x.com".'],
    ['ftp://api.x.com', /begins with "ftp:\/\/"/, 'Write "https://api.x.com".'],
    ['api.x.com', /does not begin with https/, 'Write "https://api.x.com".'],
    ['//api.x.com', /does not begin with https/, 'Write https:// and one full host name.'],
    ['https://api.x.com:443', /a port/, 'Write "https://api.x.com".'],
    ['https://api.x.com:', /a port/, 'Write "https://api.x.com".'],
    ['https://api.x.com/v1', /a path/, 'Write "https://api.x.com".'],
    ['https://api.x.com//', /a path/, 'Write "https://api.x.com".'],
    ['https://api.x.com?a=b', /a query/, 'Write "https://api.x.com".'],
    ['https://api.x.com/#a', /a fragment/, 'Write "https://api.x.com".'],
    ['https://me:pw@api.x.com', /user information/, 'Write "https://api.x.com".'],
    ['https://*.x.com', /a wildcard/, 'Write https:// and one full host name.'],
    ['https://localhost', /no dot/, 'Write https:// and one full host name.'],
    ['https://', /no host name/, 'Write https:// and one full host name.'],
    ['https://10.0.0.1', /an IP address/, 'Write https:// and one full host name.'],
    ['https://[::1]', /an IP address/, 'Write https:// and one full host name.'],
    ['https://api.x.com.', /ends with a dot/, 'Write "https://api.x.com".'],
    ['https://a..x.com', /not a valid one/, 'Write https:// and one full host name.'],
    ['https://bücher.example', /punycode/, 'Write https:// and one full host name.'],
    ['https://-a.example', /not a valid one/, 'Write https:// and one full host name.'],
    [`https://${'a'.repeat(64)}.example`, /not a valid one/, 'Write https:// and one full host name.'],
    [' https://api.x.com', /white space/, 'Write "https://api.x.com".'],
    ['https://api.x.com\u0000', /control characters/, 'Write "https://api.x.com".'],
    ['https:\\\\api.x.com', /does not begin with https/, 'Write https:// and one full host name.'],
    // Names every mistake at once.
    ['http://u@api.x.com:80/p?q#f', /http:.*fragment.*query.*path.*user.*port/, 'Write "https://api.x.com".'],
  ])('refuses %j', (text, message, fix) => {
    expect(normalizeUrl(text)).toEqual({ message: expect.stringMatching(message), fix });
  });

  it('survives what is huge', () => {
    expect(normalizeUrl(`https://${'a.'.repeat(500_000)}`)).toHaveProperty('message');
  });
});
