import type { IamPolicy } from '../../google/types.js';
import type { Observed } from '../../observe/observed.js';
import { EGRESSOR } from '../grants.js';
import { engineIdIn } from '../scope-engine.js';

/** @returns who has the role in a policy, each once, with or without a condition */
export function egressors(policy: IamPolicy | undefined): string[] {
  const bindings = (policy?.bindings ?? []).filter(({ role }) => role === EGRESSOR);
  return [...new Set(bindings.flatMap(({ members }) => members ?? []))];
}

/** What it takes to know the engines of a project and region. */
type Engines = Pick<Observed, 'project' | 'region' | 'engines' | 'siblings' | 'engineNames'>;

/** @returns true for the principal of an engine of this project and region that is not there any more */
export function isStale(member: string, observed: Engines): boolean {
  const id = engineIdIn(member, observed);
  return id !== undefined && !knownIds(observed).has(id);
}

/** The same, and where this run takes members away, asked of Google engine by engine: a list may lag behind a deploy. */
export function isGone(member: string, observed: Engines & Pick<Observed, 'gone'>): boolean {
  return isStale(member, observed) && (observed.gone?.has(engineIdIn(member, observed) ?? '') ?? true);
}

/** By what was observed, which never changes: a full fleet's policies have 150,000 members to ask for. */
const KNOWN_IDS = new WeakMap<object, ReadonlySet<string>>();

function knownIds(observed: Pick<Observed, 'engines' | 'siblings' | 'engineNames'>): ReadonlySet<string> {
  const { engines, siblings, engineNames } = observed;
  const names = (): string[] => [...engineNames, ...[...engines, ...siblings].map(({ name }) => name)];
  const ids = KNOWN_IDS.get(observed) ?? new Set(names().map((name) => name.slice(name.lastIndexOf('/') + 1)));
  KNOWN_IDS.set(observed, ids);
  return ids;
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
