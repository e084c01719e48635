import type { Shape } from './answer.js';
import { nameIs, namesAre, withNames } from './answered-names.js';
import { ProtocolError } from './errors.js';
import type { Http } from './http.js';
import { createKnownProjects, type KnownProjects } from './known-projects.js';
import { formatLocation, parseEngineName, ResourceNameError } from './names.js';
import { isDone } from './operations.js';
import { listAll } from './pages.js';
import { SHAPES } from './shapes.js';
import type { AgentGatewayConfig, Operation, ReasoningEngine } from './types.js';

export type AiplatformVersion = 'v1' | 'v1beta1';

/** Agent Runtime. Names are full resource names; where a list has pages, all are read. */
export interface Aiplatform {
  /** A list may leave parts of `spec` out: read with `getEngine` what a decision rests on. */
  listEngines(project: string, region: string): Promise<ReasoningEngine[]>;
  getEngine(name: string): Promise<ReasoningEngine>;
  /**
   * Replaces the whole `agentGatewayConfig`: a direction that is left out is unbound, `{}` unbinds both.
   * Returns at once; the redeployment is the operation.
   */
  patchGatewayConfig(name: string, config: AgentGatewayConfig, etag: string | undefined): Promise<Operation>;
  /** Operations of one engine, finished ones too as long as Google keeps them. */
  listOperations(engineName: string): Promise<Operation[]>;
  /** The update (or creation) that is running on an engine; another update would be rejected while it does. */
  runningUpdate(engineName: string): Promise<Operation | undefined>;
  /** The finished update (or creation) of an engine that began last, as long as Google keeps it. */
  lastUpdate(engineName: string): Promise<Operation | undefined>;
  /** @returns those of the permissions that the caller holds on one engine; needs no permission itself */
  testPermissions(engineName: string, permissions: readonly string[]): Promise<readonly string[]>;
  /** Takes both forms of the name, below the engine and below the location. */
  getOperation(name: string): Promise<Operation>;
}

/** Names the whole message: whether Google accepts a deeper path is not known (nothing public uses one). */
const GATEWAY_CONFIG_MASK = 'spec.deploymentSpec.agentGatewayConfig';

/** Source: Google's aiplatform discovery document; v1 and v1beta1 differ in the version segment only. */
export function createAiplatform(
  http: Http,
  version: AiplatformVersion,
  projects: KnownProjects = createKnownProjects(),
): Aiplatform {
  const getOne = <T>(path: string, shape: Shape): Promise<T> =>
    http.request<T>({ api: 'aiplatform', method: 'GET', path: `${version}/${path}`, shape });
  const listOf = <T>(path: string, field: string, shape: Shape): Promise<T[]> =>
    listAll<T>(http, { api: 'aiplatform', path: `${version}/${path}`, field, shape });

  /** Updates are sent to the names in these answers, and grants made to the identities behind them. */
  const checkProject = async (path: string, asked: string, engines: readonly ReasoningEngine[]): Promise<void> => {
    const found = new Set(engines.flatMap(({ name }) => parseEngineName(name)?.project ?? []));
    const same = await Promise.all([...found].map((project) => projects.mayBeSame(asked, project)));
    if (found.size <= 1 && same.every(Boolean)) return;
    const listed = [...found].slice(0, 5).join(', ');
    throw new ProtocolError(`GET ${version}/${path} (aiplatform) answered with engines of another project: ${listed}`);
  };

  const listOperations = (engineName: string): Promise<Operation[]> =>
    listOf(`${engineName}/operations`, 'operations', SHAPES.operations);

  return {
    listEngines: async (project, region) => {
      const path = `${formatLocation(project, region)}/reasoningEngines`;
      const names = namesAre('reasoningEngines', 'reasoningEngines', { project, location: region });
      const engines = await listOf<ReasoningEngine>(path, 'reasoningEngines', withNames(SHAPES.engines, names));
      await checkProject(path, project, engines);
      return engines;
    },
    getEngine: async (name) => {
      const asked = parseEngineName(name);
      if (asked === undefined) throw new ResourceNameError(`"${name}" is not the full name of an engine.`);
      const shape = withNames(SHAPES.engine, nameIs('reasoningEngines', asked));
      const engine = await getOne<ReasoningEngine>(name, shape);
      await checkProject(name, asked.project, [engine]);
      return engine;
    },
    patchGatewayConfig: (name, config, etag) =>
      http.request({
        api: 'aiplatform',
        method: 'PATCH',
        path: `${version}/${name}`,
        // Neither name nor etag may be in the mask: Google answers 400 (Config Connector, commit 2b7856ae01).
        query: { updateMask: GATEWAY_CONFIG_MASK },
        body: { ...(etag === undefined ? {} : { etag }), spec: { deploymentSpec: { agentGatewayConfig: config } } },
        // A second update would be a second redeployment: the caller looks at the engine before it tries again.
        retry: 'throttled',
        shape: SHAPES.operation,
      }),
    testPermissions: async (engineName, permissions) => {
      const answer = await http.request<{ permissions?: string[] }>({
        api: 'aiplatform',
        method: 'POST',
        path: `${version}/${engineName}:testIamPermissions`,
        // In the query, other than everywhere else (discovery document).
        query: { permissions },
        shape: SHAPES.permissions,
        // A POST that only asks. Asked where the project's answer leaves a doubt, so that no answer would be taken for a no.
        retry: 'always',
      });
      return answer.permissions ?? [];
    },
    listOperations,
    runningUpdate: async (engineName) => (await listOperations(engineName)).find(isRunningUpdate),
    lastUpdate: async (engineName) => (await listOperations(engineName)).filter(isFinishedUpdate).sort(latestFirst)[0],
    getOperation: (name) => getOne(name, SHAPES.operation),
  };
}

const isUpdate = (operation: Operation): boolean =>
  /\.(?:Create|Update)ReasoningEngine/.test(operation.metadata?.['@type'] ?? '');

const isRunningUpdate = (operation: Operation): boolean => !isDone(operation) && isUpdate(operation);
const isFinishedUpdate = (operation: Operation): boolean => isDone(operation) && isUpdate(operation);

/** RFC 3339 in UTC, as Google writes it: text order is time order. */
const startOf = (operation: Operation): string => operation.metadata?.genericMetadata?.createTime ?? '';
const latestFirst = (a: Operation, b: Operation): number => (startOf(a) < startOf(b) ? 1 : -1);
