import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Failure } from '../../../src/failure.js';
import type { Change, Finding, Plan } from '../../../src/plan/types.js';
import { renderComment, type CommentInput } from '../../../src/report/comment.js';
import { parseMarker, STATES } from '../../../src/report/marker.js';
import { documentOf, shown } from './dom.js';
import { without } from '../../support/without.js';
import { CASES, firstPlan } from './golden-cases.js';
import { commentSaying } from './hostile.js';
import { anyText } from '../../support/text.js';

const golden = (name: string): string => CASES[name]?.() ?? '';
const textOf = (markdown: string): string => shown(documentOf(markdown).body.textContent);
const comment = (more: Partial<CommentInput> = {}): string => renderComment({ ...firstPlan(), ...more });
const headlineOf = (markdown: string): string =>
  shown(documentOf(markdown).querySelector('h3 + p')?.textContent).replaceAll('\n', ' ');
function planOf({ plan }: CommentInput): Plan {
  if (!plan) throw new Error('the input has no plan');
  return plan;
}
const failure = (message: string, reason: Failure['reason'] = 'bind-failed'): Failure => ({
  reason,
  message,
  next: ['Run again.'],
});

describe('the order of a comment', () => {
  it('is: marker, heading, counts, checks, layers, diagram, hosts, digest and run', () => {
    const text = golden('first-plan');
    const marks = [
      '<!-- bind-agent-gateway {',
      '### Agent Gateway: agent-gateway.yaml',
      '**Plan: 2 to register, 8 to grant, 4 to bind, 0 to remove** · project acme-agents',
      '#### Checks',
      '#### Bindings',
      '#### Grants',
      '#### Endpoints',
      '```mermaid',
      '30 hosts and why',
      '**Next:** Review the plan',
      '<sub>Digest',
      '[Workflow run](https://github.com/acme/agents/actions/runs/18273645546)',
      'Commit 6f1c0c6ad6b1f5d9be8a2d5f1b9e0f7a3c4d5e6f',
    ];
    const places = marks.map((mark) => text.indexOf(mark));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places[0]).toBe(0);
    expect(places).not.toContain(-1);
  });

  it('has removals and re-binds before everything else in a layer', () => {
    const rows = [...documentOf(golden('removals')).querySelectorAll('table')].map((table) =>
      [...table.querySelectorAll('tbody tr')].map((row) => shown(row.firstElementChild?.textContent)),
    );
    expect(rows[0]).toEqual(['− unbind ingress', '~ re-bind', '+ bind']);
    expect(headlineOf(golden('removals'))).toContain('with 1 unbind, 1 re-bind, 1 host taken out');
  });

  it('has what is open and what to do before the plan after a failure, and what failed first in its table', () => {
    const document = documentOf(golden('apply-failure'));
    const headings = [...document.querySelectorAll('h4')].map(({ textContent }) => textContent);
    expect(headings.slice(0, 3)).toEqual(['Still open', 'What to do next', 'Done in this run']);
    const statuses = [...(document.querySelector('table')?.querySelectorAll('tbody td:last-child') ?? [])];
    expect(statuses.map(({ textContent }) => textContent)).toEqual([
      'failed (5 min 41 s)',
      'to do',
      'changed in this run (1 min 59 s)',
      'changed in this run (2 min 7 s)',
    ]);
  });
});

describe('the first line', () => {
  it.each([
    ['first-plan', /^Plan: 2 to register, 8 to grant, 4 to bind, 0 to remove · project .* · 2 warnings$/],
    ['applying', /^Applying… 2 to register, 8 to grant/],
    [
      'apply-success',
      /^Applied in 4 min 33 s: 2 registered, 8 granted, 4 bound, 0 removed .* · 5 of 5 engines governed$/,
    ],
    [
      'apply-failure',
      /^Failed after 6 min 42 s: register-failed\. Planned: 2 to register.* · 3 of 5 engines governed$/,
    ],
    ['no-changes', /^No changes: the world is as declared\. · project .* · 1 of 1 engine governed$/],
    ['errors-only', /^Plan: no changes · project .* · 2 errors, nothing will be applied · 1 warning$/],
  ])('of %s', (name, expected) => {
    expect(headlineOf(golden(name))).toMatch(expected);
  });

  it.each(STATES)('is there without a plan: %s', (state) => {
    const input = without(firstPlan(), 'plan');
    const text = renderComment({
      ...input,
      approvedDigest: '',
      state,
      engines: [],
      failures: [failure('no', 'auth-failed')],
    });
    expect(headlineOf(text)).not.toMatch(/undefined|^$/);
    expect(parseMarker(text)).toEqual({ label: 'agent-gateway.yaml', digest: '', version: '1.0.0', state });
  });
});

