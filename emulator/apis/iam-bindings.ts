import { timestamp } from '../core/clock.js';
import { GoogleError, invalid } from '../core/errors.js';
import { asString, compact, type Json } from '../core/json.js';
import { applyMask, checkMask, readMask } from '../core/masks.js';
import { EMPTY_RESPONSE } from '../core/operations.js';
import { page } from '../core/paging.js';
import { patch, post, read, remove, type Call, type Route } from '../core/router.js';
import { readMessage } from '../core/shape.js';
import {
  bindingsOfTarget,
  iamKey,
  nodeTarget,
  removePolicyBinding,
  storePolicyBinding,
  type PolicyBindingRecord,
} from '../state/access-policies.js';
import type { NodeKind } from '../state/orgpolicy.js';
import type { State } from '../state/state.js';
import {
  bindable,
  bindingShape,
  checkImmutable,
  checkKind,
  constraintViolation,
  policyNamed,
  targetOf,
} from './iam-binding-rules.js';
import { byPolicyKind, byTargetAndPolicy } from './iam-filters.js';
import {
  canonicalName,
  checkEtag,
  findRecord,
  isSameNode,
  KINDS,
  locationName,
  need,
  needOnTarget,
  newId,
  nodeOfTarget,
  parentOf,
  type Lookup,
  type Parent,
} from './iam-names.js';
import { carryOut, checkIdle, isBeingWritten, typeUrl } from './iam-operations.js';
import { checkCommon } from './iam-policy-rules.js';
import { bindingJson } from './iam-views.js';

const COLLECTION = 'policyBindings';
const PAGING = ['pageSize', 'pageToken'];
const MASKS = ['displayName', 'annotations'];

/** Bindings of access policies to nodes of the hierarchy (protos and generated clients: v3 and v3beta are alike). */
export const policyBindingRoutes: readonly Route[] = KINDS.flatMap((kind) => {
  const list = `${kind}/{node}/locations/{location}/${COLLECTION}`;
  const item = `${list}/{id}`;
  return [
    post(list, (call, state) => create(call, state, kind), ['policyBindingId', 'validateOnly']),
    read(list, (call, state) => listBindings(call, state, kind), ['filter', ...PAGING]),
    read(`${list}:searchTargetPolicyBindings`, (call, state) => searchTarget(call, state, kind), [
      ...['target', 'filter'],
      ...PAGING,
    ]),
    read(item, (call, state) => getBinding(call, state, kind)),
    patch(item, (call, state) => update(call, state, kind), ['updateMask', 'validateOnly']),
    remove(item, (call, state) => erase(call, state, kind), ['etag', 'validateOnly']),
  ];
});

type Check = Lookup<PolicyBindingRecord>['check'];

function found(call: Call, state: State, kind: NodeKind, check: Check): PolicyBindingRecord {
  return findRecord(call, state, kind, { records: state.policyBindings, collection: COLLECTION, check });
}

function getBinding(call: Call, state: State, kind: NodeKind): Json {
  const record = found(call, state, kind, (_node, name) => need(state, 'iam.policybindings.get', name));
  return bindingJson(state, record);
}

function listBindings(call: Call, state: State, kind: NodeKind): Json {
  const { node } = parentOf(call, state, kind);
  need(state, 'iam.policybindings.list', locationName(node));
  const records = [...state.policyBindings.values()].filter((record) => isSameNode(record.node, node));
  const items = records.map((record) => bindingJson(state, record));
  return page(
    byTargetAndPolicy(items, call.query.get('filter')),
    COLLECTION,
    call.query,
    call.path,
    state.settings.iam.pageSize,
  );
}

/** "All policy binding objects bound directly to target"; of a project the number alone is documented. */
function searchTarget(call: Call, state: State, kind: NodeKind): Json {
  const { node } = parentOf(call, state, kind);
  needOnTarget(state, node, 'searchPolicyBindings');
  const target = call.query.get('target') ?? '';
  const wanted = nodeOfTarget(state, target);
  if (wanted === undefined || target !== nodeTarget(wanted)) throw invalid(`Invalid target '${target}'.`, 'target');
  if (!isSameNode(wanted, node)) throw invalid('The parent must be the resource nearest to the target.', 'parent');
  const items = bindingsOfTarget(state, target).map((record) => bindingJson(state, record));
  const list = `${call.path}?${target}`;
  return page(byPolicyKind(items, call.query.get('filter')), COLLECTION, call.query, list, state.settings.iam.pageSize);
}

