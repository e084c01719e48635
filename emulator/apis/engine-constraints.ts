import { errorInfo, failedPrecondition, type GoogleError } from '../core/errors.js';
import { asString, asStrings, type Json } from '../core/json.js';
import {
  effectivePolicy,
  isEnforced,
  lineage,
  nodeName,
  type ConstraintRecord,
  type HierarchyNode,
  type OrgPolicyRecord,
  type SpecField,
} from '../state/orgpolicy.js';
import { engineName, placeName } from '../state/names.js';
import type { State } from '../state/state.js';
import type { EngineRecord } from '../state/types.js';
import { constrains, ENGINE_TYPE } from './orgpolicy-rules.js';

export type ConstrainedMethod = 'CREATE' | 'UPDATE';

/**
 * Looks at the engine as a write would leave it; notes what a policy in dry run would have refused. A change of a constraint or
 * policy counts once it has propagated.
 *
 * @returns the error that the operation of the write shall end with, where the switch wants it there
 * @throws GoogleError when a custom constraint forbids the write
 */
export function checkConstraints(
  state: State,
  engine: EngineRecord,
  data: Json,
  method: ConstrainedMethod,
): GoogleError | undefined {
  const { project } = engine;
  const asOf = state.clock.now() - state.settings.orgPolicy.propagationMs;
  const nodes = lineage(state.projects, { kind: 'projects', id: project.number, project });
  const resource = { name: engineName(engine), ...data };
  const broken = state.orgPolicy.constraints
    .valuesAt(asOf)
    .filter((record) => record.organization === project.organization && applies(record, method))
    .filter((record) => !permits(record, resource));
  for (const record of broken) {
    const policy = enforcing(state, nodes, record.id, 'dryRunSpec', asOf);
    if (policy === undefined) continue;
    state.orgPolicy.dryRunViolations.push({
      time: state.clock.iso(),
      constraint: `customConstraints/${record.id}`,
      policy: `${nodeName(policy.node, false)}/policies/${policy.constraint}`,
      method,
      resource: engineName(engine),
    });
  }
  const violated = broken.filter((record) => enforcing(state, nodes, record.id, 'spec', asOf) !== undefined);
  if (violated.length === 0) return undefined;
  const error = violation(placeName(engine, false), violated);
  if (state.settings.orgPolicy.refusedIn === 'operation') return error;
  throw error;
}

function applies(record: ConstraintRecord, method: ConstrainedMethod): boolean {
  return constrains(record, ENGINE_TYPE) && asStrings(record.data.methodTypes).includes(method);
}

/** ALLOW permits only what the condition is true of, DENY forbids what it is true of (Google's pages on custom constraints). */
function permits(record: ConstraintRecord, resource: Json): boolean {
  return record.condition(resource) === (record.data.actionType === 'ALLOW');
}

function enforcing(
  state: State,
  nodes: readonly HierarchyNode[],
  constraint: string,
  field: SpecField,
  asOf: number,
): OrgPolicyRecord | undefined {
  const effective = effectivePolicy((key) => state.orgPolicy.policies.at(key, asOf), nodes, constraint, field);
  return effective !== undefined && isEnforced(effective.spec) ? effective.record : undefined;
}

/**
 * The answer of Google's page on custom constraints for pipelines, another resource of the same API. Its message quotes the
 * description; one without stands for itself. How several are joined in the metadata is inferred.
 */
function violation(parent: string, violated: readonly ConstraintRecord[]): GoogleError {
  const names = violated.map(({ id }) => `customConstraints/${id}`);
  const quoted = violated.map(({ data }, index) => {
    const text = asString(data.description) || asString(data.displayName);
    return `"${names[index] ?? ''}"${text === '' ? '' : `: "${text}"`}`;
  });
  const metadata = { service: 'aiplatform.googleapis.com', customConstraints: names.join(', ') };
  return failedPrecondition(`Operation denied by org policy on resource '${parent}': [${quoted.join(', ')}]`, [
    errorInfo('CUSTOM_ORG_POLICY_VIOLATION', 'googleapis.com', metadata),
  ]);
}
