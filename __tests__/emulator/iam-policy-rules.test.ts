import { describe, expect, it } from '@jest/globals';
import type { SettingsInput } from '../../emulator/index.js';
import { withEmulator, type Answer, type Json } from './helpers.js';
import {
  AGENT_A,
  conditionOf,
  errorOf,
  EVERY_AGENT,
  HOST_RULE,
  INVALID,
  PERMISSION,
  POLICIES,
  policy,
  rule,
  TRUST_DOMAIN,
  v2World,
} from './iam-helpers.js';

const PATH = `${POLICIES}?accessPolicyId=agent-egress&validateOnly=true`;
const NAME = 'destination.agent_registry.endpoint.name';
const ENTRY = 'projects/acme-agents/locations/us-central1/endpoints/agentregistry-1';

type Iam = NonNullable<SettingsInput['iam']>;

const answerTo = async (body: Json, iam: Iam = {}): Promise<Answer> => {
  let answer: Answer | undefined;
  await withEmulator(v2World({ settings: { iam } }), async (_, call) => {
    answer = await call('POST', PATH, body);
  });
  if (answer === undefined) throw new Error('no answer');
  return answer;
};
const withRule = (more: Json): Json => policy({}, [rule(more)]);
const violationsOf = ({ body }: Answer): unknown[] => {
  const { details } = body.error as { details: { fieldViolations: { field: string }[] }[] };
  return details.flatMap(({ fieldViolations }) => fieldViolations.map(({ field }) => field));
};

describe('a policy is refused', () => {
  it.each<[string, Json, string]>([
    ['no details', {}, 'access_policy.details.rules'],
    ['no rule', policy({}, []), 'access_policy.details.rules'],
    ['a display name of 64 characters', policy({ displayName: 'é'.repeat(64) }), 'access_policy.display_name'],
    ['an annotation key with a space', policy({ annotations: { 'a b': '' } }), 'access_policy.annotations'],
    [
      'an annotation name of 64 characters',
      policy({ annotations: { [`a/${'b'.repeat(64)}`]: '' } }),
      'access_policy.annotations',
    ],
    [
      'more than 256 KiB of annotations',
      policy({ annotations: { a: 'b'.repeat(262_144) } }),
      'access_policy.annotations',
    ],
    ['a description of 257 characters', withRule({ description: 'é'.repeat(257) }), 'description'],
    ['no effect', withRule({ effect: undefined }), 'effect'],
    ['an unspecified effect', withRule({ effect: 'EFFECT_UNSPECIFIED' }), 'effect'],
    ['no principals', withRule({ principals: [] }), 'principals'],
    ['a deleted principal', withRule({ principals: [`deleted:${AGENT_A}?uid=1`] }), 'principals'],
    [
      'a deleted excluded principal',
      withRule({ excludedPrincipals: [`deleted:${AGENT_A}?uid=1`] }),
      'excluded_principals',
    ],
    ['a member of allow policies', withRule({ principals: ['user:alice@example.com'] }), 'principals'],
    ['an unknown trust domain', withRule({ principals: [AGENT_A.replace('5550001', '9')] }), 'principals'],
    [
      'a folder of agents',
      withRule({ principals: [`principalSet://${TRUST_DOMAIN}/attribute.platformContainer/aiplatform/folders/77`] }),
      'principals',
    ],
    ['no operation', withRule({ operation: undefined }), 'operation.permissions'],
    ['no permission', withRule({ operation: { permissions: [] } }), 'operation.permissions'],
    [
      'the short form of the permission',
      withRule({ operation: { permissions: ['iap.resources.egressViaIAP'] } }),
      'operation.permissions',
    ],
    [
      'another permission of IAP',
      withRule({ operation: { permissions: ['iap.googleapis.com/webServices.get'] } }),
      'operation.permissions',
    ],
    [
      'a condition for an unknown service',
      withRule({ conditions: { 'x.googleapis.com': { expression: HOST_RULE } } }),
      'conditions',
    ],
    [
      'a condition without an expression',
      withRule({ conditions: { 'iap.googleapis.com': { title: 'x' } } }),
      'conditions.iap.googleapis.com.expression',
    ],
  ])('with %s', async (_what, body, field) => {
    const answer = await answerTo(body);
    expect(answer).toMatchObject(INVALID);
    const [violated] = violationsOf(answer);
    expect([field, `access_policy.details.rules[0].${field}`]).toContain(violated);
  });

  it.each<[string, Json, string]>([
    ['top-level rules', { rules: [] }, '"rules" at \'access_policy\''],
    ['operations', withRule({ operations: [] }), '"operations" at \'access_policy.details.rules[0]\''],
    ['a condition in the singular', withRule({ condition: {} }), '"condition" at \'access_policy.details.rules[0]\''],
  ])('with %s, a name that is not in the message', async (_what, body, name) => {
    expect((await answerTo(body)).body.error).toMatchObject({
      status: 'INVALID_ARGUMENT',
      message: `Invalid JSON payload received. Unknown name ${name}: Cannot find field.`,
    });
  });

  it('with a value of the wrong type', async () => {
    for (const body of [withRule({ effect: 'PERMIT' }), withRule({ principals: AGENT_A }), { details: [] }])
      expect(await answerTo(body)).toMatchObject(INVALID);
  });

  it.each<[string, Json, Iam['limits']]>([
    ['too many rules', policy({}, [rule(), rule(), rule()]), { rulesPerPolicy: 2 }],
    [
      'too many principals in a rule',
      withRule({ principals: [AGENT_A, EVERY_AGENT, AGENT_A] }),
      { principalsPerRule: 2 },
    ],
    ['a condition that is too long', policy(), { conditionLength: HOST_RULE.length - 1 }],
    ['too many bytes', policy(), { policyBytes: 300 }],
  ])('with %s, as many as the switch allows', async (_what, body, limits) => {
    expect(await answerTo(body, { limits })).toMatchObject(INVALID);
    expect((await answerTo(body)).status).toBe(200);
  });

  it('beyond the number of policies of a project', async () => {
    const settings = { iam: { limits: { policiesPerParent: 1 } } };
    await withEmulator(v2World({ settings }), async (emulator, call) => {
      await call('POST', `${POLICIES}?accessPolicyId=agent-egress`, policy());
      emulator.world.advance(10_000);
      expect(await call('POST', `${POLICIES}?accessPolicyId=other`, policy())).toMatchObject(
        errorOf(400, 'FAILED_PRECONDITION'),
      );
    });
  });
});

