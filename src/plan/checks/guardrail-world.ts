import { DIRECTIONS, type ApprovedGateway, type DesiredGuardrails, type Direction } from '../../config/desired.js';
import type { PolicyChange } from '../types.js';
import type { CheckInput } from './check.js';

/** One direction that a config restricts, where that is about the engines of this project. */
export interface Guarded {
  readonly direction: Direction;
  readonly guardrails: DesiredGuardrails;
  readonly approved: readonly ApprovedGateway[];
  readonly policy: PolicyChange | undefined;
  /** e.g. `projects/acme-agents` */
  readonly node: string;
  readonly isApproved: (gateway: string | null) => boolean;
}

/**
 * The declared directions whose policy is about the engines of this run. Whether a project is below a folder or in an
 * organization is not asked: whoever writes both into one file says so.
 */
export function guardedDirections({ desired, observed, guardrails: changes }: CheckInput): Guarded[] {
  const { guardrails } = desired;
  if (guardrails === undefined) return [];
  const { kind, id } = guardrails.enforceOn;
  if (kind === 'projects' && id !== observed.project.id && id !== observed.project.number) return [];
  return DIRECTIONS.flatMap((direction) => {
    const approved = guardrails.approved[direction];
    if (approved === undefined) return [];
    const names = new Set(approved.map(({ name }) => name));
    const policy = changes.find((change) => change.kind === 'policy' && change.direction === direction);
    return [
      {
        direction,
        guardrails,
        approved,
        policy: policy?.kind === 'policy' ? policy : undefined,
        node: `${kind}/${id}`,
        isApproved: (gateway: string | null) => gateway !== null && names.has(gateway),
      },
    ];
  });
}
