import type { ApplyResult } from '../../../src/apply/result.js';
import type { Desired } from '../../../src/config/desired.js';
import type { Observed } from '../../../src/observe/observed.js';
import type { Finding, Plan } from '../../../src/plan/types.js';
import type { CommentInput } from '../../../src/report/comment.js';
import { reportEngines } from '../../../src/report/engines.js';
import { planned } from '../../support/plan.js';

export const REVIEW = 'Review the plan, then apply it.';
const BASE = {
  label: 'agent-gateway.yaml',
  runUrl: 'https://github.com/acme/agents/actions/runs/18273645546',
  commit: '6f1c0c6ad6b1f5d9be8a2d5f1b9e0f7a3c4d5e6f',
  version: '1.0.0',
  failures: [],
  next: [],
  open: [],
};

/** The texts of the checks are the plan's own business. */
const CHECKS: readonly Finding[] = [
  {
    id: 'gateway-dry-run',
    level: 'warning',
    message:
      'Gateway projects/acme-agents/locations/us-central1/agentGateways/egress only logs what it would deny: its IAP extension iap-authz has iamEnforcementMode DRY_RUN.',
    remedy: 'Once the log shows no denial that should pass, take metadata.iamEnforcementMode out of the extension.',
    origin: { kind: 'file', file: 'agent-gateway.yaml', line: 6, column: 11 },
  },
  {
    id: 'image-before-gateway',
    level: 'warning',
    message:
      'Engine "Support agent" (projects/101010/locations/us-central1/reasoningEngines/4405152104998502400) was last built before the gateway was there, so its image does not have the gateway\'s certificates.',
    remedy: 'Deploy it again after it is bound.',
  },
];

/** A comment's input from a desired state and a world. */
export function commentOf(
  want: Desired,
  world: Observed,
  more: Partial<CommentInput> & { result?: ApplyResult; plan?: Plan } = {},
): CommentInput {
  const { result, plan = planOf(want, world, []), ...others } = more;
  return {
    ...BASE,
    state: 'planned',
    plan,
    approvedDigest: plan.digest,
    engines: reportEngines(plan, want, world, result),
    ...others,
  };
}

/** The plan, with checks that are not the plan's own. */
export function planOf(want: Desired, world: Observed, checks = CHECKS): Plan {
  return { ...planned(want, world), checks };
}
