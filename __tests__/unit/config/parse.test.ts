import { describe, expect, it } from '@jest/globals';
import { parseConfig } from '../../../src/config/parse.js';
import { formatProblem } from '../../../src/config/problems.js';
import { readYaml } from '../../../src/config/yaml-source.js';
import { FILE_HEAD, KNOWN_CHECKS } from './helpers.js';

const problemsOf = (text: string): string[] =>
  parseConfig({ path: 'f.yaml', text }, KNOWN_CHECKS).problems.map(formatProblem);

describe('text that is not one YAML map', () => {
  it.each([
    ['', 'f.yaml:1:1: The file is empty.'],
    ['# only a comment\n', 'f.yaml:1:1: The file is empty.'],
    ['a: [', 'f.yaml:1:5: This is not valid YAML: '],
    ['a: b: c', 'f.yaml:1:4: This is not valid YAML: '],
    ['version: 1\n---\nversion: 1\n', 'f.yaml:2:1: The file holds more than one YAML document.'],
    ['version: !foo 1', 'f.yaml:1:10: YAML tags are not supported: '],
    ['version: *nowhere', 'f.yaml:1:1: The file cannot be read as YAML: '],
    ['- version: 1', 'f.yaml:1:1: The file must be a map, not a list.'],
    ['just text', 'f.yaml:1:1: The file must be a map, not text.'],
    ['['.repeat(20_000), 'f.yaml:1:'],
    [
      `a: &a [${'1,'.repeat(500)}]\nb: &b [${'*a,'.repeat(100)}]\nc: [${'*b,'.repeat(100)}]`,
      'f.yaml:1:1: The file cannot be read as YAML: it has more than 100000 values, aliases written out.',
    ],
  ])('case %#', (text, expected) => {
    const problems = problemsOf(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(expected);
  });

  it('reports syntax errors at several places', () => {
    expect(problemsOf('a: "\\q"\nb: "\\z"\n').map((text) => text.slice(0, 10))).toEqual(['f.yaml:1:5', 'f.yaml:2:5']);
  });
});

describe('problems of the schema', () => {
  it.each([
    ['regoin: x', '4:1: The key "regoin" is not known at the top of the file. Did you mean "region"?'],
    ['zzz: x', '4:1: The key "zzz" is not known at the top of the file. The known keys are: version, project, region,'],
    ['gateways: {egres: x}', '4:12: The key "egres" is not known in "gateways". Did you mean "egress"?'],
    [
      'endpoints:\n  some-api:\n    preset: x',
      '6:5: The key "preset" is not known in "endpoints.some-api". Did you mean "presets"?',
    ],
    ['agents:\n  - engine: a\n    alow: [x]', '6:5: The key "alow" is not known in "agents[0]". Did you mean "allow"?'],
    [
      'checks: {gateway-dryrun: off}',
      '4:10: The key "gateway-dryrun" is not known in "checks". Did you mean "gateway-dry-run"?',
    ],
    ['checks: {foo: off}', '4:10: The key "foo" is not known in "checks". The known checks are: gateway-dry-run,'],
    [
      'checks: {quota-near: fatal}',
      '4:22: "checks.quota-near" cannot be "fatal". The possible values are: error, warning, off.',
    ],
    ['agents: [{allow: [x]}]', '4:10: "agents[0].engine" is missing.'],
    [
      'agents: [{engine: 4405152104998502400}]',
      '4:19: "agents[0].engine" must be text, not a number. Quote it: "4405152104998502400".',
    ],
    ['agents: [{engine: true}]', '4:19: "agents[0].engine" must be text, not true or false. Quote it: "true".'],
    ['agents: [{engine: }]', '4:11: "agents[0].engine" is empty. Give it a value, or remove the key.'],
    ['agents: []', '4:9: "agents" is an empty list.'],
    ['agents: {engine: x}', '4:9: "agents" must be a list, not a map. Write it as a list'],
    ['agents: [x]', '4:10: "agents[0]" must be a map, not text.'],
    ['endpoints: {some-api: {presets: []}}', '4:33: "endpoints.some-api.presets" is an empty list.'],
    ['endpoints: {some-api: {urls: []}}', '4:30: "endpoints.some-api.urls" is an empty list.'],
    ['endpoints: {some-api: {urls: https://x.com}}', '4:30: "endpoints.some-api.urls" must be a list, not text.'],
    [
      'endpoints: {some-api: {presets: [gemnini]}}',
      '4:34: "endpoints.some-api.presets[0]" cannot be "gemnini". Did you mean "gemini"?',
    ],
    [
      'endpoints: {some-api: {presets: [gemini], protocol: HTTP}}',
      '4:53: "endpoints.some-api.protocol" cannot be "HTTP". Did you mean "http-json"?',
    ],
    [
      'endpoints: {some-api: {presets: [gemini], carry_over: yes}}',
      '4:55: "endpoints.some-api.carry_over" must be true or false, not text. Write true or false, without quotes.',
    ],
    [
      `endpoints: {some-api: {presets: [gemini], display_name: ${'x'.repeat(64)}}}`,
      '4:57: "endpoints.some-api.display_name" is longer than 63 characters.',
    ],
    ['endpoints:', '4:1: "endpoints" is empty.'],
    [
      'gateways: {egress: }',
      '4:12: "gateways.egress" is empty. Write none to unbind this direction, or remove the key to leave it as it is.',
    ],
    ['gateways: {egress: ""}', '4:20: "gateways.egress" is empty. Write none to unbind'],
    ['gateways:\n  ingress: null', '5:12: "gateways.ingress" is empty. Write none to unbind'],
    ['gateways: [x]', '4:11: "gateways" must be a map, not a list.'],
    [
      'guardrails: {organization: 5550001, enforce_on: projects/p}',
      '4:28: "guardrails.organization" must be text, not a number. Quote it: "5550001".',
    ],
    ['region: us-east1', '4:1: The key "region" is given twice.'],
    ['__proto__: {a: 1}', '4:1: The key "__proto__" is not allowed.'],
    ['constructor: 1', '4:1: The key "constructor" is not known at the top of the file.'],
    ['<<: {a: 1}', '4:1: The key "<<" is not known at the top of the file. Merge keys are not supported'],
    ['[a]: 1', '4:1: A key must be plain text'],
    ['%YAML: 1', '4:1: '],
  ])('case %#', (lines, expected) => {
    const problems = problemsOf(FILE_HEAD + lines);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`f.yaml:${expected}`);
  });

  it.each([
    ['project: acme-agents', '1:1: "version" is missing. Add the line "version: 1".'],
    ['version: 2', '1:10: "version" cannot be "2". Write 1, without quotes.'],
    ['version: "1"', '1:10: "version" cannot be "1". Write 1, without quotes.'],
    [
      'version: 1\nproject: 12345678901234567890',
      '2:10: "project" cannot be the number "12345678901234567890". Quote it: "12345678901234567890".',
    ],
    ['version: 1\nproject: true', '2:10: "project" must be text, not true or false.'],
  ])('%j', (text, expected) => {
    expect(problemsOf(text)[0]).toContain(`f.yaml:${expected}`);
  });

  it('finds them all in one go, in the order of the file', () => {
    const problems = problemsOf('agents: []\nregoin: x\nchecks: {a: b}\nendpoints: {abcd: 3}\nversion: 3\n');
    expect(problems.map((text) => text.split(' ', 1)[0])).toEqual([
      'f.yaml:1:9:',
      'f.yaml:2:1:',
      'f.yaml:3:10:',
      'f.yaml:4:19:',
      'f.yaml:5:10:',
    ]);
  });

  it('keeps what is sound beside a problem, at its place', () => {
    const { file } = parseConfig({ path: 'f.yaml', text: 'version: 1\nagents: [3, {engine: a, x: 1}]' }, []);
    expect(file?.value.agents).toEqual([undefined, { engine: 'a', x: 1 }]);
  });
});

