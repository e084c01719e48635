import type { Api } from '../core/router.js';
import { policyBindingRoutes } from './iam-bindings.js';
import { IAM_SERVICE } from './iam-names.js';
import { iamOperationRoutes } from './iam-operations.js';
import { accessPolicyRoutes } from './iam-policies.js';
import { counted } from './iam-quota.js';

/** Access policies, their bindings to resources, and the operations of both (google.iam.v3 protos, generated clients). */
export const iam: Api = {
  name: 'iam',
  service: IAM_SERVICE,
  versions: ['v3', 'v3beta'],
  routes: [...accessPolicyRoutes, ...policyBindingRoutes, ...iamOperationRoutes].map(counted),
};
