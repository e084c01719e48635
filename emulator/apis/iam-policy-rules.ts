import { CelError } from '../core/cel.js';
import { invalid } from '../core/errors.js';
import { asJson, asString, asStrings, isJson, type Json } from '../core/json.js';
import type { Shape } from '../core/shape.js';
import { EGRESS_SERVICE, rulesOf } from '../state/access-policies.js';
import { memberProblem } from '../state/members.js';
import type { State } from '../state/state.js';
import { checkEgressCondition, logicalOperators } from './iam-conditions.js';
import { namedError } from './iam-names.js';

const EXPRESSION: Shape = {
  message: { expression: 'string', title: 'string', description: 'string', location: 'string' },
};

/** Fields that policies and bindings share; the server makes name, uid and times. */
export const COMMON_FIELDS = {
  name: 'string',
  uid: 'string',
  etag: 'string',
  displayName: 'string',
  annotations: { map: 'string' },
  createTime: 'string',
  updateTime: 'string',
} as const;

/** google.iam.v3.AccessPolicy. */
export const ACCESS_POLICY_SHAPE: Shape = {
  message: {
    ...COMMON_FIELDS,
    details: {
      message: {
        rules: {
          list: {
            message: {
              description: 'string',
              effect: ['EFFECT_UNSPECIFIED', 'DENY', 'ALLOW'],
              principals: { list: 'string' },
              excludedPrincipals: { list: 'string' },
              operation: { message: { permissions: { list: 'string' }, excludedPermissions: { list: 'string' } } },
              conditions: { map: EXPRESSION },
            },
          },
        },
      },
    },
  },
};

const RULE_DESCRIPTION = 256;
const DISPLAY_NAME = 63;
const ANNOTATION_BYTES = 256 * 1024;
const CONDITION_SERVICES = ['eventarc.googleapis.com', 'iam.googleapis.com', EGRESS_SERVICE];
/** `{service_fqdn}/{resource}.{verb}` (protos). Of IAP one permission is documented; those of others are only stored. */
const PERMISSION = /^[a-z0-9-]+\.googleapis\.com\/[A-Za-z]+\.[A-Za-z]+$/;
const IAP_PERMISSION = /^iap\.googleapis\.com\/(?!resources\.egressViaIAP$)/;
/** Kubernetes' syntax (AIP-148): a name, or a name below a DNS prefix. */
const ANNOTATION = /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?$/;
/** Principal identifiers that allow policies do not have (protos, `principals`). */
const GOOGLE_PRINCIPAL =
  /^(principal:\/\/goog\/subject\/[^@\s]+@[^@\s]+|principalSet:\/\/goog\/(group\/[^@\s]+@[^@\s]+|cloudIdentityCustomerId\/\w+))$/;

export interface CheckOptions {
  /** Rules as the server itself may hold them: with members that are deleted, or without a condition. */
  readonly stored?: boolean;
  readonly compile?: boolean;
}

/** Throws what is wrong with a policy that is to be stored. */
export function checkPolicy(state: State, policy: Json, options: CheckOptions = {}): void {
  checkCommon(policy, 'access_policy');
  const rules = rulesOf(policy);
  // "To empty it, unbind and delete it" (troubleshooting page).
  if (rules.length === 0) throw invalid('At least one rule is required.', 'access_policy.details.rules');
  const { rulesPerPolicy, policyBytes } = state.settings.iam.limits;
  if (rules.length > rulesPerPolicy)
    throw invalid(`An access policy can have at most ${rulesPerPolicy} rules.`, 'access_policy.details.rules');
  for (const [index, rule] of rules.entries()) checkRule(state, rule, `access_policy.details.rules[${index}]`, options);
  if (Buffer.byteLength(JSON.stringify(policy)) > policyBytes)
    throw invalid(`The access policy is larger than ${policyBytes} bytes.`, 'access_policy');
}

/** The limits of names and annotations. */
export function checkCommon(message: Json, field: string): void {
  checkLength(message.displayName, DISPLAY_NAME, `${field}.display_name`);
  const annotations = Object.entries(asJson(message.annotations));
  const bad = annotations.find(([key]) => !ANNOTATION.test(key));
  if (bad !== undefined) throw invalid(`Invalid annotation key '${bad[0]}'.`, `${field}.annotations`);
  if (Buffer.byteLength(annotations.flat().join('')) > ANNOTATION_BYTES)
    throw invalid('Annotations must not be larger than 256 KiB.', `${field}.annotations`);
}

