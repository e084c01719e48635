import { engineOfMember, formatEngineName } from '../google/names.js';
import type { Observed } from '../observe/observed.js';

/** @returns the ID of the engine of this very project and region whose identity an IAM member is, whether it is still there or not */
export function engineIdIn(
  member: string,
  { project, region }: Pick<Observed, 'project' | 'region'>,
): string | undefined {
  // Asked of every member of every policy, of which a full fleet has 150,000: most are seen at once to be of elsewhere.
  if (!member.includes(`/locations/${region}/reasoningEngines/`)) return undefined;
  const engine = engineOfMember(member);
  if (engine?.location !== region) return undefined;
  return engine.project === project.number || engine.project === project.id ? engine.id : undefined;
}

/** @returns the name of that engine, in the form in which Google gives the names of engines */
export function engineNameOf(member: string, observed: Pick<Observed, 'project' | 'region'>): string {
  const id = engineIdIn(member, observed) ?? '';
  return formatEngineName({ project: observed.project.number, location: observed.region, id });
}
