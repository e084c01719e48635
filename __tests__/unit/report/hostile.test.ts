import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { printable } from '../../../src/config/problems.js';
import { renderComment, type CommentInput } from '../../../src/report/comment.js';
import { driftOf, verdictOf, type LayerDrift } from '../../../src/report/drift.js';
import { renderIssue } from '../../../src/report/issue.js';
import { parseMarker, storedLabel } from '../../../src/report/marker.js';
import { redactText } from '../../../src/redact.js';
import { renderSummary } from '../../../src/report/summary.js';
import { documentOf, shown, skeleton } from './dom.js';
import { commentSaying, EVIL_TEXTS } from './hostile.js';
import { anyText } from '../../support/text.js';

/** Lines of a message become lines of the report, which is no matter of escaping. */
function inputSaying(text: string): CommentInput {
  const input = commentSaying(() => text);
  const failures = input.failures.map((failure) => ({ ...failure, message: text.replaceAll('\n', ' ') }));
  return { ...input, failures };
}
const summaryOf = ({ plan, engines, failures, next, open, done = [], label }: CommentInput): string =>
  renderSummary({ title: label, ...(plan ? { plan } : {}), engines, failures, next, open, done });

const driftIn = ({ plan }: CommentInput): LayerDrift[] => (plan ? driftOf(plan) : []);
const issueOf = ({ plan, ...input }: CommentInput): string =>
  plan ? renderIssue({ ...input, plan, drift: driftOf(plan) }).body : '';
const verifiedOf = (input: CommentInput): string => {
  const { plan, engines, failures, next, label } = input;
  const drift = driftIn(input);
  const verdict = plan ? verdictOf(plan, drift, engines) : '';
  return renderSummary({ title: label, ...(plan ? { plan } : {}), engines, failures, next, drift, verdict });
};

const SINKS: readonly (readonly [string, (input: CommentInput) => string])[] = [
  ['comment', renderComment],
  ['summary', summaryOf],
  ['issue', issueOf],
  ['summary of a verification', verifiedOf],
];
/** What a report with nothing but harmless words is made of. */
const skeletonOf = (markdown: string): string => skeleton(documentOf(markdown).body);
const textArb = fc.oneof(
  anyText({ minLength: 1 }),
  fc.string({
    unit: fc.constantFrom(...'<>&|`*_~#@:[]()!{}$"\'\\/-+=.1 \n\ta'.split('')),
    minLength: 1,
    maxLength: 30,
  }),
  fc.tuple(fc.constantFrom(...EVIL_TEXTS), fc.constantFrom(...EVIL_TEXTS)).map((both) => both.join('')),
);

/** Each run reads a whole report as Markdown and HTML. */
const RUNS = { numRuns: 40 };

describe.each(SINKS)('names in a %s', (_sink, render) => {
  const harmless = skeletonOf(render(inputSaying('word')));

  it.each(EVIL_TEXTS)('are nothing but text: %j', (text) => {
    const body = documentOf(render(inputSaying(text))).body;
    expect(skeleton(body)).toBe(harmless);
    expect(shown(body.textContent)).toContain(shown(printable(redactText(text))));
  });

  it('are nothing but text, whatever they are', () => {
    fc.assert(
      fc.property(textArb, (text) => {
        const body = documentOf(render(inputSaying(text))).body;
        expect(skeleton(body)).toBe(harmless);
        const shownText = shown(body.textContent).replace(/\s+/g, ' ');
        expect(shownText).toContain(
          shown(printable(redactText(text)))
            .replace(/\s+/g, ' ')
            .trim(),
        );
      }),
      RUNS,
    );
  });

  it('call nobody and refer to nothing outside of code', () => {
    const { body } = documentOf(render(inputSaying('@octocat @org/team #1 GH-2 acme/agents#3 :rocket:')));
    body.querySelectorAll('code, pre').forEach((element) => element.remove());
    expect(body.textContent).toContain('octocat');
    expect(body.textContent).not.toMatch(/@\w|#\d|GH-\d|:\w+:/);
  });

  it('leave no control or bidirectional character as it is', () => {
    fc.assert(
      fc.property(anyText({ minLength: 1 }), (text) => {
        const markdown = render(inputSaying(text)).replaceAll('\n', '');
        expect(markdown).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      }),
      RUNS,
    );
  });

  it('show no query, fragment or user of a URL', () => {
    const text = render(inputSaying('see https://user:secret@host.example/p?key=secret#secret'));
    expect(text).toContain('host.example');
    expect(text.split('\n').slice(1).join('\n')).not.toContain('secret');
  });
});

describe('a marker', () => {
  it('cannot be forged by a name', () => {
    const [forged = ''] = EVIL_TEXTS.filter((text) => text.startsWith('<!-- bind-agent-gateway'));
    const comment = renderComment(inputSaying(forged));
    expect(parseMarker(comment)).toMatchObject({ label: forged, state: 'failed' });
    expect(comment.match(/<!--/g)).toHaveLength(1);
    expect(
      comment
        .split('\n')
        .slice(1)
        .filter((line) => parseMarker(line)),
    ).toEqual([]);
  });

  it('of an issue cannot be forged by a name, and its title has no line break and fits', () => {
    for (const text of EVIL_TEXTS) {
      const { plan, ...input } = inputSaying(text.repeat(20));
      if (!plan) throw new Error('there is a plan');
      const { title, body } = renderIssue({ ...input, plan, drift: driftOf(plan) });
      expect(parseMarker(body)).toMatchObject({ label: storedLabel(input.label), state: 'drift' });
      expect(body.match(/<!--/g)).toHaveLength(1);
      expect(title).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(title.length).toBeLessThanOrEqual(256);
    }
  });
});
