import { describe, expect, it } from '@jest/globals';
import type { DesiredAgent, EngineSelector } from '../../../src/config/desired.js';
import { selectEngines } from '../../../src/observe/select.js';
import { agent, desired, engineNamed, fromFile, fromInput, PROJECT, REGION } from '../../support/builders.js';

const origin = fromFile(9);
const named = (text: string): EngineSelector => ({ kind: 'displayName', text, origin });
const all: EngineSelector = { kind: 'all', origin };
const resource = (id: string, project = PROJECT.number): EngineSelector => ({
  kind: 'name',
  project,
  id,
  text: `projects/${project}/locations/${REGION}/reasoningEngines/${id}`,
  origin,
});
const digits = (id: string): EngineSelector => ({ kind: 'id', id, text: id, origin: fromInput() });
const allowing = (selector: EngineSelector, ...allow: string[]): DesiredAgent => ({ selector, allow });

const engines = [
  { name: engineNamed('3'), displayName: 'twin' },
  { name: engineNamed('1'), displayName: 'Support agent' },
  { name: engineNamed('2'), displayName: 'twin' },
  { name: engineNamed('4'), displayName: '1' },
  { name: engineNamed('5'), displayName: '99' },
];
const select = (agents: DesiredAgent[], only?: EngineSelector[]) =>
  selectEngines(desired({ agents, ...(only ? { only } : {}) }), engines, PROJECT);
const idsOf = ({ engines: names }: { engines: readonly string[] }): string[] =>
  names.map((name) => name.slice(name.lastIndexOf('/') + 1));

describe('a selector', () => {
  it.each<[string, EngineSelector, string[]]>([
    ['a display name', named('Support agent'), ['1']],
    ['an ID', digits('2'), ['2']],
    ['digits that are an ID and a display name mean the ID', digits('1'), ['1']],
    ['digits that are no ID mean the display name', digits('99'), ['5']],
    ['a resource name', resource('4'), ['4']],
    ['a resource name with the ID of the project', resource('4', PROJECT.id), ['4']],
    ['all', all, ['1', '2', '3', '4', '5']],
  ])('%s', (_what, selector, expected) => {
    const selection = select([allowing(selector)]);
    expect([idsOf(selection), selection.problems]).toEqual([expected, []]);
  });

  it.each<[string, EngineSelector]>([
    ['a display name in another case', named('support agent')],
    ['a part of a display name', named('Support')],
    ['an ID nobody has', digits('77')],
    ['a resource name nobody has', resource('77')],
    ['an engine of another project that has the same ID', resource('4', '999999')],
  ])('%s is not found', (_what, selector) => {
    expect(select([allowing(selector)])).toMatchObject({
      engines: [],
      problems: [{ kind: 'not-found', selector, candidates: [] }],
    });
  });

  it('that two engines match is ambiguous: none of them is taken', () => {
    const selection = select([allowing(named('twin'))]);
    expect(idsOf(selection)).toEqual([]);
    expect(selection.problems).toMatchObject([{ kind: 'ambiguous', candidates: [engineNamed('2'), engineNamed('3')] }]);
  });

  it('all of none is not found', () => {
    expect(selectEngines(desired({ agents: [allowing(all)] }), [], PROJECT).problems).toMatchObject([
      { kind: 'not-found' },
    ]);
  });
});

describe('what an engine may reach', () => {
  it('is everything that any of its entries allows, each key once, sorted', () => {
    const { allow } = select([
      allowing(named('Support agent'), 'b', 'a'),
      allowing(digits('1'), 'c', 'a'),
      allowing(all, 'd'),
    ]);
    expect(allow.get(engineNamed('1'))).toEqual(['a', 'b', 'c', 'd']);
    expect(allow.get(engineNamed('2'))).toEqual(['d']);
  });
});

describe('a run that is narrowed', () => {
  const agents = [
    allowing(all, 'everybody'),
    allowing(named('Support agent'), 'support'),
    allowing(named('gone'), 'x'),
  ];

  it('looks at its engines only, with what the file allows them', () => {
    const selection = select(agents, [digits('1')]);
    expect([...selection.allow]).toEqual([[engineNamed('1'), ['everybody', 'support']]]);
    expect(selection.problems).toEqual([]);
  });

  it('reports what it does not find itself', () => {
    expect(select(agents, [digits('77')]).problems).toMatchObject([{ kind: 'not-found', selector: digits('77') }]);
  });

  it('reports an engine that the file knows nothing of: it would be bound without a grant', () => {
    const selection = select([agent('2', ['x'])], [digits('1')]);
    expect([...selection.allow]).toEqual([[engineNamed('1'), []]]);
    expect(selection.problems).toEqual([
      { kind: 'not-declared', selector: digits('1'), candidates: [engineNamed('1')] },
    ]);
  });

  it('does not report an engine that the file knows and allows nothing', () => {
    expect(select([agent('1', [])], [digits('1')]).problems).toEqual([]);
  });
});