/** "Callers will need the IAM permissions on both the policy and target" (protos). */
function create(call: Call, state: State, kind: NodeKind): Json {
  const parent = parentOf(call, state, kind);
  const id = newId(call, 'policyBindingId');
  const body = readMessage(call.body, bindingShape(call.version), 'policy_binding');
  const target = targetOf(state, parent, body);
  const policyName = asString(body.policy);
  const { key: policyKey } = policyNamed(state, policyName);
  need(state, 'iam.accesspolicies.bind', policyName);
  needOnTarget(state, target.node, 'createPolicyBinding');
  checkKind(body);
  checkCommon(body, 'policy_binding');
  checkIsFree(state, parent, id);
  const policy = bindable(state, target, policyName);
  const violation = constraintViolation(state, target);
  if (violation !== undefined && state.settings.iam.constraintViolation === 'sync') throw violation;
  const uid = state.ids.uid();
  const draft = (atMs: number): PolicyBindingRecord => {
    const now = timestamp(atMs);
    const { displayName, annotations } = body;
    const fields = { displayName, annotations, target: body.target, policyKind: 'ACCESS', policy: policyName };
    const data = { ...compact(fields), createTime: now, updateTime: now };
    const etag = state.ids.policyEtag();
    return { ...parent, id, uid, etag, data, policyKey, policyUid: policy.uid, target: target.name };
  };
  return carryOut(call, state, {
    parent,
    collection: COLLECTION,
    id,
    verb: 'create',
    preview: () => response(call, state, draft(state.clock.now())),
    commit: (endMs) => {
      if (violation !== undefined) throw violation;
      bindable(state, target, policyName);
      return response(call, state, storePolicyBinding(state, draft(endMs), endMs));
    },
  });
}

function checkIsFree(state: State, parent: Parent, id: string): void {
  const isTaken =
    state.policyBindings.has(iamKey(parent.node, id)) || isBeingWritten(state, { parent, collection: COLLECTION, id });
  const name = canonicalName(parent.node, COLLECTION, id);
  if (isTaken) throw new GoogleError(state.settings.iam.alreadyExists, `Resource '${name}' already exists.`);
}

/** Name and annotations can change. Without a mask every field that is sent (AIP-134). */
function update(call: Call, state: State, kind: NodeKind): Json {
  const record = found(call, state, kind, (node) => needOnTarget(state, node, 'updatePolicyBinding'));
  const body = readMessage(call.body, bindingShape(call.version), 'policy_binding');
  const paths = readMask(call.query.get('updateMask'));
  checkImmutable(state, record, body);
  checkKind(body);
  if (!paths.includes('*')) checkMask(paths, MASKS, 'PolicyBinding');
  const named = paths.includes('*') ? MASKS : paths.length > 0 ? paths : MASKS.filter((field) => field in body);
  checkCommon(body, 'policy_binding');
  const etag = asString(body.etag);
  const write = { parent: record, collection: COLLECTION, id: record.id } as const;
  checkIdle(state, write);
  const draft = (atMs: number): PolicyBindingRecord => {
    const current = currentBinding(state, record, etag);
    const data = { ...applyMask(current.data, body, named), updateTime: timestamp(atMs) };
    return { ...current, etag: state.ids.policyEtag(), data };
  };
  currentBinding(state, record, etag);
  return carryOut(call, state, {
    ...write,
    verb: 'update',
    preview: () => response(call, state, draft(state.clock.now())),
    commit: (endMs) => response(call, state, storePolicyBinding(state, draft(endMs), endMs)),
  });
}

/** The binding as it is now, unless it is gone or the etag is stale. */
function currentBinding(state: State, { node, id }: PolicyBindingRecord, etag: string): PolicyBindingRecord {
  const current = state.policyBindings.get(iamKey(node, id));
  if (current === undefined) throw new GoogleError('NOT_FOUND', `Policy binding ${id} was deleted.`);
  checkEtag(state, current, etag);
  return current;
}

function erase(call: Call, state: State, kind: NodeKind): Json {
  const record = found(call, state, kind, (node) => needOnTarget(state, node, 'deletePolicyBinding'));
  need(state, 'iam.accesspolicies.unbind', asString(record.data.policy));
  const etag = call.query.get('etag') ?? '';
  const write = { parent: record, collection: COLLECTION, id: record.id } as const;
  checkIdle(state, write);
  currentBinding(state, record, etag);
  return carryOut(call, state, {
    ...write,
    verb: 'delete',
    preview: () => EMPTY_RESPONSE,
    commit: (endMs) => {
      removePolicyBinding(state, currentBinding(state, record, etag), endMs);
      return EMPTY_RESPONSE;
    },
  });
}

function response(call: Call, state: State, record: PolicyBindingRecord): Json {
  return { '@type': typeUrl(call, 'PolicyBinding'), ...bindingJson(state, record) };
}
