import type { ApplyResult } from '../apply/result.js';
import type { Desired } from '../config/desired.js';
import type { Failure } from '../failure.js';
import type { AgentGatewayConfig } from '../google/types.js';
import type { Observed } from '../observe/observed.js';
import type { EndpointOutput, Outputs } from '../outputs.js';
import { NO_OUTPUTS } from '../outputs.js';
import { gatewayName } from '../plan/bindings.js';
import { hasChanges } from '../plan/plan.js';
import { endpointChanges, isRemoval, type Plan } from '../plan/types.js';
import { doneSoFar, stillOpen } from '../report/open.js';
import { reportEngines, type EngineReport } from '../report/engines.js';
import type { Shown } from './plan-comment.js';
import type { SummaryInput } from '../report/summary.js';

/** How a command ended, for the runner and for people. */
export interface Outcome {
  readonly outputs: Outputs;
  readonly summary: SummaryInput;
  /** The step is named after the first; none when it ended well. */
  readonly failures: readonly Failure[];
}

/** What a command knows when it ends. */
export interface Known {
  readonly title: string;
  readonly desired: Desired;
  readonly observed: Observed;
  readonly plan: Plan;
  readonly planFile: string;
  /** Paths of the files that `gcloud org-policies` takes; empty without guardrails. */
  readonly guardrailFiles?: readonly string[];
  readonly result?: ApplyResult;
  readonly failures: readonly Failure[];
  readonly next: readonly string[];
}

/** @returns outputs and summary of a command that got as far as a plan */
export function outcomeOf(known: Known): Outcome {
  const { plan, desired, observed, result, failures } = known;
  const engines = reportEngines(plan, desired, observed, result);
  return {
    outputs: {
      ...NO_OUTPUTS,
      changes: hasChanges(plan),
      to_register: plan.summary.register,
      to_grant: plan.summary.grant,
      to_bind: plan.summary.bind,
      to_remove: plan.summary.remove,
      plan_file: known.planFile,
      plan_digest: plan.digest,
      guardrail_files: known.guardrailFiles ?? [],
      engines: engines.map(engineOutput),
      endpoints: endpointOutputs(plan, result),
      agent_gateway_config: declaredConfig(desired, observed),
      failure_reason: failures[0]?.reason ?? '',
    },
    summary: { title: known.title, plan, engines, failures, next: known.next, ...leftAndDone(known) },
    failures,
  };
}

/** What a run that failed half-way has to say of what it did. */
function leftAndDone({ plan, result, failures }: Known): Pick<SummaryInput, 'open' | 'done'> {
  return result && failures.length > 0 ? { open: stillOpen(plan, result), done: doneSoFar(plan, result) } : {};
}

/** @returns the outcome with the comment's address, and with a failure more when the comment was insisted on */
export function withComment(outcome: Outcome, { url, failure }: Shown): Outcome {
  return withFailure({ ...outcome, outputs: { ...outcome.outputs, comment_url: url } }, failure);
}

/** @returns the outcome with a failure more, if there is one; the step stays named after the first */
export function withFailure(outcome: Outcome, failure: Failure | undefined): Outcome {
  const failures = [...outcome.failures, ...(failure ? [failure] : [])];
  return {
    outputs: { ...outcome.outputs, failure_reason: failures[0]?.reason ?? '' },
    summary: { ...outcome.summary, failures },
    failures,
  };
}

function engineOutput(engine: EngineReport): Outputs['engines'][number] {
  const { name, displayName, principal, egress, ingress, status, governance } = engine;
  return { name, displayName, principal, egress, ingress, status, governance };
}

/** By key; a key that only adopts services of others shows the first of them. */
function endpointOutputs(plan: Plan, result: ApplyResult | undefined): Record<string, EndpointOutput> {
  const outputs: Record<string, EndpointOutput> = {};
  for (const change of endpointChanges(plan)) {
    if (isRemoval(change)) continue;
    if (Object.hasOwn(outputs, change.key)) continue;
    const registryResource = result?.services.get(change.service)?.registryResource ?? change.registryResource ?? '';
    const endpointId = registryResource.slice(registryResource.lastIndexOf('/') + 1);
    outputs[change.key] = { service: change.service, registryResource, endpointId };
  }
  return outputs;
}

/** What a deploy step passes on so that a new agent is born bound. */
function declaredConfig(desired: Desired, observed: Observed): AgentGatewayConfig {
  const { egress, ingress } = desired.gateways;
  return {
    ...(egress && egress !== 'none' ? { agentToAnywhereConfig: { agentGateway: gatewayName(egress, observed) } } : {}),
    ...(ingress && ingress !== 'none' ? { clientToAgentConfig: { agentGateway: gatewayName(ingress, observed) } } : {}),
  };
}