/** Code points, as protobuf counts characters. */
function checkLength(text: unknown, most: number, field: string): void {
  if (Array.from(asString(text)).length > most)
    throw invalid(`${field} must not be longer than ${most} characters.`, field);
}

function checkRule(state: State, rule: Json, field: string, options: CheckOptions): void {
  checkLength(rule.description, RULE_DESCRIPTION, `${field}.description`);
  if (rule.effect !== 'ALLOW' && rule.effect !== 'DENY') throw required(`${field}.effect`);
  const principals = asStrings(rule.principals);
  if (principals.length === 0) throw required(`${field}.principals`);
  const { principalsPerRule } = state.settings.iam.limits;
  if (principals.length > principalsPerRule)
    throw invalid(`A rule can have at most ${principalsPerRule} principals.`, `${field}.principals`);
  checkPrincipals(state, principals, `${field}.principals`, options);
  checkPrincipals(state, asStrings(rule.excludedPrincipals), `${field}.excluded_principals`, options);
  checkOperation(asJson(rule.operation), `${field}.operation`);
  checkConditions(state, asJson(rule.conditions), `${field}.conditions`, options);
}

function checkPrincipals(state: State, principals: readonly string[], field: string, { stored }: CheckOptions): void {
  for (const principal of principals) {
    // "Users cannot set identifiers with this syntax" (protos): only the server prints it.
    if (principal.startsWith('deleted:')) {
      if (stored === true) continue;
      throw invalid(`Principal ${principal} cannot be set: it is deleted.`, field);
    }
    if (GOOGLE_PRINCIPAL.test(principal)) continue;
    // Members of allow policies, such as user:alice@example.com, are none here.
    const isIdentifier = /^principal(Set)?:\/\//.test(principal);
    const problem = isIdentifier ? memberProblem(state, principal) : `Invalid principal identifier ${principal}.`;
    if (problem !== undefined) throw invalid(problem, field);
  }
}

function checkOperation(operation: Json, field: string): void {
  const permissions = asStrings(operation.permissions);
  if (permissions.length === 0) throw required(`${field}.permissions`);
  for (const permission of [...permissions, ...asStrings(operation.excludedPermissions)]) {
    if (PERMISSION.test(permission) && !IAP_PERMISSION.test(permission)) continue;
    throw invalid(`Permission '${permission}' is not supported in access policies.`, `${field}.permissions`);
  }
}

function checkConditions(state: State, conditions: Json, field: string, options: CheckOptions): void {
  const services = Object.keys(conditions);
  if (services.length === 0 && options.stored !== true && state.settings.iam.ruleWithoutCondition === 'rejected')
    throw required(field);
  for (const [service, condition] of Object.entries(conditions)) {
    if (!CONDITION_SERVICES.includes(service)) throw invalid(`Conditions for '${service}' are not supported.`, field);
    const expression = isJson(condition) ? asString(condition.expression) : '';
    if (expression.trim() === '') throw required(`${field}.${service}.expression`);
    checkSize(state, expression, `${field}.${service}`);
    if (options.compile !== false) checkExpression(state, service, expression, `${field}.${service}.expression`);
  }
}

function checkSize(state: State, expression: string, field: string): void {
  const { conditionLength } = state.settings.iam.limits;
  if (expression.length > conditionLength)
    throw invalid(`A condition must not be longer than ${conditionLength} characters.`, field);
}

function checkExpression(state: State, service: string, expression: string, field: string): void {
  const { limits, stringFunctionsOnNames } = state.settings.iam;
  try {
    if (logicalOperators(expression) > limits.conditionOperators) {
      const message = `The condition at ${field} has more than ${limits.conditionOperators} logical operators.`;
      throw namedError(state, 'INVALID_ARGUMENT', 'TOO_MANY_CONDITIONS', message);
    }
    // Of other services only that it is CEL: their attributes are not known here.
    if (service !== EGRESS_SERVICE) return;
    checkEgressCondition(expression, { stringFunctionsOnNames: stringFunctionsOnNames === 'accepted' });
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    throw invalid(`Invalid CEL condition: ${error.message}: ${expression}`, field);
  }
}

const required = (field: string): Error => invalid(`Required field is not set: ${field}.`, field);
