import { writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { constraintBody, policyBody } from '../plan/guardrail-bodies.js';
import { planGuardrails } from '../plan/guardrails.js';
import { guardrailChanges, type GuardrailChange } from '../plan/types.js';
import type { Looked } from './look.js';

/**
 * Writes the declared guardrails as `gcloud org-policies set-custom-constraint` and `set-policy` take them, for teams that apply
 * them elsewhere: what an apply would send, whether it is there already or not. A policy that is to be removed has no such form.
 * Where this identity may not read them, they are written as for an organization that has none yet.
 *
 * @param planFile path of the plan's own file, which the others stand next to
 * @returns the paths, in the order in which they have to be applied
 */
export async function writeGuardrailFiles(
  { plan, desired, observed }: Pick<Looked, 'plan' | 'desired' | 'observed'>,
  planFile: string,
): Promise<string[]> {
  const isUnread = observed.unreadGuardrails !== undefined;
  const changes = isUnread ? planGuardrails(desired, {}, []) : guardrailChanges(plan);
  return Promise.all(
    changes
      .filter(({ action }) => action !== 'remove')
      .map(async (change) => {
        const file = planFile.replace(/\.json$/, `-${change.direction}-${change.kind}.yaml`);
        await writeFile(file, stringify(bodyOf(change), { lineWidth: 0 }));
        return file;
      }),
  );
}

function bodyOf(change: GuardrailChange): object {
  return change.kind === 'constraint' ? constraintBody(change) : policyBody(change);
}
