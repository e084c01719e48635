import { z } from 'zod';

const id = z.string().regex(/^[a-z][a-z0-9.-]{2,62}$/, 'must be 3 to 63 lower-case letters, digits, hyphens and dots');
const node = z
  .string()
  .regex(/^(projects|folders|organizations)\/[^/]+$/, 'must be projects/P, folders/N or organizations/N');

/** A rule of a world's access policy, by default one that allows egress. `engine:ID` stands for that engine's principal. */
export const accessRuleInput = z
  .strictObject({
    description: z.string().optional(),
    effect: z.enum(['ALLOW', 'DENY']).default('ALLOW'),
    principals: z.array(z.string()).min(1),
    excludedPrincipals: z.array(z.string()).optional(),
    permissions: z.array(z.string()).min(1).default(['iap.googleapis.com/resources.egressViaIAP']),
    excludedPermissions: z.array(z.string()).optional(),
    /** IDs of services of the world: a condition that names their entries by project number and by project ID. */
    services: z.array(z.string()).min(1).optional(),
    /** A condition for egress in CEL, or with neither of the two none at all. */
    condition: z.string().optional(),
    /** Conditions by service, as the API has them. */
    conditions: z.record(z.string(), z.record(z.string(), z.string())).optional(),
  })
  .refine(
    ({ services, condition, conditions }) => [services, condition, conditions].filter(Boolean).length <= 1,
    'services, condition and conditions exclude each other',
  );

/** An access policy of the world. */
export const accessPolicyInput = z.strictObject({
  id,
  on: node.optional().describe('default: the first project'),
  displayName: z.string().optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  rules: z.array(accessRuleInput).min(1),
  /** Nodes it is bound to, by bindings of the policy's own ID. */
  boundTo: z.array(node).default([]),
});

/** A binding under an ID of its own, or one to a gateway. */
export const policyBindingInput = z.strictObject({
  id,
  /** `ID` of a policy of the target's own node, or its full name. */
  policy: z.string().min(1),
  /** A node, or the full name of a gateway: `//networkservices.googleapis.com/projects/…`. */
  target: z.string().min(1),
});

export type AccessPolicyInput = z.input<typeof accessPolicyInput>;
export type ParsedAccessPolicy = z.output<typeof accessPolicyInput>;
export type ParsedAccessRule = z.output<typeof accessRuleInput>;
export type PolicyBindingInput = z.input<typeof policyBindingInput>;
export type ParsedPolicyBinding = z.output<typeof policyBindingInput>;
