import type { Clock } from '../clock.js';
import { createLimiter } from '../limiter.js';
import type { Shape } from './answer.js';
import { withNames } from './answered-names.js';
import type { Http, HttpRequest, Pace } from './http.js';
import { parseIamName, projectTarget, type IamCollection, type IamResourceName } from './iam-names.js';
import { MissingEtagError } from './iap.js';
import { mayBeSameProject } from './known-projects.js';
import { ResourceNameError } from './names.js';
import { listAll } from './pages.js';
import { SHAPES } from './shapes.js';
import type { AccessPolicy, Operation, PolicyBinding } from './types.js';

/** A policy or binding to create: its name is in the request. */
export type AccessPolicyBody = Omit<AccessPolicy, 'name' | 'etag'>;
export type PolicyBindingBody = Omit<PolicyBinding, 'name' | 'etag'>;

/**
 * IAM access policies ("V2", "Unified Access Policies") and what binds them to resources. Every write is a long-running operation
 * (or, as Terraform's client takes it, done when the answer is none). A policy that is not there answers 404.
 */
export interface AccessPolicies {
  getPolicy(name: string): Promise<AccessPolicy>;
  /** 409 ALREADY_EXISTS when there is one. It counts nowhere until it is bound. */
  createPolicy(name: string, policy: AccessPolicyBody): Promise<Operation>;
  /**
   * Replaces the whole policy: the method has no mask. 412 or 409 ABORTED when it was changed since it was read.
   * @throws MissingEtagError without an etag: the write would be blind and lose what others wrote
   */
  patchPolicy(policy: AccessPolicy): Promise<Operation>;
  /**
   * 400 FAILED_PRECONDITION while it is bound anywhere: it is never forced.
   * @throws MissingEtagError without an etag
   */
  deletePolicy(name: string, etag: string | undefined): Promise<Operation>;
  /** The access policies that are bound to a project itself, wherever these policies are; not those of its ancestors. */
  bindingsTo(projectNumber: string): Promise<PolicyBinding[]>;
  /** Where a policy is bound. Needs no right on the targets. */
  bindingsOf(policy: string): Promise<PolicyBinding[]>;
  getBinding(name: string): Promise<PolicyBinding>;
  /** 404 or FAILED_PRECONDITION while a policy that was just created is not known everywhere. */
  createBinding(name: string, binding: PolicyBindingBody): Promise<Operation>;
  /** Nothing of a binding that matters can be changed, so it may go without an etag. */
  deleteBinding(name: string, etag: string | undefined): Promise<Operation>;
  getOperation(name: string): Promise<Operation>;
}

/** v3 and v3beta have the same methods and messages for these resources (gcloud's generated clients). */
const VERSION = 'v3';
/** Quota of the IAM v3 API, per project and minute ("Quotas and limits" page of IAM): that many reads, and that many writes. */
const PER_MINUTE = 5;
const MINUTE_MS = 60_000;

/** How often an operation of this API may be asked for, in milliseconds: a look is taken to be a read of that quota. */
export const OPERATION_PAUSE_MS = 15_000;

