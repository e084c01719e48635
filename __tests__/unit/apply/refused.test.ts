import { describe, expect, it } from '@jest/globals';
import { explainRefusal, isRefusedFor } from '../../../src/apply/refused.js';
import { explain } from '../../../src/explain.js';
import type { Failure } from '../../../src/failure.js';
import { OperationError } from '../../../src/google/errors.js';
import type { CustomConstraint } from '../../../src/google/types.js';
import { CONSTRAINT_IDS } from '../../../src/plan/guardrail-rule.js';
import type { BindingChange } from '../../../src/plan/types.js';
import { stage } from '../../support/apply.js';
import { engineNamed, gatewayNamed, memberOf } from '../../support/builders.js';
import { apiError } from '../../support/errors.js';
import { EGRESS, OTHER, ownConstraint } from '../../support/guardrails.js';

const [EGRESS_ID, INGRESS_ID] = [CONSTRAINT_IDS.egress, CONSTRAINT_IDS.ingress];
const change = (egress: string | null, ingress: string | null = null): BindingChange => ({
  layer: 'binding',
  action: 'update',
  engine: engineNamed('1'),
  displayName: 'Support agent',
  egress: { from: null, to: egress, declared: true },
  ingress: { from: null, to: ingress, declared: false },
});

const infoOf = (names: string) => ({
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  reason: 'CUSTOM_ORG_POLICY_VIOLATION',
  domain: 'googleapis.com',
  metadata: { service: 'aiplatform.googleapis.com', customConstraints: names },
});
const answer = (...ids: string[]) => {
  const { reason, metadata } = infoOf(ids.map((id) => `customConstraints/${id}`).join(', '));
  return apiError(400, 'FAILED_PRECONDITION', { reason, metadata, message: 'Operation denied by org policy.' });
};
const ended = (...ids: string[]) => {
  const details = [infoOf(ids.map((id) => `customConstraints/${id}`).join(','))];
  return new OperationError('op/7', { code: 9, message: 'Operation denied by org policy.', details });
};

/** What the reader is told of a refusal, in an organization with these constraints. */
async function told(
  error: unknown,
  asked: BindingChange,
  constraints: readonly CustomConstraint[] = [],
  principal = memberOf('1'),
): Promise<Failure> {
  const { google } = stage();
  for (const item of constraints) google.organization.constraints.set(item.name, item);
  const cause = await explainRefusal(error, asked, principal, google);
  return explain(cause, 'Binding engine "Support agent"', 'bind-failed');
}

const approving = ownConstraint([EGRESS, OTHER]);
const named = (id: string, more: Partial<CustomConstraint>): CustomConstraint =>
  ownConstraint([EGRESS], { name: `organizations/5550001/customConstraints/${id}`, ...more });

describe('a refusal by a list of gateways', () => {
  it.each([
    ['in the answer', answer(EGRESS_ID)],
    ['at the end of the operation', ended(EGRESS_ID)],
  ])('%s says what is approved and what was asked for', async (_where, error) => {
    const { reason, message, next } = await told(error, change(gatewayNamed('third')), [approving]);
    expect(reason).toBe('bind-failed');
    expect(message.split('\n')).toEqual([
      `Binding engine "Support agent" was refused by an organization policy, custom constraint ${EGRESS_ID}.`,
      `It lets an engine be created or updated only with an approved egress gateway. Approved: ${EGRESS}, ${OTHER}. This update asks for ${gatewayNamed('third')}.`,
      expect.stringContaining('Operation denied by org policy.'),
    ]);
    expect(next).toEqual([
      expect.stringContaining('Name an approved gateway, or ask the owners'),
      expect.stringContaining('up to 15 minutes'),
    ]);
  });

  it('says of an engine that is unbound that it cannot be', async () => {
    const { message, next } = await told(answer(EGRESS_ID), change(null), [approving]);
    expect(message).toContain('This update leaves the engine without an egress gateway.');
    expect(next[0]).toContain('While the policy is enforced an engine cannot be without an egress gateway');
    expect(next.join()).not.toContain('approve this one');
  });

  it('says to wait where the gateway is on the list by now', async () => {
    const { next } = await told(answer(EGRESS_ID), change(OTHER), [approving]);
    expect(next).toEqual([expect.stringMatching(/is on the list, .* up to 15 minutes to count: run again after that/)]);
  });

  it('is found by what a constraint says, whatever its name', async () => {
    const { message, next } = await told(answer('custom.ours'), change(gatewayNamed('third')), [
      named('custom.ours', {}),
    ]);
    expect(message).toContain(`Approved: ${EGRESS}. This update asks for`);
    expect(next[0]).toContain('Name an approved gateway');
  });

  it.each<[string, readonly CustomConstraint[], string]>([
    ['where it may not be read', [], memberOf('1')],
    ['where the organization is not known', [approving], memberOf('1').replace('org-5550001', 'proj-101010')],
  ])('goes without the list %s', async (_what, constraints, principal) => {
    const { message } = await told(answer(EGRESS_ID), change(gatewayNamed('third')), constraints, principal);
    expect(message).toContain('this identity cannot read which ones are approved. This update asks for');
  });
});

