import { isNotFound, isPermissionDenied } from '../google/errors.js';
import type { Google } from '../google/index.js';
import { rulesOf } from '../plan/access/rules.js';
import { isStale } from '../plan/checks/members.js';
import { engineIdIn, engineNameOf } from '../plan/scope-engine.js';
import type { Observed } from './observed.js';

/**
 * Asks for every engine that somebody is granted something as, and that was not listed: a list may lag behind a deploy, and a
 * grant of an agent that starts right now must not be taken away. Only read where something is taken away or carried over.
 *
 * @returns the IDs of those that Google says are not there, and all names that are known to be there
 */
export async function readGone(
  observed: Pick<
    Observed,
    'project' | 'region' | 'engines' | 'siblings' | 'engineNames' | 'policies' | 'registryPolicy' | 'access'
  >,
  google: Google,
): Promise<Required<Pick<Observed, 'gone' | 'engineNames'>>> {
  const policies = [...observed.policies.values(), observed.registryPolicy];
  const members = [
    ...policies.flatMap((policy) => (policy?.bindings ?? []).flatMap((binding) => binding.members ?? [])),
    ...rulesOf(observed.access?.policy).flatMap(({ principals = [] }) => principals),
  ];
  const doubtful = members.filter((member) => isStale(member, observed));
  const names = new Map(doubtful.map((member) => [engineIdIn(member, observed) ?? '', engineNameOf(member, observed)]));
  const gone = new Set<string>();
  const found: string[] = [];
  await Promise.all(
    [...names].map(async ([id, name]) => {
      try {
        found.push((await google.aiplatform.getEngine(name)).name);
      } catch (error) {
        if (isNotFound(error)) gone.add(id);
        // Then nothing is known of it, and it stays.
        else if (!isPermissionDenied(error)) throw error;
      }
    }),
  );
  return { gone, engineNames: [...observed.engineNames, ...found].sort() };
}
