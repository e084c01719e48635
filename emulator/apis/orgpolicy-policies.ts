import { GoogleError, invalid } from '../core/errors.js';
import { asJson, asString, compact, isJson, type Json } from '../core/json.js';
import { applyMask, checkMask, readMask } from '../core/masks.js';
import { page } from '../core/paging.js';
import { patch, post, read, remove, type Call, type Route } from '../core/router.js';
import { readMessage } from '../core/shape.js';
import {
  constraintKey,
  effectivePolicy,
  findNode,
  isEnforced,
  lineage,
  nodeName,
  organizationOf,
  policyKey,
  type HierarchyNode,
  type NodeKind,
  type OrgPolicyRecord,
  type SpecField,
  type StoredSpec,
} from '../state/orgpolicy.js';
import { isMisspelt, isOnByDefault } from '../state/managed-constraint.js';
import type { State } from '../state/state.js';
import { missing } from './orgpolicy-constraints.js';
import { checkPolicy, POLICY_SHAPE } from './orgpolicy-rules.js';

const SERVICE = 'orgpolicy.googleapis.com';
const KINDS: readonly NodeKind[] = ['projects', 'folders', 'organizations'];
const SPECS: readonly SpecField[] = ['spec', 'dryRunSpec'];
/** Relative to the request, so with the prefix (gcloud's `--update-mask`, public golden logs); camelCase as `readMask` returns it. */
const MASKS = ['policy.spec', 'policy.dryRunSpec'];

/** Policies of projects, folders and organizations: the same methods on each (orgpolicy discovery). */
export const policyRoutes: readonly Route[] = KINDS.flatMap((kind) => {
  const list = `${kind}/{node}/policies`;
  const item = `${list}/{constraint}`;
  return [
    read(list, (call, state) => listPolicies(call, state, kind), ['pageSize', 'pageToken']),
    read(item, (call, state) => policyJson(state, found(call, state, nodeOf(call, state, kind, 'policy.get')))),
    read(`${item}:getEffectivePolicy`, (call, state) => getEffectivePolicy(call, state, kind)),
    post(list, (call, state) => createPolicy(call, state, kind)),
    patch(item, (call, state) => updatePolicy(call, state, kind)),
    remove(item, (call, state) => deletePolicy(call, state, kind), ['etag']),
  ];
});

/** The node of the path, after the caller's permission on it (REST reference, one permission per method). */
function nodeOf(call: Call, state: State, kind: NodeKind, permission: string): HierarchyNode {
  const id = call.param('node');
  // Throws what an unknown project is answered with.
  if (kind === 'projects') state.project(id);
  state.need(`orgpolicy.${permission}`, `${kind}/${id}`, SERVICE);
  const node = findNode(state.projects, kind, id);
  if (node === undefined) throw missing();
  return node;
}

function found(call: Call, state: State, node: HierarchyNode): OrgPolicyRecord {
  const record = state.orgPolicy.policies.get(policyKey(node, call.param('constraint')));
  if (record === undefined) throw missing();
  return record;
}

/** 404 unless the organization has the custom constraint. Google's own constraints are many and not known here: all but one exist. */
function needConstraint(state: State, node: HierarchyNode, constraint: string): void {
  if (isMisspelt(state, constraint)) throw missing();
  if (!constraint.startsWith('custom.')) return;
  const organization = organizationOf(state.projects, node) ?? '';
  if (state.orgPolicy.constraints.get(constraintKey(organization, constraint)) === undefined) throw missing();
}

function listPolicies(call: Call, state: State, kind: NodeKind): Json {
  const node = nodeOf(call, state, kind, 'policies.list');
  const records = state.orgPolicy.policies
    .values()
    .filter((record) => nodeName(record.node, true) === nodeName(node, true));
  const items = records.map((record) => policyJson(state, record));
  return page(items, 'policies', call.query, call.path, state.settings.pageSize);
}

function createPolicy(call: Call, state: State, kind: NodeKind): Json {
  const node = nodeOf(call, state, kind, 'policies.create');
  const body = readMessage(call.body, POLICY_SHAPE, 'policy');
  const constraint = constraintOf(state, node, asString(body.name));
  needConstraint(state, node, constraint);
  if (state.orgPolicy.policies.get(policyKey(node, constraint)) !== undefined) {
    throw new GoogleError('ALREADY_EXISTS', 'Requested entity already exists');
  }
  checkPolicy(constraint, body);
  return store(state, { node, constraint, ...specsOf(state, body, SPECS) });
}

/** The constraint a policy's name ends with; the name must be of the parent, by project ID or number. */
function constraintOf(state: State, node: HierarchyNode, name: string): string {
  const [, kind, id, constraint] = /^(projects|folders|organizations)\/([^/]+)\/policies\/([^/:]+)$/.exec(name) ?? [];
  const named = kind === undefined ? undefined : findNode(state.projects, kind as NodeKind, id ?? '');
  if (constraint !== undefined && named?.kind === node.kind && named.id === node.id) return constraint;
  throw invalid(`Invalid policy name '${name}' for ${nodeName(node, false)}.`, 'policy.name');
}

