import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AccessRule } from '../../../../src/google/types.js';
import { isRuleFor } from '../../../../src/plan/access/condition.js';
import { CARRIED, markOf, serviceIn } from '../../../../src/plan/access/marks.js';
import { isAbout } from '../../../../src/plan/access/matches.js';
import { allowedBy, editRules, RULE_MEMBERS } from '../../../../src/plan/access/rules.js';
import { destination, edit, foreignRule, PERMISSION, rule } from '../../../support/access.js';
import { memberOf, PROJECT, resourceOf, serviceNamed } from '../../../support/builders.js';

const [A, B, C] = ['1', '2', '3'].map(memberOf) as [string, string, string];
const only = (rules: readonly AccessRule[]): AccessRule => {
  const [first] = rules;
  if (!first || rules.length !== 1) throw new Error(`${rules.length} rules`);
  return first;
};
const expressionOf = (found: AccessRule): string => found.conditions?.['iap.googleapis.com']?.expression ?? '';

describe('the rule of an endpoint', () => {
  it('is as the documentation has it, with its name in both forms', () => {
    const number = resourceOf('stripe');
    expect(only(editRules([], [edit('stripe', [B, A])]))).toEqual({
      description: expect.stringMatching(
        /^bag:[\da-f]{12}\.[\da-f]{12} stripe for agent-gateway\.yaml\. Managed by bind-agent-gateway\.$/,
      ),
      effect: 'ALLOW',
      principals: [A, B],
      operation: { permissions: [PERMISSION] },
      conditions: {
        'iap.googleapis.com': {
          title: 'stripe',
          expression: `(destination.is_registered == true) && (destination.agent_registry.endpoint.name in ['${number}', '${number.replace(PROJECT.number, PROJECT.id)}'])`,
        },
      },
    });
  });

  it('names agents and MCP servers by their own attributes', () => {
    for (const [collection, field] of [
      ['agents', 'agent'],
      ['mcpServers', 'mcp_server'],
    ] as const) {
      const at = { ...destination('x'), resource: { ...destination('x').resource, collection } };
      const made = only(editRules([], [edit('x', [A], { destination: at })]));
      expect(expressionOf(made)).toContain(`destination.agent_registry.${field}.name in ['projects/`);
      expect([isRuleFor(made, at), isRuleFor(made, destination('x'))]).toEqual([true, false]);
    }
  });

  it('allows its members the endpoint and nothing else', () => {
    const made = only(editRules([], [edit('stripe', [A])]));
    expect(isAbout(made, A, destination('stripe'))).toBe(true);
    expect(isAbout(made, B, destination('stripe'))).toBe(false);
    expect(isAbout(made, A, destination('models'))).toBe(false);
  });

  it('says whose it is in 256 characters, whatever the config is called', () => {
    const made = only(editRules([], [edit('stripe', [A], { config: `${'ä'.repeat(400)}.yaml` })]));
    expect(made.description).toHaveLength(256);
    expect(markOf(made)).toEqual(edit('stripe', []).mark);
    expect(serviceIn(made, serviceNamed)).toBe('stripe');
    expect(serviceIn({ ...made, description: made.description?.replace('stripe', 'models') ?? '' }, serviceNamed)).toBe(
      undefined,
    );
  });

  it('is split where it would have too many members', () => {
    const many = Array.from({ length: 2 * RULE_MEMBERS + 1 }, (_, index) => memberOf(`${1000 + index}`));
    const made = editRules([], [edit('stripe', many)]);
    expect(made.map(({ principals }) => principals?.length)).toEqual([RULE_MEMBERS, RULE_MEMBERS, 1]);
    expect(allowedBy(made, edit('stripe', []).mark, destination('stripe'))).toEqual(many);
    expect(editRules(made, [edit('stripe', many)])).toBe(made);
    const fewer = editRules(made, [edit('stripe', [], { remove: many.slice(0, 150) })]);
    expect(allowedBy(fewer, edit('stripe', []).mark, destination('stripe'))).toEqual(many.slice(150));
  });
});

