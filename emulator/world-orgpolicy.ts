import { z } from 'zod';

const digits = z.string().regex(/^\d+$/, 'must be digits in quotes');
const organization = digits.optional().describe('default: the organization of the first project');

/** A custom constraint of the world, by default one on engines that are created or updated. */
export const customConstraintInput = z.strictObject({
  id: z.string().startsWith('custom.'),
  organization,
  resourceTypes: z.array(z.string()).min(1).default(['aiplatform.googleapis.com/ReasoningEngine']),
  methods: z.array(z.string()).min(1).default(['CREATE', 'UPDATE']),
  action: z.enum(['ALLOW', 'DENY']).default('ALLOW'),
  condition: z.string(),
  displayName: z.string().optional(),
  description: z.string().optional(),
});

/** A policy of the world: `enforce` and `dryRun` switch its constraint on or off, `spec` and `dryRunSpec` say anything else. */
export const orgPolicyInput = z
  .strictObject({
    on: z
      .string()
      .regex(/^(projects|folders|organizations)\/[^/]+$/, 'must be projects/P, folders/N or organizations/N'),
    constraint: z.string().min(1),
    enforce: z.boolean().optional(),
    dryRun: z.boolean().optional(),
    spec: z.record(z.string(), z.unknown()).optional(),
    dryRunSpec: z.record(z.string(), z.unknown()).optional(),
  })
  .refine(
    (policy) => [policy.enforce ?? policy.spec, policy.dryRun ?? policy.dryRunSpec].some((spec) => spec !== undefined),
    'needs enforce, dryRun, spec or dryRunSpec',
  );

export type ParsedConstraint = z.output<typeof customConstraintInput>;
export type ParsedOrgPolicy = z.output<typeof orgPolicyInput>;