function updatePolicy(call: Call, state: State, kind: NodeKind): Json {
  const node = nodeOf(call, state, kind, 'policies.update');
  const old = found(call, state, node);
  needConstraint(state, node, old.constraint);
  const body = readMessage(call.body, POLICY_SHAPE, 'policy');
  if (body.name !== undefined && constraintOf(state, node, asString(body.name)) !== old.constraint) {
    throw invalid('The name in the body is not the one in the path.', 'policy.name');
  }
  const fields = fieldsOf(call, state, body);
  const current = foreignWrite(state, old);
  checkEtag(current, asString(body.etag));
  for (const field of fields) checkSpecEtag(current, field, body);
  const kept = compact({ spec: current.spec, dryRunSpec: current.dryRunSpec });
  const next = applyMask(kept, body, fields);
  checkPolicy(old.constraint, next);
  const unchanged = SPECS.filter((field) => !fields.includes(field)).map((field) => [field, current[field]] as const);
  return store(state, {
    node: old.node,
    constraint: old.constraint,
    ...Object.fromEntries(unchanged),
    ...specsOf(state, next, fields),
  });
}

/** What is overwritten: "if the policy does not contain the dry_run_spec" no mask means `policy.spec` (gcloud's help), else both. */
function fieldsOf(call: Call, state: State, body: Json): SpecField[] {
  const paths = readMask(call.query.get('updateMask'));
  if (paths.length === 0) return body.dryRunSpec === undefined ? ['spec'] : [...SPECS];
  if (paths.includes('*')) return [...SPECS];
  checkMask(paths, MASKS, 'Policy');
  if (state.settings.orgPolicy.maskedUpdate === 'whole-policy') return [...SPECS];
  return SPECS.filter((field) => paths.includes(`policy.${field}`));
}

function deletePolicy(call: Call, state: State, kind: NodeKind): Json {
  const node = nodeOf(call, state, kind, 'policies.delete');
  const old = found(call, state, node);
  needConstraint(state, node, old.constraint);
  checkEtag(foreignWrite(state, old), call.query.get('etag') ?? '');
  state.orgPolicy.policies.set(policyKey(node, old.constraint), undefined, state.clock.now());
  return {};
}

/** Somebody else's write of the same rules comes in between, as often as the switch says. */
function foreignWrite(state: State, record: OrgPolicyRecord): OrgPolicyRecord {
  if (state.settings.orgPolicy.foreignWrites === 0) return record;
  state.settings.orgPolicy.foreignWrites -= 1;
  return writtenAnew(state, record);
}

/** The same rules, written once more: the etag that somebody has read before is stale. */
export function writtenAnew(state: State, record: OrgPolicyRecord): OrgPolicyRecord {
  const written = {
    ...record,
    ...specsOf(state, compact({ spec: record.spec, dryRunSpec: record.dryRunSpec }), SPECS),
  };
  store(state, written);
  return written;
}

/** "ABORTED if the ETag supplied in the request doesn't match the persisted ETag of the policy"; without one the write is blind. */
function checkEtag(record: OrgPolicyRecord, sent: string): void {
  if (sent === '' || sent === etagOf(record)) return;
  throw new GoogleError('ABORTED', 'The etag of the policy does not match: it was changed since it was read.');
}

function checkSpecEtag(record: OrgPolicyRecord, field: SpecField, body: Json): void {
  const sent = asString(asJson(body[field]).etag);
  if (sent === '' || sent === record[field]?.etag) return;
  throw new GoogleError('ABORTED', `The etag of ${field} does not match: it was changed since it was read.`);
}

/** The specs of a message that are to be stored now, each under a new etag and time. */
export function specsOf(
  state: State,
  message: Json,
  fields: readonly SpecField[],
): Partial<Record<SpecField, StoredSpec>> {
  const specs: Partial<Record<SpecField, StoredSpec>> = {};
  for (const field of fields) {
    const spec = message[field];
    if (!isJson(spec)) continue;
    specs[field] = { ...structuredClone(spec), etag: state.ids.specEtag(), updateTime: state.clock.iso() };
  }
  return specs;
}

function store(state: State, record: OrgPolicyRecord): Json {
  state.orgPolicy.policies.set(policyKey(record.node, record.constraint), record, state.clock.now());
  return policyJson(state, record);
}

/** The etags of both specs in one: gcloud prints `CLj9zMIGEIiS3K4D-` for a policy that has no second one (Google's pages). */
function etagOf(record: OrgPolicyRecord): string {
  return `${record.spec?.etag ?? ''}-${record.dryRunSpec?.etag ?? ''}`;
}

/** A Policy as the API prints it: "responses will return the name using the equivalent project number" (Policy.name). */
export function policyJson(state: State, record: OrgPolicyRecord): Json {
  const parent = nodeName(record.node, state.settings.projectNumberInNames.orgpolicy);
  const { spec, dryRunSpec } = record;
  const name = `${parent}/policies/${record.constraint}`;
  return compact({ name, ...structuredClone({ spec, dryRunSpec }), etag: etagOf(record) });
}

/** What is in force at a node after inheritance, without etags and conditions; custom constraints are off by default. */
function getEffectivePolicy(call: Call, state: State, kind: NodeKind): Json {
  const node = nodeOf(call, state, kind, 'policy.get');
  const constraint = call.param('constraint');
  needConstraint(state, node, constraint);
  const nodes = lineage(state.projects, node);
  const rulesOf = (field: SpecField): Json | undefined => {
    const effective = effectivePolicy((key) => state.orgPolicy.policies.get(key), nodes, constraint, field);
    if (effective === undefined) return undefined;
    if (!constraint.startsWith('custom.')) return compact({ rules: effective.spec.rules });
    return { rules: [{ enforce: isEnforced(effective.spec) }] };
  };
  const parent = nodeName(node, state.settings.projectNumberInNames.orgpolicy);
  return compact({
    name: `${parent}/policies/${constraint}`,
    spec: rulesOf('spec') ?? { rules: [{ enforce: isOnByDefault(state, constraint) }] },
    dryRunSpec: rulesOf('dryRunSpec'),
  });
}
