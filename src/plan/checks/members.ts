import { parseEngineName } from '../../google/names.js';
import type { IamPolicy } from '../../google/types.js';
import type { Observed } from '../../observe/observed.js';
import { EGRESSOR } from '../grants.js';

/** The part of an agent identity after its trust domain, "Agent identity" page. */
const ENGINE_MEMBER = /^principal:\/\/[^/]+\/resources\/aiplatform\/(.+)$/;

/** @returns who has the role in a policy, each once, with or without a condition */
export function egressors(policy: IamPolicy | undefined): string[] {
  const bindings = (policy?.bindings ?? []).filter(({ role }) => role === EGRESSOR);
  return [...new Set(bindings.flatMap(({ members }) => members ?? []))];
}

/** @returns true for the principal of an engine of this project and region that is not there any more */
export function isStale(member: string, { project, region, engines, siblings, engineNames }: Observed): boolean {
  const engine = parseEngineName(ENGINE_MEMBER.exec(member)?.[1] ?? '');
  if (engine?.location !== region) return false;
  if (engine.project !== project.number && engine.project !== project.id) return false;
  const known = [...engineNames, ...[...engines, ...siblings].map(({ name }) => name)];
  return !known.some((name) => parseEngineName(name)?.id === engine.id);
}

/** @returns the display name of the engine whose principal it is, else the member itself */
export function memberName(member: string, { engines, siblings }: Observed): string {
  const engine = [...engines, ...siblings].find(({ principal }) => principal === member);
  return engine?.displayName ? JSON.stringify(engine.displayName) : member;
}

/** @returns true when a member is this principal, or a set that may hold it */
export function mayMean(member: string, principal: string | undefined): boolean {
  return member === principal || !/^(?:principal|user|serviceAccount|deleted):/.test(member);
}