describe('a policy is accepted', () => {
  it.each<[string, Json]>([
    ['names as long as they may be', policy({ displayName: 'é'.repeat(63) }, [rule({ description: 'é'.repeat(256) })])],
    [
      'annotations with and without a prefix',
      policy({ annotations: { 'bind-agent-gateway/rule.7c1e': 'x', 'a.b_c-d': '' } }),
    ],
    [
      'all forms of principals',
      withRule({
        principals: [
          AGENT_A,
          EVERY_AGENT,
          `principalSet://${TRUST_DOMAIN}/attribute.platform/aiplatform`,
          'principal://goog/subject/alice@example.com',
          'principalSet://goog/group/admins@example.com',
          'principal://iam.googleapis.com/projects/-/serviceAccounts/a@b.iam.gserviceaccount.com',
        ],
        excludedPrincipals: [AGENT_A],
      }),
    ],
    [
      'a permission of another service, and its conditions',
      withRule({
        operation: {
          permissions: [PERMISSION, 'eventarc.googleapis.com/messageBuses.publish'],
          excludedPermissions: [PERMISSION],
        },
        conditions: { 'eventarc.googleapis.com': { expression: "message.type.startsWith('x')" } },
      }),
    ],
    [
      'names in snake case',
      { display_name: 'x', details: { rules: [{ ...rule(), excluded_principals: [EVERY_AGENT] }] } },
    ],
    ['no condition', withRule({ conditions: {} })],
  ])('with %s', async (_what, body) => {
    expect((await answerTo(body)).status).toBe(200);
  });

  it('without a condition only if the switch says so', async () => {
    expect(await answerTo(withRule({ conditions: undefined }), { ruleWithoutCondition: 'rejected' })).toMatchObject(
      INVALID,
    );
  });
});

