import type { Stage } from './stage.js';
import { BILLING, EGRESS, INGRESS, world } from './stage.js';
import type { WorldInput } from '../../../emulator/index.js';
import type { StepResult } from './runner.js';

export const ORGANIZATION = 'organizations/5550001';
export const PROJECT = 'projects/acme-agents';
export const OTHER = EGRESS.replace(/egress$/, 'other');
export const OTHER_INGRESS = EGRESS.replace(/egress$/, 'ingress-other');
export const THIRD = EGRESS.replace(/egress$/, 'third');
export const EGRESS_ID = 'custom.allowlistedEgressAgentGatewaysForAgentEngine';
export const INGRESS_ID = 'custom.allowlistedIngressAgentGatewaysForAgentEngine';

export type Direction = 'egress' | 'ingress';
const FIELDS = { egress: 'agentToAnywhereConfig', ingress: 'clientToAgentConfig' };

/** Where a condition finds the gateway of an engine. */
export const fieldOf = (direction: Direction): string =>
  `resource.spec.deploymentSpec.agentGatewayConfig.${FIELDS[direction]}.agentGateway`;

/** A world with several egress gateways, all of which may be in use at the same time: only guardrails forbid any. */
export function guardedWorld(more: Partial<WorldInput> = {}): WorldInput {
  return world({
    gateways: [
      ...['egress', 'other', 'third'].map((id) => ({ id, path: 'egress' as const })),
      ...['ingress', 'ingress-other'].map((id) => ({ id, path: 'ingress' as const })),
    ],
    settings: { aiplatform: { secondGateway: 'accepted' } },
    ...more,
  });
}

export interface GuardrailLines {
  readonly egress?: readonly string[];
  readonly ingress?: readonly string[];
  readonly enforceOn?: string;
  readonly dryRun?: boolean;
  /** Lines of the rest of the file. */
  readonly rest?: string;
}

/** A config with guardrails, and nothing else unless told. */
export function configOf({ egress, ingress, enforceOn = PROJECT, dryRun, rest = '' }: GuardrailLines): string {
  const list = (key: string, names: readonly string[] | undefined): string =>
    names === undefined ? '' : `  ${key}:\n${names.map((name) => `    - ${name}\n`).join('')}`;
  return [
    'version: 1\nproject: acme-agents\nregion: us-central1\n',
    rest,
    'guardrails:\n  organization: "5550001"\n',
    list('egress', egress),
    list('ingress', ingress),
    `  enforce_on: ${enforceOn}\n`,
    dryRun === undefined ? '' : `  dry_run: ${dryRun}\n`,
  ].join('');
}

/** Constraints and policies of a world as an apply of these lines leaves them; a test of what it leaves compares the two. */
export function asDeclared(lines: GuardrailLines): Required<Pick<WorldInput, 'customConstraints' | 'orgPolicies'>> {
  const { enforceOn = PROJECT, dryRun = false } = lines;
  const declared = (['egress', 'ingress'] as const).flatMap((direction) => {
    const names = lines[direction];
    return names === undefined ? [] : [{ direction, names, id: direction === 'egress' ? EGRESS_ID : INGRESS_ID }];
  });
  return {
    customConstraints: declared.map(({ direction, names, id }) => ({
      id,
      condition: approving(direction, names),
      displayName: `Restrict Reasoning Engine ${direction === 'egress' ? 'Egress' : 'Ingress'} to Approved Agent Gateways`,
      description: `Reasoning Engines can only be bound to a pre-approved list of Agent Gateway instances. Binding to any other gateway is denied. Managed by bind-agent-gateway. [config=agent-gateway.yaml guardrail=${direction}]`,
    })),
    orgPolicies: declared.map(({ id }) => ({ on: enforceOn, constraint: id, [dryRun ? 'dryRun' : 'enforce']: true })),
  };
}

function approving(direction: Direction, names: readonly string[]): string {
  const field = fieldOf(direction);
  const list = [...names].sort().map((name) => `'${name}'`);
  return `has(${field}) && ${field} != '' && (${field} in [${list.join(', ')}])`;
}

/** Runs an action with a config of its own. */
export function runWith(
  stage: Stage,
  action: string,
  lines: GuardrailLines | string,
  inputs: Readonly<Record<string, string>> = {},
): Promise<StepResult> {
  const text = typeof lines === 'string' ? lines : configOf(lines);
  return stage.run(action, inputs, { files: { 'agent-gateway.yaml': text } });
}

type Json = Record<string, unknown>;

