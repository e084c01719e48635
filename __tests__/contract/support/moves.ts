import type { ChildProcess } from 'node:child_process';
import type { RequestLogEntry, SettingsInput, WorldInput } from '../../../emulator/index.js';
import type { StepResult } from './runner.js';
import { world, type Stage } from './stage.js';

export const gatewayNamed = (id: string): string => `projects/acme-agents/locations/us-central1/agentGateways/${id}`;
export const [OLD, NEW] = [gatewayNamed('old'), gatewayNamed('egress')];

/** What a move to the new gateway is called in the progress of a run. */
export const SUBJECT = `Move to egress gateway ${NEW}`;

export const agents = (count: number): string[] => Array.from({ length: count }, (_, index) => `Agent ${index + 1}`);
export const idOf = (name: string): string => name.replace('Agent ', '70');

/** So many engines behind gateway `old`, in a project that has another one. */
export function fleetWorld(count: number, change: Partial<WorldInput> = {}): WorldInput {
  return world({
    gateways: [
      { id: 'old', path: 'egress' },
      { id: 'egress', path: 'egress' },
      { id: 'ingress', path: 'ingress' },
    ],
    authzPolicies: [{ id: 'egress-authz', gateways: ['old', 'egress'], extension: 'iap-authz' }],
    engines: agents(count).map((displayName) => ({
      id: idOf(displayName),
      displayName,
      egress: 'old',
      ingress: 'ingress',
    })),
    ...change,
  });
}

/** Everybody to the new gateway, with something to register and to grant before that. */
export const MOVE = `version: 1
project: acme-agents
region: us-central1
move: true
gateways:
  egress: egress
endpoints:
  ticket-system:
    urls: [https://tickets.example.com]
agents:
  - engine: all
    allow: [ticket-system]
`;
export const WITHOUT_MOVE = MOVE.replace('move: true\n', '');

/** A quota that does not make tests wait; that it is kept is another test's business. */
export const FAST_QUOTA = { BIND_AGENT_GATEWAY_ENGINE_WRITES_PER_MINUTE: '10000' };

/** How Google is known to say that a slot is taken. */
export const TAKEN = 'Another Agent Gateway is already active or being created for this project and direction.';
export const slotFor = (slotReleaseMs: number): SettingsInput => ({
  aiplatform: { slotReleaseMs, secondGatewayMessage: TAKEN },
});

/** Runs an action with that quota. */
export const runMove = (
  stage: Stage,
  inputs: Readonly<Record<string, string>> = {},
  onStart?: (child: ChildProcess) => void,
): Promise<StepResult> => stage.run('apply', inputs, { env: FAST_QUOTA, ...(onStart ? { onStart } : {}) });

const isEngineWrite = ({ method, path }: Pick<RequestLogEntry, 'method' | 'path'>): boolean =>
  method === 'PATCH' && /\/reasoningEngines\/\d+$/.test(path);

interface EngineBody {
  readonly spec?: { readonly deploymentSpec?: { readonly agentGatewayConfig?: AgentGatewayConfig } };
}

interface AgentGatewayConfig {
  readonly agentToAnywhereConfig?: { readonly agentGateway: string };
}

/** The gateway that an engine's update binds to; null where it unbinds. */
export function egressIn({ body }: Pick<RequestLogEntry, 'body'>): string | null {
  const config = (body as EngineBody | undefined)?.spec?.deploymentSpec?.agentGatewayConfig;
  return config?.agentToAnywhereConfig?.agentGateway ?? null;
}

/** Updates of engines that Google took, by ID, with the gateway that each binds to; in the order of their coming. */
export function updates(stage: Stage): [id: string, egress: string | null][] {
  return stage.emulator.requests
    .filter((entry) => isEngineWrite(entry) && entry.carriedOut && entry.status === 200)
    .map((entry) => [entry.path.split('/').at(-1) ?? '', egressIn(entry)]);
}

/** Engine IDs of the updates that bind to this gateway (null: that unbind), sorted. */
export const updatedTo = (stage: Stage, egress: string | null): string[] =>
  updates(stage)
    .filter(([, to]) => to === egress)
    .map(([id]) => id)
    .sort();

/** What every engine is bound to now, each binding once. */
export function bindings(stage: Stage, count: number): (string | undefined)[] {
  return agents(count).map((name) => stage.emulator.world.engine(name).binding.egress);
}

/** Which update of an engine, and whether it is stopped on its way there or back. */
export interface Moment {
  readonly nth: number;
  readonly when: 'before' | 'after';
}

/** Runs a move and kills it (SIGKILL) at its nth update of an engine. */
export async function killedAt(stage: Stage, { nth, when }: Moment): Promise<StepResult> {
  let child: ChildProcess | undefined;
  let seen = 0;
  const kill = (entry: RequestLogEntry): boolean =>
    isEngineWrite(entry) && (seen += 1) === nth && (child?.kill('SIGKILL') ?? false);
  stage.emulator.interceptors.push(
    when === 'before'
      ? // Nobody is left to read this answer; it only keeps the request from being carried out.
        { before: (entry) => (kill(entry) ? new Response(null, { status: 503 }) : undefined) }
      : {
          after: (entry, response) => {
            kill(entry);
            return response;
          },
        },
  );
  const result = await runMove(stage, {}, (started) => (child = started));
  stage.emulator.interceptors.length = 0;
  return result;
}

type Outcome = 'null-binding' | { readonly code: number; readonly message: string };

/** From now on, updates of one engine that bind to these gateways (null: that unbind) end like that; all others end well. */
export function failing(
  stage: Stage,
  name: string,
  ...outcomes: readonly [egress: string | null, outcome: Outcome][]
): void {
  stage.emulator.interceptors.push({
    before: (entry) => {
      if (isEngineWrite(entry) && entry.path.endsWith(`/${idOf(name)}`)) {
        const outcome = new Map(outcomes).get(egressIn(entry)) ?? 'ok';
        stage.emulator.world.set({ engineUpdate: { engines: { [name]: outcome } } });
      }
      return undefined;
    },
  });
}

/** Lines of a run's progress, without the time. */
export const progressOf = ({ log }: StepResult): string[] =>
  [...log.matchAll(/^\[[^\]]*\] (.*)$/gm)].map(([, line = '']) => line);
