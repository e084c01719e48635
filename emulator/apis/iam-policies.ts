import { timestamp } from '../core/clock.js';
import { failedPrecondition, GoogleError } from '../core/errors.js';
import { asString, compact, type Json } from '../core/json.js';
import { applyMask, checkMask, readMask } from '../core/masks.js';
import { EMPTY_RESPONSE } from '../core/operations.js';
import { page } from '../core/paging.js';
import { patch, post, read, remove, unknownParameter, type Call, type Route } from '../core/router.js';
import { readMessage } from '../core/shape.js';
import {
  bindingsOfPolicy,
  iamKey,
  removeAccessPolicy,
  storeAccessPolicy,
  type AccessPolicyRecord,
} from '../state/access-policies.js';
import type { NodeKind } from '../state/orgpolicy.js';
import type { State } from '../state/state.js';
import {
  canonicalName,
  checkEtag,
  findRecord,
  flag,
  isSameNode,
  KINDS,
  locationName,
  need,
  newId,
  parentOf,
  type Lookup,
} from './iam-names.js';
import { carryOut, checkIdle, isBeingWritten, typeUrl } from './iam-operations.js';
import { ACCESS_POLICY_SHAPE, checkPolicy } from './iam-policy-rules.js';
import { asStored, bindingJson, policyJson } from './iam-views.js';

const COLLECTION = 'accessPolicies';
const PAGING = ['pageSize', 'pageToken'];
const FIELDS = ['details', 'displayName', 'annotations'];

/** Access policies of projects, folders and organizations (protos and generated clients: v3 and v3beta are alike). */
export const accessPolicyRoutes: readonly Route[] = KINDS.flatMap((kind) => {
  const list = `${kind}/{node}/locations/{location}/${COLLECTION}`;
  const item = `${list}/{id}`;
  return [
    post(list, (call, state) => create(call, state, kind), ['accessPolicyId', 'validateOnly']),
    read(list, (call, state) => listPolicies(call, state, kind), PAGING),
    read(item, (call, state) => policyJson(state, found(call, state, kind, 'get'))),
    read(`${item}:searchPolicyBindings`, (call, state) => searchBindings(call, state, kind), PAGING),
    patch(item, (call, state) => update(call, state, kind), ['updateMask', 'validateOnly']),
    remove(item, (call, state) => erase(call, state, kind), ['etag', 'force', 'validateOnly']),
  ];
});

function found(call: Call, state: State, kind: NodeKind, verb: string): AccessPolicyRecord {
  const check: Lookup<AccessPolicyRecord>['check'] = (_node, name) => need(state, `iam.accesspolicies.${verb}`, name);
  return findRecord(call, state, kind, { records: state.accessPolicies, collection: COLLECTION, check });
}

function listPolicies(call: Call, state: State, kind: NodeKind): Json {
  const { node } = parentOf(call, state, kind);
  need(state, 'iam.accesspolicies.list', locationName(node));
  const records = [...state.accessPolicies.values()].filter((record) => isSameNode(record.node, node));
  const items = records.map((record) => policyJson(state, record));
  return page(items, COLLECTION, call.query, call.path, state.settings.iam.pageSize);
}

function searchBindings(call: Call, state: State, kind: NodeKind): Json {
  const record = found(call, state, kind, 'searchPolicyBindings');
  const items = bindingsOfPolicy(state, record).map((binding) => bindingJson(state, binding));
  return page(items, 'policyBindings', call.query, call.path, state.settings.iam.pageSize);
}

function create(call: Call, state: State, kind: NodeKind): Json {
  const parent = parentOf(call, state, kind);
  const id = newId(call, 'accessPolicyId');
  need(state, 'iam.accesspolicies.create', canonicalName(parent.node, COLLECTION, id));
  const body = readMessage(call.body, ACCESS_POLICY_SHAPE, 'access_policy');
  checkPolicy(state, body, { compile: compiles(call, state) });
  checkIsFree(state, parent, id);
  const uid = state.ids.uid();
  const draft = (atMs: number): AccessPolicyRecord => {
    const now = timestamp(atMs);
    const data = { ...asStored(state, body), createTime: now, updateTime: now };
    return { ...parent, id, uid, etag: state.ids.policyEtag(), data, createdMs: atMs };
  };
  return carryOut(call, state, {
    parent,
    collection: COLLECTION,
    id,
    verb: 'create',
    preview: () => response(call, state, draft(state.clock.now())),
    commit: (endMs) => response(call, state, storeAccessPolicy(state, draft(endMs), endMs)),
  });
}

