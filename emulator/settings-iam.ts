import { z } from 'zod';

const milliseconds = z.number().min(0);
const count = z.int().min(0);
/** How a name of a project is written in an answer, or left as it was sent. */
const projectForm = z.enum(['as-sent', 'number', 'id']);

/** 5 reads and 5 writes a minute (IAM quotas page); off by default so that tests need not wait. */
const quota = z.strictObject({
  enabled: z.boolean().default(false),
  readsPerMinute: count.default(5),
  writesPerMinute: count.default(5),
  operationGetsCount: z.boolean().default(true),
  listsCount: z.boolean().default(true),
  searchesCount: z.boolean().default(true),
  /** Whose quota it is: of the project in the path, or of the project that is charged (X-Goog-User-Project, else the first one). */
  per: z.enum(['resource-project', 'caller-project']).default('resource-project'),
});

/** "At most 50 … values above 1000 will be coerced", and "may return fewer" (protos). */
const pageSize = z.strictObject({
  default: z.int().min(1).default(50),
  max: z.int().min(1).default(1000),
});

/** What is not documented has the numbers of the sibling policies, or a guess. */
const limits = z.strictObject({
  bindingsPerTarget: count.default(5),
  targetsPerPolicy: count.default(5),
  rulesPerPolicy: count.default(500),
  principalsPerRule: count.default(2500),
  conditionLength: count.default(16_384),
  /** Logical operators in one condition: 12 in allow and deny policies. */
  conditionOperators: count.default(12),
  policyBytes: count.default(65_536),
  policiesPerParent: count.default(100),
});

const validateOnly = z.strictObject({
  /** An operation that is done, with the resource as it would be; the same without a name; or nothing at all. */
  answer: z.enum(['operation', 'nameless', 'empty']).default('operation'),
  countsAsWrite: z.boolean().default(true),
  compilesConditions: z.boolean().default(true),
});

/** How the server changes what it prints: names of projects in the places that hold one. */
const projectForms = z.strictObject({
  names: projectForm.default('number'),
  bindingPolicy: projectForm.default('as-sent'),
  bindingTarget: projectForm.default('as-sent'),
  conditions: projectForm.default('as-sent'),
});

/** What IAM's access policies do where the documents leave room, contradict each other or give a range. */
export const iamSettings = z.strictObject({
  quota: quota.prefault({}),
  pageSize: pageSize.prefault({}),
  limits: limits.prefault({}),
  validateOnly: validateOnly.prefault({}),
  projectForms: projectForms.prefault({}),
  /** What a write answers: an operation that runs, one that is done, or one that is done and has no name. */
  operations: z.enum(['running', 'done', 'nameless']).default('running'),
  /** A write to a resource that another write is still working on: refused, or an operation that ends in ABORTED. */
  concurrentWrite: z.enum(['refused', 'lro']).default('refused'),
  etagMismatch: z.enum(['412', '409']).default('412'),
  alreadyExists: z.enum(['ALREADY_EXISTS', 'ABORTED']).default('ALREADY_EXISTS'),
  /** Where the named errors (TOO_MANY_…, CUSTOM_ORG_POLICY_VIOLATION) have their name. */
  errorNames: z.enum(['error-info', 'message']).default('error-info'),

  /** `updateMask` on an access policy: a page prints it, no client has it. */
  updateMask: z.enum(['rejected', 'ignored', 'honoured']).default('rejected'),
  /** A patch without `details`. */
  patchWithoutDetails: z.enum(['rejected', 'kept', 'cleared']).default('rejected'),
  /** `displayName` and `annotations` that a patch does not mention. */
  patchAbsentFields: z.enum(['cleared', 'kept']).default('cleared'),
  /** Are rules and members of rules kept in the order in which they were sent? */
  ruleOrder: z.enum(['as-sent', 'sorted']).default('as-sent'),
  ruleWithoutCondition: z.enum(['accepted', 'rejected']).default('accepted'),
  /** startsWith and its kind on names of the registry: an older page allowed them. */
  stringFunctionsOnNames: z.enum(['rejected', 'accepted']).default('rejected'),

  /** Agent gateways as targets of a binding: a page says yes, another that they are refused. */
  gatewayTarget: z.enum(['rejected', 'accepted']).default('rejected'),
  /** How long after its creation a policy can be bound. */
  replicationMs: milliseconds.default(0),
  notReplicated: z.enum(['NOT_FOUND', 'FAILED_PRECONDITION']).default('NOT_FOUND'),
  /** How long a policy still counts as bound after the binding is gone (10 to 30 s in a public report). */
  unbindReplicationMs: milliseconds.default(0),
  /** How long after a change gateways decide by it (90 to 120 s in a public report). */
  propagationMs: milliseconds.default(0),

  /** Which spelling of the managed constraint exists; the other one is not found. */
  managedConstraint: z.enum(['singular', 'plural', 'both']).default('singular'),
  /** Where nobody has set it: Google enforces it in new organizations. */
  managedConstraintDefault: z.enum(['off', 'enforced']).default('off'),
  constraintViolation: z.enum(['sync', 'lro']).default('sync'),
  /** Does testIamPermissions of a project know the permissions `iam.accesspolicies.*`, `iam.policybindings.*`, `iam.operations.*`? */
  testIamPermissions: z.enum(['known', 'unknown']).default('known'),

  /** In which form of the project a condition must name an entry of the registry. */
  destinationNames: z.enum(['both', 'number', 'id']).default('both'),
  /** `initialize`, `tools/list` and other base methods of an MCP server without a rule of their own. */
  mcpBaseMethods: z.enum(['need-rule', 'allowed']).default('need-rule'),
  unregisteredMethod: z.enum(['upper', 'lower']).default('upper'),
  unregisteredPort: z.enum(['kept', 'stripped']).default('kept'),
  /** What `*.example.com` in a condition is: a name like any other, or every host below it. */
  wildcardHosts: z.enum(['literal', 'match']).default('literal'),
});
