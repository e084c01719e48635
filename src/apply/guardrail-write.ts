import { isAlreadyExists, isConflict, isLate, isNotFound, isUncertain } from '../google/errors.js';
import type { CustomConstraint, OrganizationPolicy } from '../google/types.js';
import { orNull } from '../observe/or-null.js';
import { constraintBody, policyBody } from '../plan/guardrail-bodies.js';
import { enforcementOf, rulesText } from '../plan/guardrail-policy.js';
import { gatewaySet, ruleOf, type Rule } from '../plan/guardrail-rule.js';
import type { ConstraintChange, ConstraintWrite, PolicyChange } from '../plan/types.js';
import type { ApplyDeps } from './deps.js';
import { ConstraintNameSpent, GuardrailChanged, GuardrailLost } from './errors.js';
import { pauseAfter } from './patience.js';

/** Attempts when somebody else keeps writing, or when Google does not say whether it took a write. */
const MAX_ATTEMPTS = 5;

/**
 * Brings a constraint to one of its planned lists. It has no etag, and a write replaces all of it: it is read right before, and
 * only written when it still is what the plan saw.
 *
 * @returns true when a write on the way there got no answer in time: it may still be carried out after any other one
 * @throws GuardrailChanged, GuardrailLost, ConstraintNameSpent, ApiError, NetworkError or the abort reason
 */
export async function writeConstraint(
  change: ConstraintChange,
  write: ConstraintWrite,
  deps: ApplyDeps,
): Promise<boolean> {
  const { orgpolicy } = deps.google;
  const body = constraintBody(change, write.gateways);
  const isWritten = (current: CustomConstraint): boolean =>
    isList(ruleOf(current, change.direction), write.gateways) &&
    (current.displayName ?? '') === body.displayName &&
    (current.description ?? '') === body.description;
  const read = (): Promise<CustomConstraint | null> => orNull(orgpolicy.getConstraint(change.name));
  let wasTaken = false;
  let isOnItsWay = false;
  await again(labelOf(change), deps, async () => {
    const current = await read();
    if (current && isWritten(current)) return;
    if (current === null && wasTaken) throw new ConstraintNameSpent(change.name);
    if (current) checkUnchanged(current, change);
    try {
      const written = current ? await orgpolicy.patchConstraint(body) : await orgpolicy.createConstraint(body);
      if (isWritten(written)) return;
    } catch (error) {
      wasTaken = isAlreadyExists(error);
      isOnItsWay ||= isLate(error);
      throw error;
    }
    const now = await read();
    if (!now || !isWritten(now)) throw new GuardrailLost(change.name);
  });
  return isOnItsWay;
}

/**
 * Brings a policy to what is planned: create, update with its etag, or removal with it.
 *
 * @throws GuardrailChanged, GuardrailLost, ApiError, NetworkError or the abort reason
 */
export async function writePolicy(change: PolicyChange, deps: ApplyDeps): Promise<void> {
  const { orgpolicy } = deps.google;
  const read = (): Promise<OrganizationPolicy | null> => orNull(orgpolicy.getPolicy(change.name));
  await again(labelOf(change), deps, async () => {
    const current = await read();
    const now = enforcementOf(current);
    if (change.action === 'remove' ? current === null : now === change.to) return;
    // Rules that the plan did not show are somebody else's, and their own business.
    if (now === 'other-rules' && rulesText(current) !== change.fromRule) {
      throw new GuardrailChanged(change.name, rulesText(current));
    }
    if (change.action === 'remove') return orgpolicy.deletePolicy(change.name, current?.etag);
    const body = policyBody(change);
    const written = current
      ? await orgpolicy.patchPolicy({ ...body, ...(current.etag === undefined ? {} : { etag: current.etag }) })
      : await orgpolicy.createPolicy(body);
    if (enforcementOf(written) === change.to || enforcementOf(await read()) === change.to) return;
    throw new GuardrailLost(change.name);
  });
}

/** Every round begins with a fresh read, so going round again is safe. */
async function again(label: string, deps: ApplyDeps, round: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      deps.signal.throwIfAborted();
      await round();
      return;
    } catch (error) {
      // Not found: removed since it was read, or a constraint that was created a moment ago and is not known everywhere.
      const mayHelp = [isConflict, isAlreadyExists, isNotFound, isUncertain].some((is) => is(error));
      if (deps.signal.aborted || attempt >= MAX_ATTEMPTS || !mayHelp) throw error;
      deps.progress.step(label, `${(error as Error).message}; reading it again`);
      await pauseAfter(error, deps.random() * Math.min(1000 * 2 ** (attempt - 1), 30_000), deps);
    }
  }
}

/** What is there has to be what the plan saw, or what an earlier write of this plan made of it. */
function checkUnchanged(current: CustomConstraint, change: ConstraintChange): void {
  const rule = ruleOf(current, change.direction);
  const known = [...(change.from === null ? [] : [change.from]), ...change.writes.map(({ gateways }) => gateways)];
  if (rule.kind === 'other' ? rule.text === change.fromRule : known.some((gateways) => isList(rule, gateways))) return;
  throw new GuardrailChanged(change.name, rule.kind === 'other' ? rule.text : rule.gateways.join(', '));
}

function isList(rule: Rule, gateways: readonly string[]): boolean {
  return rule.kind === 'list' && JSON.stringify(rule.gateways) === JSON.stringify(gatewaySet(gateways));
}

/** @returns the guardrail's name in the log */
export function labelOf({ direction, kind }: ConstraintChange | PolicyChange): string {
  return `${direction} guardrail, ${kind}`;
}
