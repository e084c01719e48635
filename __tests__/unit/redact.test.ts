import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { redactText, redactUrl } from '../../src/redact.js';

describe('redactUrl', () => {
  it.each([
    ['https://api.stripe.com', 'https://api.stripe.com'],
    ['https://host/a/b', 'https://host/a/b'],
    ['https://host/a@b', 'https://host/a@b'],
    ['https://host/p?key=1', 'https://host/p?…'],
    ['https://host/p#x', 'https://host/p#…'],
    ['https://user:pw@host/p?key=1#x', 'https://…@host/p?…#…'],
    ['https://user@host', 'https://…@host'],
    ['https://u@ser:p@w@host/', 'https://…@host/'],
    ['https:///user:pw@host/', 'https://…@host/'],
    ['https:\\\\user:pw@host', '…@host'],
    ['https:user:pw@host', '…@host'],
    ['https://user:p/w@host/', 'https://…@host/'],
    ['ht\ntps://user:pw@host', '…@host'],
    ['host?key=1', 'host?…'],
    ['', ''],
  ])('%j becomes %j', (url, redacted) => {
    expect(redactUrl(url)).toBe(redacted);
  });

  it('never shows a password, a query or a fragment', () => {
    const part = fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[?#/\\]/g, ''));
    fc.assert(
      fc.property(part, part, part, fc.webPath(), (user, query, fragment, path) => {
        const url = `https://${user}SECRET@host${path}?${query}SECRET#${fragment}SECRET`;
        expect(redactUrl(url)).not.toContain('SECRET');
      }),
    );
  });

  it('leaves a redacted URL as it is', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (url) => {
        expect(redactUrl(redactUrl(url))).toBe(redactUrl(url));
      }),
    );
  });
});

describe('redactText', () => {
  it.each([
    ['Calls https://a.example/p?key=1, then goes on.', 'Calls https://a.example/p?…, then goes on.'],
    ['("https://u:p@a.example?k=1")', '("https://…@a.example?…")'],
    ['grpc://u:p@a.example and https://b.example#x.', 'grpc://…@a.example and https://b.example#….'],
    ['principal://agents.global.org-1.system.id.goog/x', 'principal://agents.global.org-1.system.id.goog/x'],
    ['user:someone@acme.example? no', 'user:someone@acme.example? no'],
  ])('%j becomes %j', (text, redacted) => {
    expect(redactText(text)).toBe(redacted);
  });

  it.each([
    'Enable it at https://console.developers.google.com/apis/api/iap.googleapis.com?project=101010.',
    'See https://docs.cloud.google.com/agent-gateway#limits, or https://cloud.google.com/x?hl=en',
  ])('keeps what Google writes about its own pages: %s', (text) => {
    expect(redactText(text)).toBe(text);
  });

  it.each([
    'https://cloud.google.com@evil.example?k=1',
    'https://u:p@cloud.google.com/?k=1',
    'https://cloud.google.com.evil.example/?k=1',
  ])('takes %s for no page of Google', (url) => {
    expect(redactText(url)).not.toMatch(/k=1|u:p/);
  });

  it.each([
    ['letters', 'a'.repeat(200_000)],
    ['signs', `https://${')'.repeat(200_000)}a`],
    ['schemes', 'a://'.repeat(50_000)],
  ])('comes to an end with a long run of %s', (_what, text) => {
    // A limit that ends what would take minutes, not a test of speed: as it should be it takes milliseconds.
    const redact = (): string => redactText(text);
    expect(() => void runInNewContext('redact()', { redact }, { timeout: 20_000 })).not.toThrow();
  });
});
