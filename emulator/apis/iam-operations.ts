import { GoogleError, notFound } from '../core/errors.js';
import { compact, type Json } from '../core/json.js';
import { operationJson, operationMetadata, type OperationStart } from '../core/operations.js';
import { read, type Call, type Route } from '../core/router.js';
import type { State } from '../state/state.js';
import {
  canonicalName,
  flag,
  iamName,
  KINDS,
  locationName,
  need,
  parentOf,
  type IamCollection,
  type Parent,
} from './iam-names.js';
import { hasVanished } from './operations.js';

const API = 'iam';

/** Only get: no list, wait, cancel or delete (generated clients). */
export const iamOperationRoutes: readonly Route[] = KINDS.map((kind) =>
  read(`${kind}/{node}/locations/{location}/operations/{operation}`, (call, state) => {
    const { node } = parentOf(call, state, kind);
    const id = call.param('operation');
    const name = `${locationName(node)}/operations/${id}`;
    need(state, 'iam.operations.get', name);
    const [operation] = state.operations.list(
      (item) =>
        item.api === API &&
        item.id === id &&
        item.target.startsWith(`${locationName(node)}/`) &&
        item.hidden !== true &&
        !hasVanished(state, item),
    );
    if (operation !== undefined) return operationJson(operation);
    throw notFound(`Operation '${name}' was not found`);
  }),
);

/** A write of a policy or binding. */
export interface Write {
  readonly parent: Parent;
  readonly collection: IamCollection;
  readonly id: string;
  readonly verb: 'create' | 'update' | 'delete';
  /** The response of the operation if it ended now, for validateOnly. */
  readonly preview: () => Json;
  /** Makes the change and returns the response, or throws what the operation ends with. */
  readonly commit: (endMs: number) => Json;
}

/** Answers a write: validates only, or starts the operation that makes the change. */
export function carryOut(call: Call, state: State, write: Write): Json {
  if (flag(call, 'validateOnly')) return previewOf(call, state, write);
  const { operations } = state.settings.iam;
  const durationMs = operations === 'running' ? state.settings.operations.accessPolicyMs : 0;
  const operation = state.operations.start(describe(call, state, write, durationMs));
  if (operations === 'running') return operationJson(operation);
  state.settle();
  const answer = operationJson(operation);
  return operations === 'done' ? answer : withoutName(answer);
}

/** 409 when another write to the same resource is on its way, unless the switch lets them race. */
export function checkIdle(state: State, { parent, collection, id }: Pick<Write, 'parent' | 'collection' | 'id'>): void {
  if (state.settings.iam.concurrentWrite === 'lro' || !isBeingWritten(state, { parent, collection, id })) return;
  throw new GoogleError('ABORTED', `Another operation on ${id} is in progress.`);
}

/** Is a write to something of this name on its way? */
export function isBeingWritten(
  state: State,
  { parent, collection, id }: Pick<Write, 'parent' | 'collection' | 'id'>,
): boolean {
  return state.operations.running(API, canonicalName(parent.node, collection, id)) !== undefined;
}

/** The message type of a response. */
export const typeUrl = (call: Call, message: 'AccessPolicy' | 'PolicyBinding'): string =>
  `type.googleapis.com/google.iam.${call.version}.${message}`;

function describe(call: Call, state: State, write: Write, durationMs: number): OperationStart {
  const { parent, collection, id, verb, commit } = write;
  const now = state.clock.now();
  const operationId = state.ids.operation(now);
  const name = iamName(state, { ...parent, id }, collection);
  return {
    id: operationId,
    api: API,
    projectNumber: parent.node.project?.number ?? '',
    location: 'global',
    name: name.replace(/\/[^/]+\/[^/]+$/, `/operations/${operationId}`),
    target: canonicalName(parent.node, collection, id),
    kind: verb,
    startMs: now,
    durationMs,
    printsFalse: true,
    metadata: operationMetadata(`google.iam.${call.version}`, call.version, verb, name),
    commit,
  };
}

/** How validateOnly answers is not documented: a switch. */
function previewOf(call: Call, state: State, write: Write): Json {
  const { answer } = state.settings.iam.validateOnly;
  if (answer === 'empty') return {};
  const start = describe(call, state, write, 0);
  const done = operationJson({ ...start, endMs: start.startMs, done: true, response: write.preview() });
  return answer === 'operation' ? done : withoutName(done);
}

function withoutName(answer: Json): Json {
  return compact({ ...answer, name: undefined });
}
