import { CelError, compileCondition, type Condition } from '../core/cel.js';
import { failedPrecondition, invalid } from '../core/errors.js';
import { asJson, asString, asStrings, isJson, type Json } from '../core/json.js';
import type { Shape } from '../core/shape.js';
import type { ConstraintRecord } from '../state/orgpolicy.js';
import type { State } from '../state/state.js';
import { engineShape } from './engine-shapes.js';

export const ENGINE_TYPE = 'aiplatform.googleapis.com/ReasoningEngine';

/** CustomConstraint (orgpolicy discovery, revision 20260723). It has no etag. */
export const CONSTRAINT_SHAPE: Shape = {
  message: {
    name: 'string',
    resourceTypes: { list: 'string' },
    methodTypes: {
      list: ['METHOD_TYPE_UNSPECIFIED', 'CREATE', 'UPDATE', 'DELETE', 'REMOVE_GRANT', 'GOVERN_TAGS'],
    },
    condition: 'string',
    actionType: ['ACTION_TYPE_UNSPECIFIED', 'ALLOW', 'DENY'],
    displayName: 'string',
    description: 'string',
    updateTime: 'string',
  },
};

const SPEC_SHAPE: Shape = {
  message: {
    etag: 'string',
    updateTime: 'string',
    rules: {
      list: {
        message: {
          values: { message: { allowedValues: { list: 'string' }, deniedValues: { list: 'string' } } },
          allowAll: 'bool',
          denyAll: 'bool',
          enforce: 'bool',
          condition: { message: { expression: 'string', title: 'string', description: 'string', location: 'string' } },
          parameters: { map: 'any' },
        },
      },
    },
    inheritFromParent: 'bool',
    reset: 'bool',
  },
};

/** Policy (orgpolicy discovery); `alternate` is deprecated and ignored here. */
export const POLICY_SHAPE: Shape = {
  message: { name: 'string', spec: SPEC_SHAPE, dryRunSpec: SPEC_SHAPE, alternate: 'any', etag: 'string' },
};

const CONSTRAINT_ID = /^custom\.[A-Za-z0-9]+$/;
const RESOURCE_TYPE = /^[a-z0-9-]+\.googleapis\.com\/[A-Za-z0-9]+$/;
/** Lengths of the discovery texts; the name's without `custom.`. */
const LIMITS = { id: 71, condition: 1000, displayName: 200, description: 2000 };
/** Organization policy quotas page. */
const MAX_POLICY_BYTES = 32 * 1024;

/** 400 for an ID that is not `custom.` and letters and digits, or too long (Google's "Create custom constraints"). */
export function checkConstraintId(id: string): void {
  if (CONSTRAINT_ID.test(id) && id.length - 'custom.'.length <= LIMITS.id) return;
  throw invalid(
    `Invalid custom constraint name '${id}': it must be custom. and at most ${LIMITS.id} letters or digits.`,
    'custom_constraint.name',
  );
}

/** Every rule of one constraint that a request can break; returns its condition, ready to be evaluated. */
export function checkConstraint(data: Json): Condition {
  const types = asStrings(data.resourceTypes);
  if (types.length === 0) throw required('resource_types');
  const odd = types.find((type) => !RESOURCE_TYPE.test(type));
  if (odd !== undefined) throw invalid(`Invalid resource type '${odd}'.`, 'custom_constraint.resource_types');
  checkMethods(asStrings(data.methodTypes));
  if (data.actionType !== 'ALLOW' && data.actionType !== 'DENY') throw required('action_type');
  for (const field of ['condition', 'displayName', 'description'] as const) {
    // Code points, as protobuf counts characters.
    if (Array.from(asString(data[field])).length <= LIMITS[field]) continue;
    throw invalid(`${field} must not be longer than ${LIMITS[field]} characters.`, `custom_constraint.${field}`);
  }
  return compile(asString(data.condition), types);
}

