import { createHash } from 'node:crypto';
import type { RequestLogEntry } from '../request-log.js';
import type { FaultMatch, When } from './schema.js';

/** Does the fault mean this request? */
export function matches(match: FaultMatch, { api, method, path, write }: RequestLogEntry): boolean {
  return (
    isAmong(match.api, api) &&
    isAmong(match.method, method) &&
    (match.path === undefined || patternOf(match.path).test(path)) &&
    (match.write === undefined || match.write === write)
  );
}

/** Decides, for one fault, which of the matching requests it hits. */
export class Turns {
  /** Matching requests so far. */
  count = 0;
  private readonly when: When;
  private readonly perTarget = new Map<string, number>();

  constructor(when: When) {
    this.when = when;
  }

  /** Counts a matching request. @returns true when it is to be hit */
  next(entry: RequestLogEntry): boolean {
    this.count += 1;
    const { when } = this;
    if (when === 'every') return true;
    if ('first' in when) return this.count <= when.first;
    if ('nth' in when) return [when.nth].flat().includes(this.count);
    return this.draw(entry, when.seed) < when.probability;
  }

  /**
   * A number from 0 to 1 that depends on the seed, on what is asked for and on how often it was asked for before: requests that
   * run side by side may swap places and are hit all the same. Ids of operations hold the time, so they do not count.
   */
  private draw({ api, method, path }: RequestLogEntry, seed: number): number {
    const target = `${api} ${method} ${path.replace(/\/operations\/[^/:]+/, '/operations/*')}`;
    const nth = (this.perTarget.get(target) ?? 0) + 1;
    this.perTarget.set(target, nth);
    return createHash('sha256').update(`${seed} ${nth} ${target}`).digest().readUIntBE(0, 6) / 2 ** 48;
  }
}

function isAmong(wanted: string | readonly string[] | undefined, value: string): boolean {
  return wanted === undefined || [wanted].flat().includes(value);
}

const patterns = new Map<string, RegExp>();

function patternOf(glob: string): RegExp {
  const known = patterns.get(glob);
  if (known !== undefined) return known;
  const parts = glob.split(/(\*+)/).map((part) => {
    if (part === '*') return '[^/:]*';
    return part.startsWith('*') ? '.*' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
  });
  const pattern = new RegExp(`^${parts.join('')}$`);
  patterns.set(glob, pattern);
  return pattern;
}
