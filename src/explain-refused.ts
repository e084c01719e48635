import type { RefusedByPolicy, RefusingConstraint } from './apply/errors.js';
import type { Failure } from './failure.js';

const DELAY = 'A change of the policy or its list takes up to 15 minutes to count';

/**
 * What custom constraints do, in plain words: Google's own answer quotes their descriptions and no gateway.
 *
 * @param doing what was being done, e.g. `Binding engine "Support agent" (projects/…)`
 */
export function explainRefused({ constraints, message }: RefusedByPolicy, doing: string): Omit<Failure, 'reason'> {
  const names = constraints.map(({ id }) => id).join(', ') || 'that Google does not name';
  const what = constraints.length > 1 ? 'custom constraints' : 'custom constraint';
  return {
    message: [
      `${doing} was refused by an organization policy, ${what} ${names}.`,
      ...constraints.map((constraint) => constraintText(constraint, constraints.length > 1)),
      /[.!?]$/.test(message) ? message : `${message}.`,
    ].join('\n'),
    next: nextAfter(constraints),
  };
}

function constraintText(constraint: RefusingConstraint, isOneOfSeveral: boolean): string {
  const { id, direction, approved, says } = constraint;
  const subject = isOneOfSeveral ? id : 'It';
  if (says !== undefined) return `${subject} says: ${says}.`;
  if (direction === undefined) return `What ${isOneOfSeveral ? id : 'it'} asks for cannot be read by this identity.`;
  const rule = `${subject} lets an engine be created or updated only with an approved ${direction} gateway`;
  if (approved === undefined)
    return `${rule}; this identity cannot read which ones are approved. ${askedText(constraint)}`;
  return `${rule}. Approved: ${approved.join(', ') || 'none'}. ${askedText(constraint)}`;
}

function askedText({ asked, direction = 'egress' }: RefusingConstraint): string {
  return asked ? `This update asks for ${asked}.` : `This update leaves the engine without an ${direction} gateway.`;
}

function nextAfter(constraints: readonly RefusingConstraint[]): string[] {
  const lists = constraints.filter(({ direction, says }) => direction !== undefined && says === undefined);
  const isApproved = ({ approved, asked }: RefusingConstraint): boolean => approved?.includes(asked ?? '') ?? false;
  // What was refused is on the list by now: whoever asks for it need not change a thing.
  if (lists.length === constraints.length && lists.length > 0 && lists.every(isApproved)) {
    return [`The gateway is on the list, so its approval is on its way. ${DELAY}: run again after that.`];
  }
  const open = lists.filter((constraint) => !isApproved(constraint));
  return [
    ...(open.some(({ asked }) => asked)
      ? [
          'Name an approved gateway, or ask the owners of the policy to approve this one: under guardrails, where a config keeps the list. Names are compared as text, with the project ID.',
        ]
      : []),
    ...[...new Set(open.flatMap(({ asked, direction }) => (asked || !direction ? [] : [direction])))].map(
      (direction) =>
        `While the policy is enforced an engine cannot be without an ${direction} gateway: name an approved one, or ask the owners of the policy to lift it first.`,
    ),
    ...(lists.length < constraints.length ? ['Ask the owners of the policy what it allows.'] : []),
    `${DELAY}: where it was changed just now, run again after that.`,
  ];
}
