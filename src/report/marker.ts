import { digestOf } from '../plan/canonical.js';

/** What a plan comment is about, in words for the next run. */
export const STATES = ['planned', 'applying', 'applied', 'failed'] as const;
export type State = (typeof STATES)[number];

/** The hidden first line of a plan comment or a drift issue: how the next run finds it, and what it shows. */
export interface Marker {
  /** One comment and one issue per label, see {@link storedLabel}. */
  readonly label: string;
  /** `sha256:<hex>` of the plan, or of the drift, that is shown; empty when there is none. */
  readonly digest: string;
  /** Version of the action that wrote it. */
  readonly version: string;
  readonly state: State | 'drift';
}

const OPENING = '<!-- bind-agent-gateway ';
const CLOSING = ' -->';
/** Longer labels are shortened: the marker has to fit into the comment. */
const MAX_LABEL = 300;

/**
 * The label as a marker carries it: as it is, or, when it is very long, its beginning and its digest.
 *
 * @returns what `parseMarker(…)?.label` has to be compared with
 */
export function storedLabel(label: string): string {
  return label.length <= MAX_LABEL ? label : `${label.slice(0, 200)}…${digestOf(label)}`;
}

/**
 * The marker as one line of HTML comment. Whatever the label is, nothing in it can end the comment or the line:
 * `<`, `>`, `--` and everything that is not printable ASCII is written as JSON's `\uXXXX`.
 */
export function formatMarker({ label, digest, version, state }: Marker): string {
  const json = JSON.stringify({ label: storedLabel(label), digest, version, state });
  const safe = json.replace(/[^\x20-\x7e]|[<>]|-(?=-)/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return `${OPENING}${safe}${CLOSING}`;
}

/**
 * Reads the marker of a comment or an issue. Only its first line counts, from the first character on: whatever else a comment quotes
 * can't pass for one. Members of a later version are left aside.
 *
 * @returns undefined when the comment has none
 */
export function parseMarker(body: string): Marker | undefined {
  const [line = ''] = body.split(/\r?\n/, 1);
  if (!line.startsWith(OPENING) || !line.endsWith(CLOSING)) return undefined;
  const json = line.slice(OPENING.length, -CLOSING.length);
  if (/[^\x20-\x7e]|[<>]|--/.test(json)) return undefined;
  const read = parseObject(json);
  if (!read) return undefined;
  const { label, digest, version } = read;
  const state = [...STATES, 'drift' as const].find((known) => known === read.state);
  if (typeof label !== 'string' || typeof digest !== 'string' || typeof version !== 'string') return undefined;
  if (state === undefined || !/^(?:sha256:[\da-f]{64})?$/.test(digest)) return undefined;
  return { label, digest, version, state };
}

function parseObject(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
