import type { Http } from './http.js';
import { MissingEtagError } from './iap.js';
import { ResourceNameError } from './names.js';
import { SHAPES } from './shapes.js';
import type { CustomConstraint, OrganizationPolicy } from './types.js';

/**
 * Organization Policy: what a custom constraint forbids, and where it is enforced. All calls are immediate; what they change takes
 * effect up to 15 minutes later. A constraint or policy that is not there answers 404. Deleting a constraint is left out: policies
 * that use it are ignored from then on, and its name is used up for good (Google's "Create custom constraints" page).
 */
export interface OrgPolicy {
  /** @param name `organizations/{n}/customConstraints/custom.{X}` */
  getConstraint(name: string): Promise<CustomConstraint>;
  /** Enforces nothing by itself. 409 ALREADY_EXISTS when there is one; a name that was ever deleted is not given again. */
  createConstraint(constraint: CustomConstraint): Promise<CustomConstraint>;
  /**
   * Overwrites every field: what is left out is cleared. There is no etag, so this may undo what somebody else wrote since it
   * was read; read it right before.
   */
  patchConstraint(constraint: CustomConstraint): Promise<CustomConstraint>;
  /** @param name `{projects|folders|organizations}/{id}/policies/custom.{X}`; the answer's has the project's number */
  getPolicy(name: string): Promise<OrganizationPolicy>;
  /** What holds there, with what is set above. The same names, and those of managed constraints (`iam.managed.X`); 404 for no such constraint. */
  getEffectivePolicy(name: string): Promise<OrganizationPolicy>;
  /** 404 when the constraint is not there, 409 ALREADY_EXISTS when there is a policy. */
  createPolicy(policy: OrganizationPolicy): Promise<OrganizationPolicy>;
  /**
   * Replaces both specs by those of the policy: one that is left out is removed. 409 ABORTED when it was changed since it was read.
   * @throws MissingEtagError without an etag: the write would be blind and lose what others wrote
   */
  patchPolicy(policy: OrganizationPolicy): Promise<OrganizationPolicy>;
  /**
   * Removes both specs, so that what is set above holds again. 409 ABORTED when it was changed since it was read.
   * @throws MissingEtagError without an etag
   */
  deletePolicy(name: string, etag: string | undefined): Promise<void>;
}

/**
 * Both specs, always: the method's description says that it overwrites the policy in full, field masks say that only what is
 * named is; with both in the mask and in the body it comes to the same. Relative to the request, hence the prefix (gcloud's
 * `--update-mask`; spelling of Config Connector's golden logs).
 */
const BOTH_SPECS = 'policy.spec,policy.dryRunSpec';

const CONSTRAINT_NAME = /^(organizations\/[^/]+)\/customConstraints\/custom\.[A-Za-z0-9]+$/;
const POLICY_NAME = /^((?:projects|folders|organizations)\/[^/]+)\/policies\/[A-Za-z0-9.]+$/;

/**
 * Source: Google's orgpolicy v2 discovery document, revision 20260723.
 *
 * Writes that are carried out twice end in a conflict or in 404, never in damage, so those with an etag and the creates may be
 * sent again when Google says it did not take them. Without an etag (patch of a constraint) only a 429 is that sure.
 */
export function createOrgPolicy(http: Http): OrgPolicy {
  return {
    getConstraint: async (name) =>
      http.request({
        api: 'orgpolicy',
        method: 'GET',
        path: `v2/${named(name, CONSTRAINT_NAME).name}`,
        shape: SHAPES.constraint,
      }),
    createConstraint: async (constraint) =>
      http.request({
        api: 'orgpolicy',
        method: 'POST',
        path: `v2/${named(constraint.name, CONSTRAINT_NAME).parent}/customConstraints`,
        body: constraint,
        shape: SHAPES.constraint,
        retry: 'rejected',
      }),
    patchConstraint: async (constraint) =>
      http.request({
        api: 'orgpolicy',
        method: 'PATCH',
        // No mask: the method has none.
        path: `v2/${named(constraint.name, CONSTRAINT_NAME).name}`,
        body: constraint,
        shape: SHAPES.constraint,
        retry: 'throttled',
      }),
    getPolicy: async (name) =>
      http.request({
        api: 'orgpolicy',
        method: 'GET',
        path: `v2/${named(name, POLICY_NAME).name}`,
        shape: SHAPES.orgPolicy,
      }),
    getEffectivePolicy: async (name) =>
      http.request({
        api: 'orgpolicy',
        method: 'GET',
        path: `v2/${named(name, POLICY_NAME).name}:getEffectivePolicy`,
        shape: SHAPES.orgPolicy,
      }),
    createPolicy: async (policy) =>
      http.request({
        api: 'orgpolicy',
        method: 'POST',
        path: `v2/${named(policy.name, POLICY_NAME).parent}/policies`,
        body: policy,
        shape: SHAPES.orgPolicy,
        retry: 'rejected',
      }),
    patchPolicy: async (policy) => {
      needEtag(policy.name, policy.etag);
      return http.request({
        api: 'orgpolicy',
        method: 'PATCH',
        path: `v2/${named(policy.name, POLICY_NAME).name}`,
        query: { updateMask: BOTH_SPECS },
        body: policy,
        shape: SHAPES.orgPolicy,
        retry: 'rejected',
      });
    },
    deletePolicy: async (name, etag) => {
      needEtag(name, etag);
      const path = `v2/${named(name, POLICY_NAME).name}`;
      await http.request({ api: 'orgpolicy', method: 'DELETE', path, query: { etag }, retry: 'rejected' });
    },
  };
}

/** A name that fits, and its parent: the part before the collection. */
function named(name: string, form: RegExp): { name: string; parent: string } {
  const parent = form.exec(name)?.[1];
  if (parent === undefined) throw new ResourceNameError(`"${name}" does not name a custom constraint or policy.`);
  return { name, parent };
}

function needEtag(name: string, etag: string | undefined): void {
  if (etag) return;
  throw new MissingEtagError(`The policy ${name} has no etag. Without it the write could undo somebody else's.`);
}