/** "UPDATE only custom constraints are not supported. Use CREATE or CREATE, UPDATE"; DELETE is not supported (protos). */
function checkMethods(methods: readonly string[]): void {
  const field = 'custom_constraint.method_types';
  if (methods.length === 0 || methods.includes('METHOD_TYPE_UNSPECIFIED')) throw required('method_types');
  if (methods.includes('DELETE')) throw invalid('Method type DELETE is not supported.', field);
  if (methods.includes('UPDATE') && !methods.includes('CREATE')) {
    throw invalid('Custom constraints for UPDATE only are not supported. Use CREATE or CREATE, UPDATE.', field);
  }
}

function compile(condition: string, types: readonly string[]): Condition {
  if (condition.trim() === '') throw required('condition');
  try {
    // v1beta1 has every field of v1. Of other resources the emulator knows no fields.
    return compileCondition(condition, types.includes(ENGINE_TYPE) ? engineShape('v1beta1') : undefined);
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    throw invalid(`Invalid CEL condition: ${error.message}.`, 'custom_constraint.condition');
  }
}

function required(field: string): Error {
  return invalid(`Required field is not set: ${field}.`, `custom_constraint.${field}`);
}

/** Refuses one constraint too many for a resource type (quota page: 20; the code is inferred). */
export function checkConstraintCount(state: State, organization: string, data: Json): void {
  const { maxConstraintsPerType } = state.settings.orgPolicy;
  const others = state.orgPolicy.constraints.values().filter((record) => record.organization === organization);
  for (const type of asStrings(data.resourceTypes)) {
    if (others.filter((record) => constrains(record, type)).length < maxConstraintsPerType) continue;
    throw failedPrecondition(`At most ${maxConstraintsPerType} custom constraints are allowed for ${type}.`);
  }
}

/** Is the constraint one for resources of this type? */
export function constrains(record: ConstraintRecord, type: string): boolean {
  return asStrings(record.data.resourceTypes).includes(type);
}

/** 400 for a policy with nothing in it, one that is too large, or a spec that its constraint does not allow. */
export function checkPolicy(constraint: string, policy: Json): void {
  if (policy.spec === undefined && policy.dryRunSpec === undefined) {
    throw invalid('A policy must have a spec or a dry_run_spec.', 'policy');
  }
  if (Buffer.byteLength(JSON.stringify(policy)) > MAX_POLICY_BYTES) throw invalid('The policy is too large.', 'policy');
  for (const field of ['spec', 'dryRunSpec'] as const) {
    const spec = policy[field];
    if (isJson(spec)) checkSpec(constraint, spec, field === 'spec' ? 'policy.spec' : 'policy.dry_run_spec');
  }
}

/** The rules of PolicySpec and PolicyRule for constraints that are on or off (discovery texts). Others are only stored. */
function checkSpec(constraint: string, spec: Json, field: string): void {
  const rules = Array.isArray(spec.rules) ? spec.rules.map(asJson) : [];
  if (spec.reset === true) {
    if (rules.length > 0 || spec.inheritFromParent === true) throw invalid('reset allows no rules.', field);
    return;
  }
  if (!constraint.startsWith('custom.')) return;
  if (spec.inheritFromParent === true) throw invalid('inherit_from_parent is for list constraints only.', field);
  if (rules.some((rule) => ['values', 'allowAll', 'denyAll'].some((name) => rule[name] !== undefined))) {
    throw invalid('values, allow_all and deny_all are for list constraints only.', `${field}.rules`);
  }
  if (rules.some((rule) => rule.enforce === undefined)) throw invalid('A rule must set enforce.', `${field}.rules`);
  const [unconditional, ...more] = rules.filter((rule) => rule.condition === undefined);
  if (unconditional === undefined || more.length > 0) {
    throw invalid('There must be exactly one rule without a condition.', `${field}.rules`);
  }
  if (rules.some((rule) => rule !== unconditional && rule.enforce === unconditional.enforce)) {
    throw invalid('Rules with conditions must set enforce to the opposite of the one without.', `${field}.rules`);
  }
}