describe('what the server may have rewritten is the same rule', () => {
  const made = only(editRules([], [edit('stripe', [A])]));
  const number = resourceOf('stripe');
  const name = 'destination.agent_registry.endpoint.name';
  const is = (expression: string): boolean =>
    isRuleFor({ ...made, conditions: { 'iap.googleapis.com': { expression } } }, destination('stripe'));

  it.each([
    ['spaces and parentheses', expressionOf(made).replace(/[()]/g, '').replaceAll(' == ', '=='), true],
    ['the order of clauses and names', `${name} in ["${number}"] && true == destination.is_registered`, true],
    [
      'the number in place of the ID',
      `(destination.is_registered == true) && (${name} in ['${number}', '${number}'])`,
      true,
    ],
    ['another endpoint more', expressionOf(made).replace('])', `, '${resourceOf('models')}'])`), false],
    ['a clause less', `${name} in ['${number}']`, false],
    ['a clause more', `${expressionOf(made)} && destination.agent_registry.location == 'us-central1'`, false],
    ['or in place of and', expressionOf(made).replace('&&', '||'), false],
    ['no name', `destination.is_registered == true && ${name} in []`, false],
    ['a name that is no text', `destination.is_registered == true && ${name} in ['${number}', 1]`, false],
    ['another attribute', expressionOf(made).replace('endpoint.name', 'agent.name'), false],
    ['no CEL', `${expressionOf(made)} &&`, false],
  ])('%s', (_what, expression, expected) => {
    expect(is(expression)).toBe(expected);
  });

  it.each<[string, Partial<AccessRule>]>([
    ['denies', { effect: 'DENY' }],
    ['takes somebody out', { excludedPrincipals: [B] }],
    ['is about another permission', { operation: { permissions: ['eventarc.googleapis.com/x.y'] } }],
    ['takes the permission out', { operation: { permissions: [PERMISSION], excludedPermissions: [PERMISSION] } }],
    ['has no condition', { conditions: {} }],
    ['has another one', { conditions: { ...made.conditions, 'eventarc.googleapis.com': { expression: 'true' } } }],
  ])('not one that %s', (_what, change) => {
    expect(isRuleFor({ ...made, ...change }, destination('stripe'))).toBe(false);
  });
});

