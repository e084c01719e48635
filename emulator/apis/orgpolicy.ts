import type { Api } from '../core/router.js';
import { constraintRoutes } from './orgpolicy-constraints.js';
import { policyRoutes } from './orgpolicy-policies.js';

/** Organization policies: what a custom constraint says, and where it is enforced (orgpolicy v2 discovery). */
export const orgpolicy: Api = {
  name: 'orgpolicy',
  service: 'orgpolicy.googleapis.com',
  versions: ['v2'],
  routes: [...constraintRoutes, ...policyRoutes],
};