/** Asks the emulated Google Cloud as somebody else does. */
async function google(stage: Stage, method: string, path: string, body?: Json): Promise<Json> {
  const answer = await fetch(`${stage.emulator.url}/${path}`, {
    method,
    headers: { authorization: 'Bearer somebody-else', 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return (await answer.json()) as Json;
}

/** Asks the emulated organization policy API. */
export const orgpolicy = (stage: Stage, method: string, path: string, body?: Json): Promise<Json> =>
  google(stage, method, `orgpolicy/v2/${path}`, body);

export const constraintOf = (stage: Stage, id = EGRESS_ID): Promise<Json> =>
  orgpolicy(stage, 'GET', `${ORGANIZATION}/customConstraints/${id}`);
export const policyOf = (stage: Stage, on = PROJECT, id = EGRESS_ID): Promise<Json> =>
  orgpolicy(stage, 'GET', `${on}/policies/${id}`);

/** Requests so far that wrote constraints and policies, as `METHOD last/segments`. */
export function guardrailWrites(stage: Stage): string[] {
  return stage
    .writes()
    .filter(({ path }) => path.includes('/customConstraints') || path.includes('/policies'))
    .map(({ method, path }) => `${method} ${path.replace(/^.*\/v2\//, '').replace(/custom\.allowlisted/, '')}`);
}

/** Binds an engine as a run of its own would, without guardrails in its config. Null unbinds. */
export function bindTo(
  stage: Stage,
  engine: string,
  gateway: string | null,
  direction: Direction = 'egress',
): Promise<StepResult> {
  return stage.run('apply', {
    project_id: 'acme-agents',
    region: 'us-central1',
    engines: engine,
    [`${direction}_gateway`]: gateway ?? 'none',
  });
}

/** Which of three updates of an engine the platform accepts, by its own evaluation of what is enforced. */
export interface Decisions {
  /** To the gateway `egress` or `ingress`. */
  readonly own: boolean;
  /** To the gateway `other` or `ingress-other`. */
  readonly other: boolean;
  /** To none. */
  readonly none: boolean;
}

/** Updates the billing agent, which is bound in both directions, in one of them. @returns whether that was accepted */
type Update = (stage: Stage, direction: Direction, gateway: string | null) => Promise<boolean>;

/** A request of somebody who does not use this action. Only an organization policy may be in its way. */
const byRequest: Update = async (stage, direction, gateway) => {
  const { world: live } = stage.emulator;
  const toward = (name: string | null | undefined): object | undefined => (name ? { agentGateway: name } : undefined);
  const wanted = { ...live.engine(BILLING).binding, [direction]: gateway };
  // All of it is replaced, so the other direction has to be named again.
  const agentGatewayConfig = { [FIELDS.egress]: toward(wanted.egress), [FIELDS.ingress]: toward(wanted.ingress) };
  const path = `projects/acme-agents/locations/us-central1/reasoningEngines/${BILLING}`;
  const mask = 'updateMask=spec.deploymentSpec.agentGatewayConfig';
  const body = { spec: { deploymentSpec: { agentGatewayConfig } } };
  let answer = await google(stage, 'PATCH', `aiplatform/v1/${path}?${mask}`, body);
  if (answer.error === undefined) {
    live.advance(live.settings.operations.engineUpdateMs);
    answer = await google(stage, 'GET', `aiplatform/v1/${String(answer.name)}`);
  }
  if (answer.error === undefined && answer.done === true) return true;
  const text = JSON.stringify(answer);
  if (!text.includes('CUSTOM_ORG_POLICY_VIOLATION')) throw new Error(text);
  return false;
};

/** A run of the action with these inputs alone. Only an organization policy may be in its way. */
export const byAction: Update = async (stage, direction, gateway) => {
  const { exitCode, outputs, log } = await bindTo(stage, BILLING, gateway, direction);
  if (exitCode === 0) return true;
  const isRefused = outputs.failure_reason === 'bind-failed' && log.includes('was refused by an organization policy');
  if (!isRefused) throw new Error(log);
  return false;
};

/**
 * What the platform makes of updates of the billing agent in one direction; in the other one it is bound as it should be.
 * It decides the same whoever asks, so no process is started for it unless told.
 */
export async function decisions(
  stage: Stage,
  direction: Direction = 'egress',
  update: Update = byRequest,
): Promise<Decisions> {
  const [own, other] = direction === 'egress' ? [EGRESS, OTHER] : [INGRESS, OTHER_INGRESS];
  const isAccepted = async (gateway: string | null): Promise<boolean> => {
    const before = gateway === own ? other : own;
    stage.emulator.world.bind(BILLING, { egress: EGRESS, ingress: INGRESS, [direction]: before });
    const accepted = await update(stage, direction, gateway);
    const now = stage.emulator.world.engine(BILLING).binding[direction] ?? null;
    // What was accepted is done, and what was refused has changed nothing.
    if (now !== (accepted ? gateway : before)) throw new Error(`bound to ${now ?? 'none'}, accepted: ${accepted}`);
    return accepted;
  };
  const found = { own: await isAccepted(own), other: await isAccepted(other), none: await isAccepted(null) };
  stage.emulator.world.bind(BILLING, null);
  return found;
}

/** All that is not enforced is accepted. */
export const ALL_ACCEPTED: Decisions = { own: true, other: true, none: true };
export const OWN_ACCEPTED: Decisions = { own: true, other: false, none: false };
