import pLimit from 'p-limit';
import type { Http } from './http.js';
import { SHAPES } from './shapes.js';
import type { IamPolicy } from './types.js';

/** Identity-Aware Proxy: who may reach what is registered. `resource` is a path of `iapResourceOf` or `iapRegistryOf`. */
export interface Iap {
  /** Asks for version 3, since an older one hides conditions. Without grants the answer is `{etag}` alone. */
  getPolicy(resource: string): Promise<IamPolicy>;
  /**
   * Replaces the policy by one that was read, changed and is sent back with its etag.
   * @returns the policy as stored
   * @throws MissingEtagError without an etag: the write would be blind and lose what others wrote
   */
  setPolicy(resource: string, policy: IamPolicy): Promise<IamPolicy>;
  /** @returns those of the permissions that the caller holds on the resource; needs no permission itself */
  testPermissions(resource: string, permissions: readonly string[]): Promise<readonly string[]>;
}

/** A policy that was not read before it was written. */
export class MissingEtagError extends Error {
  override readonly name = 'MissingEtagError';
}

/** Conditions exist from version 3 on only; a write in an older version would drop them. */
const POLICY_VERSION = 3;

/** From so many members on a policy is large; a full one, 1,500 members, is a quarter of a megabyte each way. */
const LARGE = 300;
/** Large policies that are written at a time: more would fill the memory with what is on its way. */
const LARGE_WRITES = 16;

/** Source: Google's iap v1 discovery document, revision 20260428. All calls are immediate. */
export function createIap(http: Http): Iap {
  const fewLarge = pLimit(LARGE_WRITES);
  return {
    getPolicy: (resource) =>
      http.request({
        api: 'iap',
        method: 'POST',
        path: `v1/${resource}:getIamPolicy`,
        body: { options: { requestedPolicyVersion: POLICY_VERSION } },
        // A POST that only reads.
        retry: 'always',
        shape: SHAPES.policy,
      }),
    setPolicy: async (resource, policy) => {
      if (!policy.etag) {
        throw new MissingEtagError(
          `The policy of ${resource} has no etag. Without it the write could undo somebody else's.`,
        );
      }
      const write = (): Promise<IamPolicy> =>
        http.request({
          api: 'iap',
          method: 'POST',
          path: `v1/${resource}:setIamPolicy`,
          body: { policy: { ...policy, version: POLICY_VERSION } },
          retry: 'rejected',
          shape: SHAPES.policy,
        });
      return membersOf(policy).length < LARGE ? write() : fewLarge(write);
    },
    testPermissions: async (resource, permissions) => {
      const answer = await http.request<{ permissions?: string[] }>({
        api: 'iap',
        method: 'POST',
        path: `v1/${resource}:testIamPermissions`,
        shape: SHAPES.permissions,
        body: { permissions },
        // A POST that only asks. Asked where the project's answer leaves a doubt, so that no answer would be taken for a no.
        retry: 'always',
      });
      return answer.permissions ?? [];
    },
  };
}

const membersOf = ({ bindings }: IamPolicy): string[] => (bindings ?? []).flatMap(({ members }) => members ?? []);
