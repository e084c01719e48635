import { describe, expect, it } from '@jest/globals';
import { renderClosing, renderIssue, type IssueInput } from '../../../src/report/issue.js';
import { parseMarker } from '../../../src/report/marker.js';
import { desired, endpoint, observed, observedEngine, ownedService } from '../../support/builders.js';
import { declared, driftedWorld, issueInput, NOT_FOUND, soundWant, soundWorld } from '../../support/drift.js';
import { planned } from '../../support/plan.js';

const digestOf = (input: IssueInput): string => parseMarker(renderIssue(input).body)?.digest ?? 'none';
const bytes = (text: string): number => Buffer.byteLength(text);

/** A fleet that lost every grant on one endpoint, but for one engine. */
function fleetWithout(spared: number): IssueInput {
  const want = desired({ endpoints: [endpoint('tools', ['a.example'])] });
  const engines = Array.from({ length: 40 }, (_none, n) =>
    observedEngine(`${n + 1}`, { allow: n === spared ? [] : ['tools'] }),
  );
  return issueInput(want, observed({ engines, services: [ownedService('tools', ['a.example'])] }));
}

describe('the digest on the first line', () => {
  const digest = digestOf(issueInput());

  it('is that of what is shown, whichever run, commit and version found it', () => {
    expect(digest).toMatch(/^sha256:[\da-f]{64}$/);
    const other = { runUrl: 'https://github.com/acme/agents/actions/runs/2', commit: 'c'.repeat(40), version: '2.0.0' };
    expect(digestOf(issueInput(declared, driftedWorld(), other))).toBe(digest);
  });

  it('is another one when anything else is found', () => {
    const plan = { ...planned(declared, driftedWorld()), checks: [NOT_FOUND] };
    expect(digestOf(issueInput(declared, driftedWorld(), { plan }))).not.toBe(digest);
    expect(digestOf(issueInput(soundWant, soundWorld()))).not.toBe(digest);
  });

  it('tells apart what a row only counts', () => {
    expect(digestOf(fleetWithout(38))).not.toBe(digestOf(fleetWithout(39)));
  });
});

describe('the text', () => {
  it('is below the limit of GitHub, cut at whole rows, and says so', () => {
    const want = desired({
      endpoints: Array.from({ length: 1_000 }, (_none, n) =>
        endpoint(`endpoint-${n}-${'x'.repeat(40)}`, [`h${n}.example`]),
      ),
    });
    const { body } = renderIssue(issueInput(want, observed()));
    expect(bytes(body)).toBeLessThan(60_000);
    expect(body).toMatch(/Cut to fit into an issue.*of 1000 differences of endpoints not shown/);
    expect(body).toMatch(/<\/sub>\n$/);
  });

  it('says what failed where nothing differs', () => {
    const plan = { ...planned(soundWant, soundWorld()), checks: [NOT_FOUND] };
    const { body } = renderIssue(issueInput(soundWant, soundWorld(), { plan }));
    expect(body).toContain('**1 failed check&#59; 1 of 1 engine governed**');
    expect(body).toContain('engine-not-found');
    expect(body).not.toContain('not as declared\n');
  });
});

it('the closing comment says how things stand, and which run saw it', () => {
  expect(renderClosing('As declared: 1 | 2', 'https://github.com/acme/agents/actions/runs/1')).toBe(
    'As declared&#58; 1 &#124; 2: closed by [this verification](https://github.com/acme/agents/actions/runs/1).',
  );
});
