import { GoogleError, invalid, notFound } from '../core/errors.js';
import { asString, type Json } from '../core/json.js';
import { page } from '../core/paging.js';
import { patch, post, read, remove, type Call, type Route } from '../core/router.js';
import { readMessage } from '../core/shape.js';
import { constraintKey, findNode, type ConstraintRecord } from '../state/orgpolicy.js';
import type { State } from '../state/state.js';
import { checkConstraint, checkConstraintCount, checkConstraintId, CONSTRAINT_SHAPE } from './orgpolicy-rules.js';

const CONSTRAINTS = 'organizations/{organization}/customConstraints';
const CONSTRAINT = `${CONSTRAINTS}/{constraint}`;
const SERVICE = 'orgpolicy.googleapis.com';

/** Custom constraints; all calls are immediate, and a PATCH has no mask (orgpolicy discovery). */
export const constraintRoutes: readonly Route[] = [
  read(CONSTRAINTS, listConstraints, ['pageSize', 'pageToken']),
  read(CONSTRAINT, (call, state) => constraintJson(found(call, state, 'get'))),
  post(CONSTRAINTS, createConstraint),
  patch(CONSTRAINT, replaceConstraint, []),
  remove(CONSTRAINT, deleteConstraint),
];

/** The message of a 404 is the one of public golden logs. */
export const missing = (): GoogleError => notFound('Requested entity was not found.');

function organizationOf(call: Call, state: State, verb: string): string {
  const organization = call.param('organization');
  state.need(`orgpolicy.customConstraints.${verb}`, `organizations/${organization}`, SERVICE);
  if (findNode(state.projects, 'organizations', organization) === undefined) throw missing();
  return organization;
}

function found(call: Call, state: State, verb: string): ConstraintRecord {
  const organization = organizationOf(call, state, verb);
  const record = state.orgPolicy.constraints.get(constraintKey(organization, call.param('constraint')));
  if (record === undefined) throw missing();
  return record;
}

function listConstraints(call: Call, state: State): Json {
  const organization = organizationOf(call, state, 'list');
  const records = state.orgPolicy.constraints.values().filter((record) => record.organization === organization);
  return page(records.map(constraintJson), 'customConstraints', call.query, call.path, state.settings.pageSize);
}

function createConstraint(call: Call, state: State): Json {
  const organization = organizationOf(call, state, 'create');
  const body = readMessage(call.body, CONSTRAINT_SHAPE, 'custom_constraint');
  const id = idOf(asString(body.name), organization);
  checkConstraintId(id);
  checkNameIsFree(state, organization, id);
  const draft = draftOf(state, organization, id, body);
  checkConstraintCount(state, organization, draft.data);
  return store(state, draft);
}

/** A constraint cannot be named like one that was deleted (Google's page on custom constraints, "Delete a custom constraint"). */
function checkNameIsFree(state: State, organization: string, id: string): void {
  const key = constraintKey(organization, id);
  const { constraints } = state.orgPolicy;
  if (constraints.get(key) !== undefined) {
    throw new GoogleError('ALREADY_EXISTS', 'Requested entity already exists');
  }
  const { deletedConstraintName } = state.settings.orgPolicy;
  if (!constraints.knew(key) || deletedConstraintName === 'reusable') return;
  throw new GoogleError(deletedConstraintName, `The name of the deleted custom constraint ${id} cannot be used again.`);
}

/** Overwrites every field: one that is left out is cleared. The resource types are immutable. */
function replaceConstraint(call: Call, state: State): Json {
  const old = found(call, state, 'update');
  const body = readMessage(call.body, CONSTRAINT_SHAPE, 'custom_constraint');
  if (body.name !== undefined && idOf(asString(body.name), old.organization) !== old.id) {
    throw invalid('The name in the body is not the one in the path.', 'custom_constraint.name');
  }
  const draft = draftOf(state, old.organization, old.id, body);
  if (JSON.stringify(draft.data.resourceTypes) !== JSON.stringify(old.data.resourceTypes)) {
    throw invalid('resource_types is immutable.', 'custom_constraint.resource_types');
  }
  return store(state, draft);
}

/** Policies that use the constraint stay behind and are ignored (same page). */
function deleteConstraint(call: Call, state: State): Json {
  const { organization, id } = found(call, state, 'delete');
  state.orgPolicy.constraints.set(constraintKey(organization, id), undefined, state.clock.now());
  return {};
}

function idOf(name: string, organization: string): string {
  const prefix = `organizations/${organization}/customConstraints/`;
  if (name.startsWith(prefix)) return name.slice(prefix.length);
  throw invalid(`The name must begin with ${prefix}.`, 'custom_constraint.name');
}

function draftOf(state: State, organization: string, id: string, body: Json): ConstraintRecord {
  const written = Object.entries(body).filter(([field]) => field !== 'name');
  const data = { ...Object.fromEntries(written), updateTime: state.clock.iso() };
  return { organization, id, data, condition: checkConstraint(data) };
}

function store(state: State, record: ConstraintRecord): Json {
  state.orgPolicy.constraints.set(constraintKey(record.organization, record.id), record, state.clock.now());
  return constraintJson(record);
}

/** A CustomConstraint as the API prints it. */
export function constraintJson(record: ConstraintRecord): Json {
  const name = `organizations/${record.organization}/customConstraints/${record.id}`;
  return { name, ...structuredClone(record.data) };
}