describe('YAML that is unusual and harmless', () => {
  it('follows anchors and aliases, and places what is in them', () => {
    const text = `${FILE_HEAD}endpoints:\n  first-api: &a {presets: [gemini], url: x}\n  other-api: *a\n`;
    expect(problemsOf(text)).toEqual([
      expect.stringContaining('f.yaml:5:37: The key "url" is not known in "endpoints.first-api".'),
      expect.stringContaining('f.yaml:5:37: The key "url" is not known in "endpoints.other-api".'),
    ]);
  });

  it('survives a map within itself', () => {
    const within = [expect.stringContaining('The alias *a stands within its own anchor')];
    expect(problemsOf(`${FILE_HEAD}agents: &a [*a]\n`)).toEqual(within);
    expect(problemsOf('&a {endpoints: *a, version: 1}')).toEqual(within);
  });

  it('keeps off, yes and dates as text whatever version the file asks for', () => {
    const yaml = readYaml('f.yaml', '%YAML 1.1\n---\na: off\nb: yes\nc: 2026-01-01\n');
    expect(yaml.value).toEqual({ a: 'off', b: 'yes', c: '2026-01-01' });
  });

  it('takes Windows line ends and a comment in front', () => {
    expect(problemsOf('# c\r\nversion: 1\r\nregoin: x\r\n')[0]).toContain('f.yaml:3:1:');
  });
});