/** Source: the google.iam.v3 protos (`access_policies_service`, `policy_bindings_service`) and gcloud's generated v3 client. */
export function createAccessPolicies(http: Http, clock: Clock): AccessPolicies {
  const pace = (): Pace => ({ limiter: createLimiter(PER_MINUTE, MINUTE_MS, clock), throttledMs: MINUTE_MS });
  const [reads, writes] = [pace(), pace()];
  const get = async <T>(path: string, shape: Shape): Promise<T> =>
    http.request<T>({ api: 'iam', method: 'GET', path: `${VERSION}/${path}`, shape, pace: reads });
  const list = async (path: string, query: HttpRequest['query']): Promise<PolicyBinding[]> =>
    listAll(http, {
      api: 'iam',
      path: `${VERSION}/${path}`,
      field: 'policyBindings',
      shape: SHAPES.policyBindings,
      pace: reads,
      ...(query ? { query } : {}),
    });
  // A write that may have been carried out is not sent again before somebody has looked.
  const write = async (request: Omit<HttpRequest, 'api' | 'retry' | 'pace' | 'shape'>): Promise<Operation> =>
    started(await http.request({ ...request, api: 'iam', retry: 'throttled', pace: writes, shape: SHAPES.iamWrite }));
  const create = (collection: IamCollection, name: string, body: object): Promise<Operation> => {
    const { parent, id } = known(name, collection);
    const path = `${VERSION}/${parent.kind}/${parent.id}/locations/global/${collection}`;
    const idName = collection === 'accessPolicies' ? 'accessPolicyId' : 'policyBindingId';
    return write({ method: 'POST', path, query: { [idName]: id }, body });
  };
  const remove = async (collection: IamCollection, name: string, etag: string | undefined): Promise<Operation> => {
    known(name, collection);
    return write({ method: 'DELETE', path: `${VERSION}/${name}`, query: { etag } });
  };

  return {
    getPolicy: async (name) => get(name, withNames(SHAPES.accessPolicy, nameIs(name, 'accessPolicies'))),
    createPolicy: async (name, policy) => create('accessPolicies', name, policy),
    patchPolicy: async (policy) => {
      known(policy.name, 'accessPolicies');
      needEtag(policy.name, policy.etag);
      return write({ method: 'PATCH', path: `${VERSION}/${policy.name}`, body: policy });
    },
    deletePolicy: async (name, etag) => {
      needEtag(name, etag);
      return remove('accessPolicies', name, etag);
    },
    bindingsTo: async (number) => {
      const target = projectTarget({ number });
      const path = `projects/${number}/locations/global/policyBindings:searchTargetPolicyBindings`;
      const found = await list(path, { target, filter: 'policy_kind=ACCESS' });
      return found.filter(isAccess);
    },
    bindingsOf: async (policy) => {
      known(policy, 'accessPolicies');
      return list(`${policy}:searchPolicyBindings`, undefined);
    },
    getBinding: async (name) => get(name, withNames(SHAPES.policyBinding, nameIs(name, 'policyBindings'))),
    createBinding: async (name, binding) => create('policyBindings', name, binding),
    deleteBinding: async (name, etag) => remove('policyBindings', name, etag),
    getOperation: async (name) => get(name, SHAPES.operation),
  };
}

/** A binding may have been made without its kind: the server sets it ("policyKind", google.iam.v3 `PolicyBinding`). */
function isAccess({ policyKind, policy }: PolicyBinding): boolean {
  if (policyKind === undefined || policyKind === '' || policyKind === 'POLICY_KIND_UNSPECIFIED') {
    return parseIamName(policy ?? '', 'accessPolicies') !== undefined;
  }
  return policyKind === 'ACCESS';
}

/** An answer that names no operation is the end of one, or the resource itself. */
function started({ name = '', ...answer }: Partial<Operation>): Operation {
  if (/\/operations\/[^/]+$/.test(name)) return { ...answer, name };
  return answer.done === true ? { ...answer, name: '' } : { name: '', done: true, response: { ...answer, name } };
}

function known(name: string, collection: IamCollection): IamResourceName {
  const parsed = parseIamName(name, collection);
  if (!parsed) throw new ResourceNameError(`"${name}" names none of the ${collection}.`);
  return parsed;
}

/** What is written next is sent to the name in this answer: it must be the one that was asked for. */
function nameIs(asked: string, collection: IamCollection): Shape {
  const wanted = known(asked, collection);
  return ({ name }) => {
    const found = typeof name === 'string' ? parseIamName(name, collection) : undefined;
    const isSame =
      found?.id === wanted.id &&
      found.parent.kind === wanted.parent.kind &&
      (found.parent.kind === 'projects'
        ? mayBeSameProject(found.parent.id, wanted.parent.id)
        : found.parent.id === wanted.parent.id);
    const shown = typeof name === 'string' ? JSON.stringify(name.slice(0, 200)) : 'nothing';
    return isSame ? undefined : `name: ${shown} is not ${asked}`;
  };
}

function needEtag(name: string, etag: string | undefined): void {
  if (etag) return;
  throw new MissingEtagError(`${name} has no etag. Without it the write could undo somebody else's.`);
}
