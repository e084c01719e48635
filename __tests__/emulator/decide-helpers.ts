import type {
  AccessRuleInput,
  Decision,
  Emulator,
  RequestDetails,
  SettingsInput,
  WorldInput,
} from '../../emulator/index.js';
import { ENGINE_A, PLACE, withEmulator } from './helpers.js';
import { AGENT_A, v2World } from './iam-helpers.js';

export const HOST = 'api.example.com';
export const services: WorldInput['services'] = [
  { id: 'example-api', urls: [`https://${HOST}`], resourceId: 'agentregistry-1' },
  { id: 'tools', kind: 'mcp', urls: ['https://mcp.example.com'], resourceId: 'agentregistry-2' },
  { id: 'helper', kind: 'agent', urls: ['https://helper.example.com'], resourceId: 'agentregistry-3' },
];
export const [ID_FORM, NUMBER_FORM] = [PLACE, PLACE.replace('acme-agents', '101010')].map(
  (place) => `${place}/endpoints/agentregistry-1`,
);
export const named = (...names: (string | undefined)[]): string =>
  `(destination.agent_registry.endpoint.name in [${names.map((name) => `'${name ?? ''}'`).join(', ')}])`;
export const allow = (more: Partial<AccessRuleInput> = { services: ['example-api'] }): AccessRuleInput => ({
  principals: [AGENT_A],
  ...more,
});
export const when = (condition: string): AccessRuleInput => allow({ condition });
export const deny = (more: Partial<AccessRuleInput> = {}): AccessRuleInput => ({
  effect: 'DENY',
  principals: [AGENT_A],
  services: ['example-api'],
  ...more,
});

export interface Question {
  readonly rules?: AccessRuleInput[];
  readonly world?: Partial<WorldInput>;
  readonly host?: string;
  readonly details?: RequestDetails;
  readonly settings?: SettingsInput;
  readonly engine?: string;
  readonly change?: (emulator: Emulator) => void;
}

/** What the gateway answers agent A, with these rules in a policy that is bound to the project. */
export async function ask(question: Question): Promise<Decision> {
  const { rules = [], world = {}, host = HOST, details, settings = {}, engine = ENGINE_A, change } = question;
  const policies = rules.length > 0 ? [{ id: 'egress', rules, boundTo: ['projects/acme-agents'] }] : [];
  let decision: Decision | undefined;
  await withEmulator(v2World({ services, accessPolicies: policies, settings, ...world }), async (emulator) => {
    change?.(emulator);
    decision = emulator.decide(emulator.world.engine(engine).principal, host, details);
    await Promise.resolve();
  });
  if (decision === undefined) throw new Error('no decision');
  return decision;
}

export const ALLOWED = { allowed: true, enforced: true, model: 'V2', reason: 'allowed-by-rule' };
export const DENIED = { allowed: false, enforced: true, model: 'V2', reason: 'no-rule' };
