import { timestamp } from '../core/clock.js';
import type { Json } from '../core/json.js';
import type { Operation } from '../core/operations.js';
import { engineName } from './names.js';
import type { State } from './state.js';
import type { EngineRecord } from './types.js';

export type EngineVerb = 'Create' | 'Update' | 'Delete';

/**
 * A long-running operation of Agent Runtime: named below its engine with the project number, `done` absent while it runs,
 * `genericMetadata` inside a metadata type that tells the verb (aiplatform protos `operation_info`, public golden logs).
 */
export function startEngineOperation(
  state: State,
  engine: EngineRecord,
  verb: EngineVerb,
  durationMs: number,
  commit: (endMs: number) => Json,
  version = 'v1',
): Operation {
  const id = state.ids.number('engine-operation');
  const target = engineName(engine, state.settings.projectNumberInNames.aiplatform);
  return state.operations.start({
    id,
    api: 'aiplatform',
    projectNumber: engine.project.number,
    location: engine.location,
    name: `${target}/operations/${id}`,
    target: engineName(engine),
    kind: verb,
    startMs: state.clock.now(),
    durationMs,
    printsFalse: false,
    commit,
    metadata: (operation) => ({
      '@type': metadataType(verb, version),
      genericMetadata: {
        createTime: timestamp(operation.startMs),
        updateTime: timestamp(operation.done ? operation.endMs : operation.startMs),
      },
    }),
  });
}

function metadataType(verb: EngineVerb, version: string): string {
  const message = verb === 'Delete' ? 'DeleteOperationMetadata' : `${verb}ReasoningEngineOperationMetadata`;
  return `type.googleapis.com/google.cloud.aiplatform.${version}.${message}`;
}
