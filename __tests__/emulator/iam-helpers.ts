import type { Emulator, WorldInput } from '../../emulator/index.js';
import { baseWorld, ENGINE_A, ENGINE_B, type Answer, type Call, type Json } from './helpers.js';

export const PARENT = 'projects/acme-agents/locations/global';
export const NUMBERED = 'projects/101010/locations/global';
export const POLICIES = `iam/v3/${PARENT}/accessPolicies`;
export const BINDINGS = `iam/v3/${PARENT}/policyBindings`;
export const TARGET = '//cloudresourcemanager.googleapis.com/projects/101010';
export const TRUST_DOMAIN = 'agents.global.org-5550001.system.id.goog';
export const AGENT_A = `principal://${TRUST_DOMAIN}/resources/aiplatform/projects/101010/locations/us-central1/reasoningEngines/${ENGINE_A}`;
export const AGENT_B = AGENT_A.replace(ENGINE_A, ENGINE_B);
export const EVERY_AGENT = `principalSet://${TRUST_DOMAIN}/*`;
export const PERMISSION = 'iap.googleapis.com/resources.egressViaIAP';
export const HOST_RULE = "(destination.unregistered.host in ['api.example.com'])";

/** The error Google's APIs answer with. */
export const errorOf = (status: number, name: string, more: Json = {}): { status: number; body: Json } => ({
  status,
  body: { error: { code: status, status: name, ...more } },
});
export const INVALID = errorOf(400, 'INVALID_ARGUMENT');
export const MISSING = errorOf(404, 'NOT_FOUND');

/** A rule that allows one agent one host. */
export const rule = (more: Json = {}): Json => ({
  description: 'A to example',
  effect: 'ALLOW',
  principals: [AGENT_A],
  operation: { permissions: [PERMISSION] },
  conditions: { 'iap.googleapis.com': { expression: HOST_RULE } },
  ...more,
});

export const conditionOf = (expression: string): Json => ({ 'iap.googleapis.com': { expression } });

/** An access policy as a caller sends it. */
export const policy = (more: Json = {}, rules: readonly Json[] = [rule()]): Json => ({ details: { rules }, ...more });

/** A binding as a caller sends it. */
export const binding = (more: Json = {}, id = 'agent-egress'): Json => ({
  policy: `${PARENT}/accessPolicies/${id}`,
  target: { resource: TARGET },
  policyKind: 'ACCESS',
  ...more,
});

/** Sends a write and lets its operation end. @returns the operation as it is then, or the refusal */
export async function done(
  emulator: Emulator,
  call: Call,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer> {
  const answer = await call(method, path, body);
  if (answer.status !== 200) return answer;
  emulator.world.advance(10_000);
  return call('GET', `iam/v3/${String(answer.body.name)}`);
}

/** Creates the policy `agent-egress`, or another one. */
export const createPolicy = (
  emulator: Emulator,
  call: Call,
  body: Json = policy(),
  id = 'agent-egress',
): Promise<Answer> => done(emulator, call, 'POST', `${POLICIES}?accessPolicyId=${id}`, body);

/** Binds a policy to the project. */
export const bindPolicy = (
  emulator: Emulator,
  call: Call,
  body: Json = binding(),
  id = 'agent-egress',
): Promise<Answer> => done(emulator, call, 'POST', `${BINDINGS}?policyBindingId=${id}`, body);

/** Both agents bound to a gateway whose extension names access policies. */
export const v2World = (more: Partial<WorldInput> = {}): WorldInput =>
  baseWorld({
    extensions: [{ id: 'iap-authz', policyVersion: 'V2' }],
    engines: [
      { id: ENGINE_A, displayName: 'Support agent', egress: 'egress' },
      { id: ENGINE_B, displayName: 'Billing agent', egress: 'egress' },
    ],
    ...more,
  });
