import { z } from 'zod';
import type { Shape } from './answer.js';

/**
 * The fields of Google's answers this program relies on. Protobuf JSON leaves empty fields out, so almost nothing must be there,
 * but what is there must be of its type: a field of another type would end in a crash far from its cause, or in a wrong plan.
 */
const text = z.string().nullish();
const message = z.looseObject({}).nullish();
const texts = z.array(z.string()).nullish();

/** It is asked for by this name: segments as names have them, none of them empty or a step up. */
const OPERATION = /^(?:(?!\.{1,2}(?:\/|$))[\w.~:@-]+(?:\/(?=.)|$))+$/;

const operation = z.looseObject({
  name: z.string().regex(OPERATION, 'this is not the name of an operation'),
  done: z.boolean().nullish(),
  error: z
    .looseObject({ code: z.number().nullish(), message: text, details: z.array(z.looseObject({})).nullish() })
    .nullish(),
  response: message,
  metadata: z.looseObject({ '@type': text, genericMetadata: z.looseObject({ createTime: text }).nullish() }).nullish(),
});

const binding = z.looseObject({ agentGateway: text }).nullish();
const engine = z.looseObject({
  name: text,
  displayName: text,
  etag: text,
  createTime: text,
  updateTime: text,
  spec: z
    .looseObject({
      effectiveIdentity: text,
      identityType: text,
      deploymentSpec: z
        .looseObject({
          agentGatewayConfig: z.looseObject({ agentToAnywhereConfig: binding, clientToAgentConfig: binding }).nullish(),
          env: z.array(z.looseObject({ name: z.string(), value: text })).nullish(),
        })
        .nullish(),
    })
    .nullish(),
});

const service = z.looseObject({
  name: text,
  displayName: text,
  description: text,
  interfaces: z.array(z.looseObject({ url: z.string(), protocolBinding: text })).nullish(),
  registryResource: text,
  createTime: text,
});

const policy = z.looseObject({
  version: z.number().nullish(),
  etag: text,
  bindings: z.array(z.looseObject({ role: z.string(), members: texts, condition: message })).nullish(),
});

const gateway = z.looseObject({
  name: text,
  googleManaged: z.looseObject({ governedAccessPath: text }).nullish(),
  selfManaged: message,
  registries: texts,
  agentGatewayCard: message,
});

const authzPolicy = z.looseObject({
  name: text,
  target: z.looseObject({ resources: texts }).nullish(),
  action: text,
  customProvider: z
    .looseObject({ authzExtension: z.looseObject({ resources: texts }).nullish(), cloudIap: message })
    .nullish(),
});

const authzExtension = z.looseObject({ name: text, service: text, failOpen: z.boolean().nullish(), metadata: message });

const flag = z.boolean().nullish();
const constraint = z.looseObject({
  name: text,
  resourceTypes: texts,
  methodTypes: texts,
  condition: text,
  actionType: text,
  displayName: text,
  description: text,
});
const spec = z
  .looseObject({ rules: z.array(z.looseObject({ enforce: flag })).nullish(), inheritFromParent: flag, reset: flag })
  .nullish();
const orgPolicy = z.looseObject({ name: text, etag: text, spec, dryRunSpec: spec });
/** Here null is no way to leave a field out: what others wrote is sent back as it is. */
const members = z.array(z.string()).optional();
const accessPolicy = z.looseObject({
  name: text,
  etag: text,
  displayName: text,
  annotations: z.record(z.string(), z.string()).optional(),
  details: z
    .looseObject({
      rules: z
        .array(
          z.looseObject({
            description: z.string().optional(),
            effect: z.string().optional(),
            principals: members,
            excludedPrincipals: members,
            operation: z.looseObject({ permissions: members, excludedPermissions: members }).optional(),
            conditions: z.record(z.string(), z.looseObject({ expression: z.string().optional() })).optional(),
          }),
        )
        .optional(),
    })
    .optional(),
});

const policyBinding = z.looseObject({
  name: text,
  etag: text,
  target: z.looseObject({ resource: text, principalSet: text }).nullish(),
  policyKind: text,
  policy: text,
});

/** An operation, or the resource itself from a server that was quick. */
const iamWrite = operation.extend({ name: operation.shape.name.nullish() });

const shapeOf = (schema: z.ZodType): Shape => {
  return (answer) => {
    const issue = schema.safeParse(answer).error?.issues[0];
    return issue && `${issue.path.map(String).join('.')}: ${issue.message}`;
  };
};

const pageOf = (field: string, item: z.ZodType): Shape =>
  shapeOf(z.looseObject({ [field]: z.array(item).nullish(), nextPageToken: text }));

/** What to check an answer with, by what it is. */
export const SHAPES = {
  operation: shapeOf(operation),
  operations: pageOf('operations', operation),
  engine: shapeOf(engine),
  engines: pageOf('reasoningEngines', engine),
  service: shapeOf(service),
  services: pageOf('services', service),
  policy: shapeOf(policy),
  gateway: shapeOf(gateway),
  authzPolicies: pageOf('authzPolicies', authzPolicy),
  authzExtension: shapeOf(authzExtension),
  accessPolicy: shapeOf(accessPolicy),
  policyBinding: shapeOf(policyBinding),
  policyBindings: pageOf('policyBindings', policyBinding),
  iamWrite: shapeOf(iamWrite),
  project: shapeOf(z.looseObject({ name: z.string(), projectId: z.string(), parent: text, state: text })),
  constraint: shapeOf(constraint),
  orgPolicy: shapeOf(orgPolicy),
  permissions: shapeOf(z.looseObject({ permissions: texts })),
} as const;
