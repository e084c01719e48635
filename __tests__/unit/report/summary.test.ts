import { describe, expect, it } from '@jest/globals';
import { NOTHING_REMOVED } from '../../../src/apply/prune.js';
import type { ApplyResult, EngineResult } from '../../../src/apply/result.js';
import type { Failure } from '../../../src/failure.js';
import { reportEngines, type EngineReport } from '../../../src/report/engines.js';
import { renderSummary, type SummaryInput } from '../../../src/report/summary.js';
import { engineNamed, gatewayNamed, resourceOf, serviceNamed } from '../../support/builders.js';
import { plan, want, world } from '../../support/reports.js';
import { without } from '../../support/without.js';

const plain = (markdown: string): string =>
  markdown
    .replace(/&#(\d+);/g, (_entity, digits: string) => String.fromCodePoint(Number(digits)))
    .replaceAll('&nbsp;', ' ')
    .replaceAll('\u200b', '');
const render = (more: Partial<SummaryInput> = {}): string =>
  renderSummary({
    title: 'Agent Gateway plan',
    plan,
    engines: reportEngines(plan, want, world),
    failures: [],
    next: [],
    ...more,
  });

const failure: Failure = {
  reason: 'bind-failed',
  message: 'Binding <engine> failed:\nGoogle | said no',
  next: ['Likely causes:', '- one', 'Run again.'],
};
const engineResult = (id: string, more: Partial<EngineResult> = {}): EngineResult => ({
  engine: engineNamed(id),
  status: 'changed',
  egress: gatewayNamed('egress'),
  ingress: null,
  ...more,
});
const resultOf = (...engines: EngineResult[]): ApplyResult => ({
  failures: [],
  guardrails: new Map(),
  removals: NOTHING_REMOVED,
  services: new Map(
    ['stripe', 'theirs'].map((id) => [
      serviceNamed(id),
      { service: serviceNamed(id), status: 'done', granted: 1, registryResource: resourceOf(id) },
    ]),
  ),
  engines: new Map(engines.map((result) => [result.engine, result])),
});
const applied = (result: ApplyResult, more: Partial<SummaryInput> = {}): string =>
  render({ engines: reportEngines(plan, want, world, result), ...more });

describe('the summary of a plan', () => {
  it.each([
    ['the counts', '1 to register, 3 to grant, 2 to bind, 0 to remove'],
    ['the scope', 'project acme-agents (101010), region us-central1'],
    ['each engine', 'Support agent'],
    ['what happens to it', 'none → **egress**'],
    ['each service', '<code>+</code> register | <code>stripe</code> | 1 new | Stripe <code>stripe</code>'],
    ['each host and why', '<code>https://api.stripe.com</code> | <code>JSONRPC</code> | Listed under urls'],
    ['who is granted what', '| <code>+</code> grant | <code>models</code> | 2 | Support agent, Evil |<b> @octocat |'],
    ['the digest', plan.digest],
  ])('has %s', (_what, text) => {
    expect(plain(render())).toContain(text);
  });

  it('has checks first, with level and remedy', () => {
    const checks = [
      { id: 'some-check', level: 'error' as const, message: 'It is <so>.', remedy: 'Do that.' },
      { id: 'other-check', level: 'warning' as const, message: 'Beware.', remedy: 'Look.' },
    ];
    const text = render({ plan: { ...plan, checks } });
    expect(plain(text)).toContain('| **error** | <code>some-check</code> | It is <so>.<br>→ Do that. |');
    expect(text.indexOf('### Checks')).toBeLessThan(text.indexOf('### Bindings'));
  });

  it('has what comes next, escaped', () => {
    expect(render({ next: ['Review | the <plan>.'] })).toContain('**Next:** Review &#124; the &#60;plan&#62;.');
    expect(render({ next: ['One.', 'Two.'] })).toContain('### What to do next\n\n- One.\n- Two.');
  });

  it('shows under which condition somebody is carried over, since without it the grant would be another one', () => {
    const condition = { expression: 'hours > 20', title: 'night' };
    const grants = plan.changes.map((change) => {
      if (change.layer !== 'grant') return change;
      return { ...without(change, 'engine', 'displayName'), condition };
    });
    expect(plain(render({ plan: { ...plan, changes: grants } }))).toContain('hours > 20');
  });

  it('never lets a name of the world be more than text', () => {
    const text = render();
    expect(text).not.toContain('Evil |');
    expect(text).not.toMatch(/<b>|@octocat/);
    const rows = text.split('\n').filter((line) => line.startsWith('|'));
    expect(plain(text)).toContain('Evil |<b> @octocat');
    // Rows of the checks, the engines and the grants, each with the cells of its table and no more.
    const cells = rows.filter((row) => row.includes('Evil')).map((row) => row.split('|').length);
    expect(cells).toEqual([5, 7, 6]);
  });
});

describe('the summary of an apply', () => {
  it('says of each engine how it ended, how long it took and whether it is governed', () => {
    const text = plain(
      applied(resultOf(engineResult('1', { tookMs: 311_000 }), engineResult('2', { status: 'failed', egress: null }))),
    );
    expect(text).toMatch(
      /Support agent .* \| bound, not enforced: no authorization policy.* \| changed in this run \(5 min 11 s\) \|/,
    );
    expect(text).toMatch(/Evil .* not bound \| \*\*failed\*\* \|/);
  });
});

describe('the summary of a failure', () => {
  it('has reason, message and what to do, each line by itself, escaped', () => {
    const text = render({ failures: [failure] });
    expect(plain(text)).toContain('**Failed: bind-failed.** Binding <engine> failed:<br>Google | said no');
    expect(text).not.toContain('<engine>');
    expect(text).toContain('### What to do next\n\n- Likely causes&#58;\n- one\n- Run again.');
  });

  it('is there without a plan', () => {
    const text = renderSummary({ title: 'Agent Gateway apply', engines: [], next: [], failures: [failure] });
    expect(text).toMatch(/^## Agent Gateway apply\n\n\*\*Failed: bind-failed\.\*\* .*\n/);
    expect(text.match(/^#+ .*/gm)).toEqual(['## Agent Gateway apply', '### What to do next']);
  });

  it('says of everything that failed what Google answered, and each piece of advice once', () => {
    const other: Failure = { reason: 'not-bound', message: 'second reason', next: ['Run again.', 'Look.'] };
    const text = plain(render({ failures: [failure, other] }));
    expect(text).toContain('Binding <engine> failed');
    expect(text).toContain('**Failed: not-bound.** second reason');
    expect(text.match(/^- .*/gm)).toEqual(['- Likely causes:', '- one', '- Run again.', '- Look.']);
  });
});

describe('a summary that is too large', () => {
  const bindings = plan.changes.filter((change) => change.layer === 'binding');
  const [engine] = reportEngines(plan, want, world);
  const many = Array.from({ length: 8_000 }, (_, index) => ({
    ...engine,
    displayName: `agent ${index} ${'x'.repeat(60)}`,
  }));

  it('is cut at whole rows, and says so: the runner drops one of more than 1 MiB whole', () => {
    const text = render({ plan: { ...plan, changes: bindings }, engines: many as typeof many & EngineReport[] });
    expect(Buffer.byteLength(text)).toBeLessThan(1024 * 1024);
    const lines = text.split('\n');
    expect(lines.filter((line) => /^… and \d+ more\.$/.test(line))).toHaveLength(1);
    expect(lines.find((line) => line.startsWith('**Cut to fit:**'))).toMatch(
      /^\S+ \S+ \S+ \d+ of 8001 changed bindings not shown\. See the log of this step, or the plan file\.$/,
    );
    expect(lines.at(-2)).toMatch(/^Digest/);
    for (const row of lines.filter((line) => line.startsWith('|'))) expect(row).toMatch(/\|$/);
  });

  it('loses nothing that fits', () => {
    expect(render()).not.toMatch(/Cut to fit|… and/);
  });
});