function checkIsFree(state: State, parent: { node: AccessPolicyRecord['node']; sent: string }, id: string): void {
  const isTaken =
    state.accessPolicies.has(iamKey(parent.node, id)) || isBeingWritten(state, { parent, collection: COLLECTION, id });
  const name = canonicalName(parent.node, COLLECTION, id);
  if (isTaken) throw new GoogleError(state.settings.iam.alreadyExists, `Resource '${name}' already exists.`);
  const { policiesPerParent } = state.settings.iam.limits;
  const others = [...state.accessPolicies.values()].filter((record) => isSameNode(record.node, parent.node));
  if (others.length >= policiesPerParent)
    throw failedPrecondition(`A resource can have at most ${policiesPerParent} access policies.`);
}

/** There is no mask: the whole object is replaced, whatever a page prints (generated clients). */
function update(call: Call, state: State, kind: NodeKind): Json {
  const mask = maskOf(call, state);
  const record = found(call, state, kind, 'update');
  const body = readMessage(call.body, ACCESS_POLICY_SHAPE, 'access_policy');
  const etag = asString(body.etag);
  const write = { parent: record, collection: COLLECTION, id: record.id } as const;
  checkIdle(state, write);
  checkEtag(state, record, etag);
  checkUpdate(state, next(state, record, body, mask), compiles(call, state));
  const draft = (atMs: number): AccessPolicyRecord => {
    const current = state.accessPolicies.get(iamKey(record.node, record.id));
    if (current === undefined) throw new GoogleError('NOT_FOUND', `Access policy ${record.id} was deleted.`);
    // Of two writes that both began with the same etag, the one that ends first has it.
    checkEtag(state, current, etag);
    const fields = asStored(state, next(state, current, body, mask));
    const data = { ...fields, createTime: current.data.createTime, updateTime: timestamp(atMs) };
    return { ...current, etag: state.ids.policyEtag(), data };
  };
  return carryOut(call, state, {
    ...write,
    verb: 'update',
    preview: () => response(call, state, draft(state.clock.now())),
    commit: (endMs) => response(call, state, storeAccessPolicy(state, draft(endMs), endMs)),
  });
}

/** A page prints `updateMask=details`, which the method does not have: three ways to take it. */
function maskOf(call: Call, state: State): string[] {
  const mask = call.query.get('updateMask');
  if (mask === null || state.settings.iam.updateMask === 'ignored') return [];
  if (state.settings.iam.updateMask === 'rejected') throw unknownParameter('updateMask');
  const paths = readMask(mask);
  checkMask(paths, FIELDS, 'AccessPolicy');
  return paths;
}

/** The policy after a patch. What becomes of fields that are left out is not documented. */
function next(state: State, { data }: AccessPolicyRecord, body: Json, mask: readonly string[]): Json {
  const { patchWithoutDetails, patchAbsentFields } = state.settings.iam;
  if (mask.length > 0) return applyMask(data, body, mask);
  const absent = (field: string): unknown => (patchAbsentFields === 'kept' ? data[field] : undefined);
  return compact({
    details: body.details ?? (patchWithoutDetails === 'kept' ? data.details : undefined),
    displayName: body.displayName ?? absent('displayName'),
    annotations: body.annotations ?? absent('annotations'),
  });
}

function checkUpdate(state: State, policy: Json, compile: boolean): void {
  if (policy.details === undefined && state.settings.iam.patchWithoutDetails === 'cleared') return;
  checkPolicy(state, policy, { compile });
}

/** "Even if the Policy references PolicyBindings" (protos): with force they go with it, which is inferred. */
function erase(call: Call, state: State, kind: NodeKind): Json {
  const record = found(call, state, kind, 'delete');
  const etag = call.query.get('etag') ?? '';
  const write = { parent: record, collection: COLLECTION, id: record.id } as const;
  checkIdle(state, write);
  checkEtag(state, record, etag);
  const force = flag(call, 'force');
  if (!force) checkIsUnbound(state, record);
  return carryOut(call, state, {
    ...write,
    verb: 'delete',
    preview: () => EMPTY_RESPONSE,
    commit: (endMs) => {
      const current = state.accessPolicies.get(iamKey(record.node, record.id));
      if (current === undefined) throw new GoogleError('NOT_FOUND', `Access policy ${record.id} was deleted.`);
      checkEtag(state, current, etag);
      if (!force) checkIsUnbound(state, current);
      removeAccessPolicy(state, current, endMs);
      return EMPTY_RESPONSE;
    },
  });
}

/** A binding that is gone counts until everybody knows (public report). */
function checkIsUnbound(state: State, record: AccessPolicyRecord): void {
  const { unbindReplicationMs } = state.settings.iam;
  const recent = state.accessHistory.bindings.valuesSince(state.clock.now() - unbindReplicationMs);
  if (!recent.some((binding) => binding.policyUid === record.uid)) return;
  throw failedPrecondition('Access policy is referenced by active policy binding(s).');
}

function compiles(call: Call, state: State): boolean {
  return state.settings.iam.validateOnly.compilesConditions || !flag(call, 'validateOnly');
}

function response(call: Call, state: State, record: AccessPolicyRecord): Json {
  return { '@type': typeUrl(call, 'AccessPolicy'), ...policyJson(state, record) };
}
