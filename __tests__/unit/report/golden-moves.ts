import type { ApplyResult } from '../../../src/apply/result.js';
import type { Failure } from '../../../src/failure.js';
import type { Observed } from '../../../src/observe/observed.js';
import type { CommentInput } from '../../../src/report/comment.js';
import { stillOpen } from '../../../src/report/open.js';
import { desired, egressConfig, gateway, gatewayNamed, ingressConfig, observedEngine } from '../../support/builders.js';
import { planned } from '../../support/plan.js';
import { enforcing, fleetWorld, resultOf } from '../../support/reports.js';
import { without } from '../../support/without.js';
import { commentOf, REVIEW } from './golden-base.js';

/** Three engines leave a gateway for another one, and one that has none waits for them. */
export function moving(more: { result?: ApplyResult } & Partial<CommentInput> = {}): CommentInput {
  const want = desired({ gateways: { egress: gateway('egress') }, move: true });
  const world = movingWorld();
  return commentOf(want, world, { plan: planned(want, world), next: [REVIEW], ...more });
}

function movingWorld(): Observed {
  const engine = (index: number, config = {}) =>
    observedEngine(String(4405152104998502400n + BigInt(index)), { displayName: `Agent ${index}`, config });
  const pilot = { ...egressConfig('egress-pilot'), ...ingressConfig('ingress') };
  return fleetWorld({
    engines: [engine(1, pilot), engine(2, pilot), engine(3, pilot), engine(4)],
    enforcement: enforcing,
  });
}

/** One of them cannot be bound to the new gateway, so all go back, and one of these does not get there. */
export function takenBack(): CommentInput {
  const { plan } = moving();
  if (!plan) throw new Error('no plan');
  const [from, to] = [gatewayNamed('egress-pilot'), gatewayNamed('egress')];
  const failed: Failure = {
    reason: 'bind-failed',
    message: `Binding engine "Agent 2" failed: Operation 17 ended in an error INTERNAL (13): container did not start.\nRolled back to egress ${from}, ingress ${gatewayNamed('ingress')}.`,
    next: ['Read reasoning_engine_stderr in Cloud Logging.'],
  };
  const stuck: Failure = {
    reason: 'bind-failed',
    message:
      'The roll-back of engine "Agent 3" failed: Operation 18 ended in an error INTERNAL (13). It is now bound to no gateway.',
    next: [],
  };
  const fleet: Failure = {
    reason: 'bind-failed',
    message: `Move to egress gateway ${to} could not be rolled back in full. As far as is known:\n- bound to egress gateway ${from}: 2 engines\n- bound to no egress gateway, so that what they call is not governed: "Agent 3", "Agent 4"`,
    next: ['Run again with the same config, move: true included.'],
  };
  const ended = resultOf(
    plan,
    {},
    {
      'Agent 1': { status: 'pending', egress: from, ingress: gatewayNamed('ingress'), rollback: 'restored' },
      'Agent 2': {
        status: 'failed',
        egress: from,
        ingress: gatewayNamed('ingress'),
        rollback: 'restored',
        failure: failed,
      },
      'Agent 3': {
        status: 'failed',
        egress: null,
        ingress: gatewayNamed('ingress'),
        rollback: 'failed',
        failure: stuck,
      },
      'Agent 4': { status: 'pending', egress: null, rollback: 'restored' },
    },
  );
  const engines = new Map([...ended.engines].map(([name, engine]) => [name, without(engine, 'tookMs')]));
  const result = { ...ended, engines, failures: [failed, stuck, fleet] };
  const failures = result.failures;
  return moving({ state: 'failed', elapsedMs: 1_220_000, result, failures, next: [], open: stillOpen(plan, result) });
}