describe('a comment', () => {
  it('is short when nothing changes', () => {
    expect(golden('no-changes').length).toBeLessThan(1_000);
  });

  it('says of errors what they are, once', () => {
    const text = golden('errors-only');
    expect(textOf(text).match(/Suport agent/g)).toHaveLength(1);
    expect(text).not.toContain('check-failed');
  });

  it('shows errors first, then warnings, then levels that came later, gracefully', () => {
    const checks = ['note', 'warning', 'else', 'error'].map((level) => ({
      id: level,
      level,
      message: 'm',
      remedy: 'r',
    }));
    const [table] = documentOf(
      comment({ plan: { ...planOf(firstPlan()), checks: checks as Finding[] } }),
    ).querySelectorAll('table');
    const levels = [...(table?.querySelectorAll('tbody td:first-child') ?? [])].map(({ textContent }) => textContent);
    expect(levels).toEqual(['error', 'warning', 'note', 'else']);
  });

  it('carries a payload for the next run in its last line', () => {
    expect(comment({ payload: 'aGVsbG8=' })).toMatch(/\n\n<!-- plan:aGVsbG8= -->\n$/);
  });

  it.each([['--> <b>'], ['a'.repeat(12_001)], ['a\nb'], ['']])('carries nothing that is no payload (%#)', (payload) => {
    expect(comment({ payload })).toBe(comment());
  });

  it('has no link where the run has no proper URL', () => {
    expect(comment({ runUrl: 'javascript:alert(1)' })).toContain(' · Workflow run · ');
  });
});

describe('a comment that is too long for GitHub', () => {
  const text = golden('many-changes');

  it('is cut at whole rows and says what was cut, and where the whole plan is', () => {
    expect(Buffer.byteLength(text)).toBeLessThan(60_000);
    expect(text).toMatch(
      /^\*\*Cut to fit into a comment:\*\* \d+ of 400 changed bindings.* not shown\. The full plan is in/m,
    );
    expect(text).toContain(
      '[step summary of the run](https://github.com/acme/agents/actions/runs/18273645546) and in the plan file',
    );
    for (const row of text.split('\n').filter((line) => line.startsWith('|'))) expect(row).toMatch(/\|$/);
  });

  it('folds all but the first rows of a long table', () => {
    const [table] = documentOf(text).querySelectorAll('table');
    expect(table?.querySelectorAll('tbody tr')).toHaveLength(20);
    expect(text).toContain('<summary>380 more changed bindings</summary>');
  });

  it('says who is granted even where names are many', () => {
    expect(textOf(text)).toContain('Onboarding agent 008 and 392 more');
  });

  it('has the diagram and every host all the same', () => {
    expect(text).toContain('```mermaid');
    expect(text.match(/googleapis\.com<\/code>/g)?.length).toBeGreaterThan(25);
  });

  it('shows a fleet that failed as a whole, and its plan', () => {
    const failures = Array.from({ length: 400 }, (_, index) =>
      failure(`Binding engine ${index} failed:\n${'x'.repeat(300)}`),
    );
    const failed = comment({ state: 'failed', failures });
    expect(failed.match(/^\*\*Failed: bind-failed\.\*\*/gm)?.length).toBeGreaterThan(50);
    expect(failed).toMatch(/\d+ of 800 lines of failures/);
    expect(failed.match(/^\| <code>/gm)?.length).toBeGreaterThan(10);
  });

  it('stays below the limit whatever is in it', () => {
    const changeArb = fc.record({
      count: fc.integer({ min: 0, max: 600 }),
      text: fc.string({ unit: 'grapheme', maxLength: 500 }),
    });
    fc.assert(
      fc.property(changeArb, anyText({ maxLength: 3_000 }), ({ count, text: name }, long) => {
        const input = commentSaying(() => name || 'x');
        const changes = Array.from({ length: count }, (_, index) =>
          planOf(input).changes.map((change) => numbered(change, index)),
        );
        const failures = Array.from({ length: count }, () => failure(long.repeat(20)));
        const plan = { ...planOf(input), changes: changes.flat() };
        const many = renderComment({
          ...input,
          label: long.repeat(50),
          plan,
          failures,
          open: failures.map(({ message }) => message),
          payload: 'a'.repeat(12_000),
        });
        expect(Buffer.byteLength(many)).toBeLessThan(60_000);
        expect(many.match(/<details>/g)?.length).toBe(many.match(/<\/details>/g)?.length);
        expect(many.match(/<sub>Digest/g)).toHaveLength(1);
        expect(many).toMatch(/<!-- plan:a+ -->\n$/);
      }),
      { numRuns: 25 },
    );
  });
});

function numbered(change: Change, index: number): Change {
  if (change.layer === 'binding') return { ...change, engine: `engine-${index}` };
  if (change.layer === 'guardrail') return { ...change, name: `${change.name}-${index}` };
  return { ...change, service: `${change.service}-${index}` };
}
