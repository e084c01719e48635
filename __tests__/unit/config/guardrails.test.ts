import { describe, expect, it } from '@jest/globals';
import { build, desiredOf, FILE_HEAD } from './helpers.js';

const GATEWAY = 'projects/acme-agents/locations/us-central1/agentGateways/egress';
const file = (...lines: string[]): string => `${FILE_HEAD}guardrails:\n${lines.map((line) => `  ${line}\n`).join('')}`;
const ORGANIZATION = 'organization: "5550001"';
const ON = 'enforce_on: projects/acme-agents';
const EGRESS = `egress: [${GATEWAY}]`;

describe('guardrails', () => {
  it('may be all that a file declares', () => {
    expect(desiredOf(file(ORGANIZATION, EGRESS, ON))).toMatchObject({
      agents: [],
      endpoints: [],
      gateways: {},
      prune: false,
      guardrails: {
        organization: '5550001',
        approved: { egress: [{ name: GATEWAY, origin: { line: 6, column: 12 } }] },
        enforceOn: { kind: 'projects', id: 'acme-agents' },
        dryRun: false,
        origin: { line: 4, column: 1 },
      },
    });
  });

  it('leave a direction alone that is not listed, and take a gateway that is listed twice once', () => {
    const { guardrails } = desiredOf(file(ORGANIZATION, `ingress: [${GATEWAY}, ${GATEWAY}]`, ON, 'dry_run: true'));
    expect(guardrails?.approved).not.toHaveProperty('egress');
    expect(guardrails?.approved.ingress).toHaveLength(1);
    expect(guardrails?.dryRun).toBe(true);
  });

  it.each(['folders/4440001', 'organizations/5550001', 'projects/101010', 'projects/example.com:acme-agents'])(
    'are enforced on %s',
    (node) => {
      const [kind, id] = node.split(/\/(.*)/);
      const { guardrails } = desiredOf(file(ORGANIZATION, EGRESS, `enforce_on: ${node}`));
      expect(guardrails?.enforceOn).toEqual({ kind, id });
    },
  );

  it('stand beside bindings, which need an engine as ever', () => {
    const text = `${file(ORGANIZATION, EGRESS, ON)}gateways: {egress: egress}\n`;
    expect(build(text).problems).toEqual([expect.stringContaining('No engine is selected.')]);
    expect(desiredOf(`${text}agents: [{engine: all}]\n`)).toMatchObject({ agents: [{}], guardrails: {} });
  });

  it('do not make engines useful for which nothing is declared', () => {
    expect(build(`${file(ORGANIZATION, EGRESS, ON)}agents: [{engine: all}]\n`).problems).toEqual([
      expect.stringContaining('Nothing is declared for the engines'),
    ]);
    expect(build(file(ORGANIZATION, EGRESS, ON), { engines: 'all' }).problems).toHaveLength(1);
  });

  it.each<[string, string[], string]>([
    ['no organization', [EGRESS, ON], '"guardrails.organization" is missing.'],
    ['an organization by name', ['organization: acme.com', EGRESS, ON], '"acme.com" is not the number of an org'],
    ['a resource name', ['organization: organizations/1', EGRESS, ON], '"organizations/1" is not the number of an'],
    ['no place', [ORGANIZATION, EGRESS], '"guardrails.enforce_on" is missing.'],
    ['a bare project', [ORGANIZATION, EGRESS, 'enforce_on: acme-agents'], '"acme-agents" is no place for a policy.'],
    [
      'a folder by name',
      [ORGANIZATION, EGRESS, 'enforce_on: folders/prod'],
      '"folders/prod" is no place for a policy.',
    ],
    ['another organization', [ORGANIZATION, EGRESS, 'enforce_on: organizations/1'], 'is not the organization of these'],
    ['no direction', [ORGANIZATION, ON], 'The guardrails approve no gateway.'],
    ['an empty list', [ORGANIZATION, 'egress: []', ON], '"guardrails.egress" is an empty list.'],
    ['an empty item', [ORGANIZATION, 'egress: [""]', ON], '"guardrails.egress[0]" is empty.'],
    ['a short name', [ORGANIZATION, 'egress: [egress]', ON], '"egress" is not the full name of a gateway.'],
    ['an engine', [ORGANIZATION, `egress: [${GATEWAY.replace('agentG', 'g')}]`, ON], 'is not the full name of a'],
    ['a quote', [ORGANIZATION, `egress: ["${GATEWAY}' || true || '"]`, ON], 'is not the full name of a gateway.'],
    [
      'a project number',
      [ORGANIZATION, `egress: [${GATEWAY.replace('acme-agents', '101010')}]`, ON],
      "has the project's number, but the policy compares names as text and bindings are written with the project's ID. Write the project's ID instead of 101010.",
    ],
    [
      'an unknown key',
      [ORGANIZATION, EGRESS, ON, 'dryrun: true'],
      'The key "dryrun" is not known in "guardrails". Did',
    ],
  ])('refuse %s', (_what, lines, expected) => {
    const { desired, problems } = build(file(...lines));
    expect(desired).toBeUndefined();
    expect(problems).toEqual([expect.stringContaining(expected)]);
    expect(problems[0]).toMatch(/^agent-gateway\.yaml:\d+:\d+: /);
  });

  it('report all that is wrong with them at once', () => {
    const lines = ['organization: x', 'egress: [a, b]', 'ingress: []', 'enforce_on: y'];
    expect(build(file(...lines)).problems).toHaveLength(5);
  });
});