describe('edits', () => {
  const foreign = [foreignRule('stripe'), rule(['principalSet://y/*'], undefined, { effect: 'DENY' })];
  const own = editRules([], [edit('stripe', [A])]);
  const [first, second] = foreign as [AccessRule, AccessRule];
  const mixed = [first, only(own), second];

  it('write nothing where all is as wanted, in whatever order', () => {
    expect(editRules(mixed, [edit('stripe', [A])])).toBe(mixed);
    const two = editRules([], [edit('stripe', [A, B])]);
    const turned = [{ ...only(two), principals: [B, A] }];
    expect(editRules(turned, [edit('stripe', [A, B])])).toBe(turned);
    expect(editRules(mixed, [edit('stripe', [], { remove: [B] })])).toBe(mixed);
  });

  it('add to the own rule where it stands, and keep who is in it', () => {
    const edited = editRules(mixed, [edit('stripe', [B])]);
    expect([edited[0], edited[2]]).toEqual(foreign);
    expect(edited[1]?.principals).toEqual([A, B]);
  });

  it('take out of the own rule alone, and a rule without members with it', () => {
    const both = editRules(mixed, [edit('stripe', [A, B])]);
    expect(editRules(both, [edit('stripe', [], { remove: [B] })])).toEqual(mixed);
    expect(editRules(mixed, [edit('stripe', [], { remove: [A] })])).toEqual(foreign);
  });

  it('write a changed own rule anew for those who are declared, and for nobody who is not allowed now', () => {
    const about = only(editRules([], [edit('models', [A, C])]));
    const moved = { ...about, description: only(own).description ?? '' };
    const edited = editRules([moved], [edit('stripe', [A])]);
    expect(edited).toEqual(own);
    const narrowed = { ...only(own), principals: [A, C], excludedPrincipals: [C] };
    expect(editRules([narrowed], [edit('stripe', [A])])).toEqual(own);
  });

  it('leave a rule alone that somebody has made a denial of ours', () => {
    const denial = { ...only(own), effect: 'DENY' };
    expect(editRules([denial], [edit('stripe', [A])])).toEqual([denial, only(own)]);
    expect(editRules([denial], [edit('stripe', [], { remove: [A] })])).toEqual([denial]);
  });

  it('leave out members that are gone, when something is written at all', () => {
    const gone = `deleted:${B}?uid=123`;
    const stale = { ...only(own), principals: [gone, A] };
    expect(editRules([stale], [edit('stripe', [A])])).toEqual([stale]);
    expect(editRules([stale], [edit('stripe', [C])])[0]?.principals).toEqual([A, C]);
    const alone = { ...only(editRules([], [edit('models', [A])])), principals: [gone] };
    expect(editRules([alone], [edit('stripe', [A])])).toEqual(own);
    const theirs = { ...first, principals: [gone] };
    expect(editRules([theirs], [edit('stripe', [A])])[0]).toBe(theirs);
  });

  it('keep what is carried over apart from what is declared', () => {
    const carried = edit('stripe', [C], { mark: { ...edit('stripe', []).mark, owner: CARRIED } });
    const edited = editRules(own, [carried]);
    expect(edited.map(({ principals }) => principals)).toEqual([[A], [C]]);
    expect(edited[1]?.description).toMatch(
      /^bag:carried-over\.[\da-f]{12} stripe, copied from its allow policy \(V1\)\./,
    );
    expect(editRules(edited, [edit('stripe', [], { remove: [A, C] })])).toEqual([edited[1]]);
  });

  it('of two configs do not meet', () => {
    const other = edit('stripe', [B], { mark: { ...edit('stripe', []).mark, owner: 'abcdefabcdef' } });
    const both = editRules(editRules([], [edit('stripe', [A])]), [other]);
    expect(both).toEqual(editRules(editRules([], [edit('stripe', [A])]), [other]));
    expect(editRules(both, [edit('stripe', [], { remove: [A, B] })])).toEqual([both[1]]);
  });
});

describe('whatever rules there are and whatever is edited', () => {
  const ids = ['stripe', 'models', 'tickets'] as const;
  const members = fc.subarray([A, B, C]);
  const editArb = fc
    .record({ id: fc.constantFrom(...ids), want: members, remove: members })
    .map(({ id, want, remove }) => edit(id, want, { remove: remove.filter((member) => !want.includes(member)) }));
  const foreignArb = fc.record({
    description: fc.constantFrom('', 'payments', 'bag:', 'bag:abcdefabcdef.abcdefabcdef x'),
    effect: fc.constantFrom('ALLOW', 'DENY'),
    principals: fc.subarray([A, 'principalSet://x/*', `deleted:${C}?uid=1`], { minLength: 1 }),
    extra: fc.jsonValue(),
  });
  const worldArb = fc.tuple(
    fc.array(foreignArb, { maxLength: 4 }),
    fc.array(editArb, { maxLength: 3 }),
    fc.array(fc.nat(8)),
  );

  it('foreign rules stay as they are, in their order, and a second edit changes nothing', () => {
    fc.assert(
      fc.property(worldArb, fc.array(editArb, { maxLength: 3 }), ([foreign, made, places], edits) => {
        const own = editRules([], made);
        const rules: AccessRule[] = [...foreign];
        own.forEach((item, index) => rules.splice((places[index] ?? 0) % (rules.length + 1), 0, item));
        const edited = editRules(rules, edits);
        const isForeign = (item: AccessRule): boolean => foreign.includes(item as never);
        expect(edited.filter(isForeign)).toEqual(foreign);
        // One after the other: a later edit may take out whom an earlier one has put in.
        const last = edits.slice(-1);
        expect(editRules(edited, last)).toBe(edited);
        const lacking = last.flatMap(({ mark, want, destination: at }) => {
          const allowed = at ? allowedBy(edited, mark, at) : [];
          return want.filter((member) => !allowed.includes(member));
        });
        expect(lacking).toEqual([]);
      }),
    );
  });
});
