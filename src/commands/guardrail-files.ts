import { writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { constraintBody, policyBody } from '../plan/guardrail-bodies.js';
import { guardrailChanges, type GuardrailChange, type Plan } from '../plan/types.js';

/**
 * Writes the declared guardrails as `gcloud org-policies set-custom-constraint` and `set-policy` take them, for teams that apply
 * them elsewhere: what an apply would send, whether it is there already or not. A policy that is to be removed has no such form.
 *
 * @param planFile path of the plan's own file, which the others stand next to
 * @returns the paths, in the order in which they have to be applied
 */
export async function writeGuardrailFiles(plan: Plan, planFile: string): Promise<string[]> {
  const declared = guardrailChanges(plan).filter(({ action }) => action !== 'remove');
  return Promise.all(
    declared.map(async (change) => {
      const file = planFile.replace(/\.json$/, `-${change.direction}-${change.kind}.yaml`);
      await writeFile(file, stringify(bodyOf(change), { lineWidth: 0 }));
      return file;
    }),
  );
}

function bodyOf(change: GuardrailChange): object {
  return change.kind === 'constraint' ? constraintBody(change) : policyBody(change);
}
