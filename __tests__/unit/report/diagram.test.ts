import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Plan } from '../../../src/plan/types.js';
import { diagramParts, mermaidLabel } from '../../../src/report/diagram.js';
import { desired, endpoint, gateway, observed, observedEngine } from '../../support/builders.js';
import { planned } from '../../support/plan.js';
import { fleetWant, fleetWorld } from '../../support/reports.js';
import { CASES } from './golden-cases.js';
import { EVIL_TEXTS, planSaying } from './hostile.js';
import { diagramsIn, parseDiagram } from './mermaid.js';
import { anyText } from '../../support/text.js';

const draw = (plan: Plan): string =>
  diagramParts(plan)
    .flatMap(({ rows = [] }) => rows)
    .join('');
const linesOf = (plan: Plan): string[] => draw(plan).split('\n');

describe('the real Mermaid', () => {
  it.each([
    'flowchart LR\n  a["open --> b\n',
    'flowchart LR\n  a == "x ==> b\n',
    'flowchart LR\n  a["x"y"]\n',
    'no diagram',
  ])('refuses %j', async (source) => {
    await expect(parseDiagram(source)).rejects.toThrow();
  });

  it.each(Object.entries(CASES))('reads the diagrams of %s', async (name, render) => {
    const diagrams = diagramsIn(render());
    expect(diagrams).toHaveLength(['no-changes', 'errors-only', 'drift-issue'].includes(name) ? 0 : 1);
    for (const source of diagrams) await parseDiagram(source);
  });

  it('reads the diagram of any names', async () => {
    const textArb = fc.oneof(fc.constantFrom(...EVIL_TEXTS), anyText(), fc.string());
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(textArb), async (stream) => {
        const [source = ''] = diagramsIn(draw(planSaying(() => String(stream.next().value))));
        await parseDiagram(source);
        expect(source.replace(/<br>/g, '')).not.toMatch(/[`&<]|%%|^\s*(?:click|end|subgraph)\b/m);
      }),
      { numRuns: 50 },
    );
  });
});

describe('mermaidLabel', () => {
  it.each([
    ['Support agent', 'Support#160;agent'],
    ['"]; click e0', '#34;#93;#59;#160;click#160;e0'],
    ['#quot;', '#35;quot#59;'],
    ['<b>', '#60;b#62;'],
    ['a\nb\u202e', 'a#92;u000ab#92;u202e'],
    ['fa:fa-car', 'fa#58;#8203;fa#45;car'],
    ['https://u:p@h?k=1', 'https#58;#8203;//#8230;#64;h#63;#8230;'],
  ])('writes %j as %s', (text, label) => {
    expect(mermaidLabel(text)).toBe(label);
  });
});

describe('the diagram of a plan', () => {
  const lines = linesOf(planned(fleetWant, fleetWorld()));

  it('joins engines to which the same happens, and tells what happens by mark and line', () => {
    expect(lines).toEqual(
      expect.arrayContaining([
        '  e0["#126;#160;Refund#160;agent<br>Billing#160;agent"]',
        '  kept["Catalog#160;agent"]',
        '  s0(["#43;#160;google#45;apis<br>27#160;hosts"])',
        '  e0 == "#43;#160;bind" ==> egress0',
        '  ingress0 --> e0',
        '  carried == "#43;#160;carry#160;over" ==> s1',
      ]),
    );
  });

  it('explains its marks below', () => {
    expect(lines.at(-1)).toMatch(/new, thick line .* removed, dotted line .* changed · thin line: stays$/);
  });

  it('is not there when nothing is connected', () => {
    expect(diagramParts(planned(desired(), observed()))).toEqual([]);
  });
});

describe('the diagram of a large fleet', () => {
  const count = 300;
  const endpoints = Array.from({ length: 40 }, (_, index) => endpoint(`endpoint-${index}`, [`h${index}.example`]));
  const engines = Array.from({ length: count }, (_, index) =>
    observedEngine(`${index + 1}`, { allow: [`endpoint-${index % 40}`, `endpoint-${(index * 7) % 40}`] }),
  );
  const text = draw(planned(desired({ gateways: { egress: gateway('egress') }, endpoints }), observed({ engines })));

  it('stays small, far below what GitHub draws, and says what is not drawn', async () => {
    const [source = ''] = diagramsIn(text);
    expect(source.length).toBeLessThan(10_000);
    expect(source.match(/^ {2}\w+ (?:==|--|-\.)/gm)?.length).toBeLessThanOrEqual(48);
    expect(text).toMatch(/Not drawn: \d+ more engines that change, \d+ more endpoints\.$/);
    await parseDiagram(source);
  });

  it('shows engines that stay as they are as one', () => {
    const want = desired({ gateways: { egress: gateway('egress') } });
    const bound = engines.map(({ id, displayName }) =>
      observedEngine(id, { displayName, config: { agentToAnywhereConfig: { agentGateway: 'x' } } }),
    );
    const plan = planned(want, observed({ engines: bound }));
    const kept: Plan = {
      ...plan,
      changes: plan.changes.map((change) => {
        if (change.layer !== 'binding' || change.displayName === 'agent 1') return change;
        const same = { ...change.egress, from: change.egress.to };
        return { ...change, action: 'keep', egress: same };
      }),
    };
    expect(linesOf(kept)).toContain(`  kept["${count - 1}#160;unchanged#160;engines"]`);
  });
});