describe('a refusal by something else', () => {
  it('says what the constraint says, or that it cannot be read', async () => {
    const never = named('custom.never', { condition: 'false', actionType: 'ALLOW' });
    const { message, next } = await told(answer('custom.never'), change(EGRESS), [never]);
    expect(message).toContain('It says: ALLOW CREATE, UPDATE if false.');
    expect(next[0]).toBe('Ask the owners of the policy what it allows.');
    const unread = await told(answer('custom.never'), change(EGRESS));
    expect(unread.message).toContain('What it asks for cannot be read by this identity.');
  });

  it('is left as it is when it is no policy', async () => {
    const error = apiError(400, 'FAILED_PRECONDITION');
    expect(await explainRefusal(error, change(EGRESS), memberOf('1'), stage().google)).toBe(error);
  });
});

describe('a refusal by several constraints', () => {
  it.each([answer(EGRESS_ID, INGRESS_ID, 'custom.never'), ended(EGRESS_ID, INGRESS_ID, 'custom.never')])(
    'names each and says of each what it says (%#)',
    async (error) => {
      const { message, next } = await told(error, change(gatewayNamed('third')), [approving]);
      const [first, ...lines] = message.split('\n');
      expect(first).toContain(`custom constraints ${EGRESS_ID}, ${INGRESS_ID}, custom.never.`);
      expect(lines).toEqual([
        expect.stringMatching(new RegExp(`^${EGRESS_ID} lets .* Approved: .*This update asks for .*/third\\.$`)),
        expect.stringMatching(new RegExp(`^${INGRESS_ID} lets .* ingress gateway; this identity cannot read`)),
        'What custom.never asks for cannot be read by this identity.',
        expect.stringContaining('Operation denied'),
      ]);
      expect(next).toHaveLength(4);
    },
  );

  it('finds them in the message where the metadata has none', async () => {
    const message = `Operation denied by org policy on resource 'x': ["customConstraints/${EGRESS_ID}": "a", "customConstraints/custom.b": "c"]`;
    const error = apiError(400, 'FAILED_PRECONDITION', {
      reason: 'CUSTOM_ORG_POLICY_VIOLATION',
      metadata: {},
      message,
    });
    expect((await told(error, change(EGRESS))).message).toContain(`${EGRESS_ID}, custom.b.`);
  });

  it('says so where Google names none', async () => {
    const error = apiError(400, 'FAILED_PRECONDITION', { reason: 'CUSTOM_ORG_POLICY_VIOLATION', metadata: {} });
    const { message, next } = await told(error, change(EGRESS));
    expect(message).toContain('custom constraint that Google does not name.');
    expect(next).not.toEqual([]);
  });
});

describe('waiting for a change of the policy', () => {
  it.each([
    ['of its direction', answer(EGRESS_ID), true],
    ['of its direction, in the operation', ended(EGRESS_ID), true],
    ['of another direction', answer(INGRESS_ID), false],
    ['of more than its direction', answer(EGRESS_ID, INGRESS_ID), false],
    ['of something else', answer(EGRESS_ID, 'custom.never'), false],
    ['of nothing', apiError(400, 'FAILED_PRECONDITION'), false],
  ])('makes sense for a refusal %s: %#', (_what, error, expected) => {
    expect(isRefusedFor(error, new Set(['egress']))).toBe(expected);
  });
});
