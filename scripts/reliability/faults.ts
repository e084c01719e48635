import type { FaultInput } from '../../emulator/index.js';
import type { Method } from './methods.js';

type Template = FaultInput extends infer F ? (F extends FaultInput ? Omit<F, 'match'> : never) : never;

/** One thing that goes wrong, for any method that it can happen to. */
export interface FaultColumn {
  /** Heading of the column. */
  readonly title: string;
  readonly meaning: string;
  readonly template: Template;
  readonly appliesTo: (method: Method) => boolean;
  /**
   * `brief` is over after one or two requests. `lasting` goes on until the second run begins, or `intoNext` until some time
   * later: the first run has a short `timeout` then.
   */
  readonly lasts: 'brief' | 'lasting' | 'intoNext';
  /** The world changes just before the run, so that reads have something older to show. */
  readonly afterChange?: true;
  /** The answer comes after the client has given up: a scenario that waits for a minute. */
  readonly waits?: true;
}

const TWICE = { first: 2 };
/** The client waits for one answer for 60 s; by now it has tried again, and that has come to its end. */
const TOO_LATE_MS = 66_000;

const any = (): boolean => true;
const writes = ({ kind }: Method): boolean => kind === 'write';
/** A write that an operation goes with, or a look at that operation. */
const operations = ({ title, kind, match: { api } }: Method): boolean =>
  (kind === 'write' && api !== 'iap' && api !== 'orgpolicy') ||
  (kind === 'operation' && title !== 'engines.operations.list');
/** Only these carry an etag. */
const withEtag = ({ title }: Method): boolean =>
  ['iap.setIamPolicy', 'engines.patch', 'policies.patch', 'policies.delete'].includes(title);

function column(
  title: string,
  meaning: string,
  template: Template,
  more: Partial<Pick<FaultColumn, 'appliesTo' | 'lasts' | 'afterChange' | 'waits'>> = {},
): FaultColumn {
  return { title, meaning, template, appliesTo: any, lasts: 'brief', ...more };
}

/** What comes instead of the answer. */
export const ANSWER_FAULTS: readonly FaultColumn[] = [
  column('429', 'too many requests, twice', { kind: 'status', status: 429, when: TWICE }),
  column('429 RA', '429 with `Retry-After: 1`, twice', { kind: 'status', status: 429, retryAfter: 1, when: TWICE }),
  column('500', 'internal error, once', { kind: 'status', status: 500, when: { first: 1 } }),
  column('503', 'unavailable, twice', { kind: 'status', status: 503, when: TWICE }),
  column('503 done', '503 although the request was carried out, twice', {
    kind: 'status',
    status: 503,
    at: 'after',
    when: TWICE,
  }),
  column('504', 'deadline exceeded, twice', { kind: 'status', status: 504, when: TWICE }),
  column('504 done', '504 although the request was carried out, twice', {
    kind: 'status',
    status: 504,
    at: 'after',
    when: TWICE,
  }),
  column('cut', 'half of the JSON, twice', { kind: 'truncated', when: TWICE }),
  column('HTML', 'the page of a front end with 502, twice', { kind: 'html', when: TWICE }),
  column('portal', 'the page of a proxy with 200 instead of the answer, twice', {
    kind: 'html',
    status: 200,
    at: 'after',
    when: TWICE,
  }),
  column('empty', 'no body, twice', { kind: 'empty', when: TWICE }),
  column('type', 'the answer as `text/plain`, twice', { kind: 'content-type', when: TWICE }),
  column('401', 'the token has expired, once', { kind: 'status', status: 401, when: { first: 1 } }),
];

/** What happens to the connection, to operations and to the state that is seen. */
export const WORLD_FAULTS: readonly FaultColumn[] = [
  column('reset', 'connection reset before the request is carried out, twice', {
    kind: 'reset',
    at: 'before',
    when: TWICE,
  }),
  column('reset done', 'connection reset after it was carried out, twice', { kind: 'reset', at: 'after', when: TWICE }),
  column('midway', 'connection lost in the middle of the answer, twice', { kind: 'reset', at: 'midway', when: TWICE }),
  column('slow', 'first byte after a second, the rest after another half, twice', {
    kind: 'slow',
    firstByteMs: 1000,
    bodyMs: 500,
    when: TWICE,
  }),
  column(
    'late',
    'carried out and answered after the client has given up (60 s), once',
    { kind: 'slow', at: 'before', firstByteMs: TOO_LATE_MS, when: { first: 1 } },
    { waits: true },
  ),
  column(
    'op gone',
    'the operation cannot be found (404), twice',
    { kind: 'operation-vanishes', when: TWICE },
    { appliesTo: operations },
  ),
  column(
    'op endless',
    'the operation does not end before the next run has begun',
    { kind: 'operation-never-ends' },
    { appliesTo: operations, lasts: 'intoNext' },
  ),
  column(
    'stale',
    'two reads after each change show what was before it; something has changed just before the run',
    { kind: 'stale-reads', for: { reads: 2 } },
    { appliesTo: ({ kind }) => kind === 'read', afterChange: true },
  ),
  column('conflict', '409 ABORTED, twice', { kind: 'status', status: 409, when: TWICE }, { appliesTo: writes }),
  column(
    'foreign',
    'somebody else writes just before, twice: the etag is stale',
    { kind: 'foreign-write', when: TWICE },
    { appliesTo: withEtag },
  ),
  column('outage', '503 for as long as the run goes on', { kind: 'status', status: 503 }, { lasts: 'lasting' }),
  column(
    'deaf',
    'every answer lost after the request was carried out, for as long as the run goes on',
    { kind: 'reset', at: 'after' },
    { lasts: 'lasting' },
  ),
];
