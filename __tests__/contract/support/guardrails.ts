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

/** Asks the emulated organization policy API. */
export async function orgpolicy(stage: Stage, method: string, path: string, body?: Json): Promise<Json> {
  const answer = await fetch(`${stage.emulator.url}/orgpolicy/v2/${path}`, {
    method,
    headers: { authorization: 'Bearer somebody-else', 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return (await answer.json()) as Json;
}

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
  direction: 'egress' | 'ingress' = 'egress',
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

/** What the platform makes of updates of the billing agent in one direction; in the other one it is bound as it should be. */
export async function decisions(stage: Stage, direction: 'egress' | 'ingress' = 'egress'): Promise<Decisions> {
  const [own, other] = direction === 'egress' ? [EGRESS, OTHER] : [INGRESS, OTHER_INGRESS];
  const isAccepted = async (gateway: string | null): Promise<boolean> => {
    const before = gateway === own ? other : own;
    stage.emulator.world.bind(BILLING, { egress: EGRESS, ingress: INGRESS, [direction]: before });
    const result = await bindTo(stage, BILLING, gateway, direction);
    const now = stage.emulator.world.engine(BILLING).binding[direction] ?? null;
    const isBound = now === gateway;
    // A run that ends well has done it, and one that does not has changed nothing.
    if (isBound !== (result.exitCode === 0) || (!isBound && now !== before)) throw new Error(result.log);
    return isBound;
  };
  const found = { own: await isAccepted(own), other: await isAccepted(other), none: await isAccepted(null) };
  stage.emulator.world.bind(BILLING, null);
  return found;
}

/** All that is not enforced is accepted. */
export const ALL_ACCEPTED: Decisions = { own: true, other: true, none: true };
export const OWN_ACCEPTED: Decisions = { own: true, other: false, none: false };