describe('a condition', () => {
  it.each([
    'destination.is_registered == true',
    '!destination.is_registered',
    `(destination.is_registered == true) && (${NAME} in ['${ENTRY}', "${ENTRY}"])`,
    "destination.agent_registry.resource_type != 'AGENT' || destination.agent_registry.location in ['global']",
    "destination.agent_registry.project_id == 'acme-agents' && destination.agent_registry.agent.name != 'x'",
    "(destination.agent_registry.mcp_server.method == 'tools') && (destination.agent_registry.mcp_server.tool.name in ['a', 'b'])",
    'destination.agent_registry.mcp_server.tool.annotations.destructive_hint == true',
    "destination.agent_registry.mcp_server.prompt.name == 'a' || destination.agent_registry.mcp_server.resource.name == 'b'",
    "destination.unregistered.host.endsWith('.example.com') && !destination.unregistered.path.startsWith('/admin')",
    "destination.unregistered.path.contains('/v1/') && destination.unregistered.method in ['GET', 'get']",
  ])('may be %s', async (expression) => {
    expect((await answerTo(withRule({ conditions: conditionOf(expression) }))).status).toBe(200);
  });

  it.each([
    ['no CEL', 'destination.is_registered =='],
    ['an unknown attribute', "destination.host == 'a'"],
    ['an attribute without its variable', "unregistered.host == 'a'"],
    ['a message as an attribute', 'destination.unregistered == destination.unregistered'],
    ['another variable', "request.path == 'a'"],
    ['a text as the whole condition', 'destination.unregistered.host'],
    ['a function on a name', `${NAME}.startsWith('projects/')`],
    ['an unknown function', "destination.unregistered.host.matches('a')"],
    ['a global function', 'size(destination.unregistered.host) > 1'],
    ['an operator that is not listed', "destination.unregistered.host > 'a'"],
    ['in on a bool', 'destination.is_registered in [true]'],
    ['in on a text', "destination.unregistered.host in 'abc'"],
    ['a list on the right of ==', "destination.unregistered.host == ['a']"],
    ['two attributes compared', 'destination.unregistered.host == destination.unregistered.path'],
    ['the wrong type', "destination.is_registered == 'true'"],
    ['a ternary', 'destination.is_registered ? true : false'],
  ])('may not be %s: the answer quotes it', async (_what, expression) => {
    const answer = await answerTo(withRule({ conditions: conditionOf(expression) }));
    expect(answer).toMatchObject(INVALID);
    expect((answer.body.error as Json).message).toContain(expression);
  });

  it('may search names when the switch follows the older page', async () => {
    for (const call of ["startsWith('a')", "endsWith('a')", "contains('a')", "matches('a')"]) {
      const body = withRule({ conditions: conditionOf(`${NAME}.${call}`) });
      expect((await answerTo(body, { stringFunctionsOnNames: 'accepted' })).status).toBe(200);
    }
  });

  it('may have twelve logical operators', async () => {
    const terms = (count: number): Json =>
      withRule({
        conditions: conditionOf(Array.from({ length: count }, () => 'destination.is_registered').join(' && ')),
      });
    expect((await answerTo(terms(13))).status).toBe(200);
    const named = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'TOO_MANY_CONDITIONS' };
    expect(await answerTo(terms(14))).toMatchObject(errorOf(400, 'INVALID_ARGUMENT', { details: [named] }));
    const inMessage = { message: expect.stringMatching(/^TOO_MANY_CONDITIONS: /) };
    expect(await answerTo(terms(14), { errorNames: 'message' })).toMatchObject(
      errorOf(400, 'INVALID_ARGUMENT', inMessage),
    );
    expect(await answerTo(terms(3), { limits: { conditionOperators: 1 } })).toMatchObject(INVALID);
  });
});
