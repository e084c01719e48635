import * as core from '@actions/core';

/** The outputs of a step, by name. Every one that the action's metadata lists is set, on failure too. */
export interface Outputs {
  changes: boolean;
  to_register: number;
  to_grant: number;
  to_bind: number;
  to_remove: number;
  plan_file: string;
  plan_digest: string;
  engines: readonly EngineOutput[];
  guardrail_files: readonly string[];
  endpoints: Readonly<Record<string, EndpointOutput>>;
  agent_gateway_config: object | '';
  comment_url: string;
  failure_reason: string;
}

export interface EngineOutput {
  readonly name: string;
  readonly displayName: string;
  readonly principal: string;
  readonly egress: string | null;
  readonly ingress: string | null;
  readonly status: 'bound' | 'changed' | 'unbound' | 'failed' | 'pending';
  readonly governance: 'governed' | 'not-enforced' | 'not-bound';
}

export interface EndpointOutput {
  readonly service: string;
  /** Empty until the service exists. */
  readonly registryResource: string;
  /** Last segment of the registry resource: what IAP takes. */
  readonly endpointId: string;
}

/** What a run says that ended before it knew anything. */
export const NO_OUTPUTS: Outputs = {
  changes: false,
  to_register: 0,
  to_grant: 0,
  to_bind: 0,
  to_remove: 0,
  plan_file: '',
  plan_digest: '',
  engines: [],
  guardrail_files: [],
  endpoints: {},
  agent_gateway_config: '',
  comment_url: '',
  failure_reason: '',
};

/** Hands the named outputs to the runner; objects go as JSON. */
export function setOutputs(outputs: Outputs, names: readonly (keyof Outputs)[]): void {
  for (const name of names) core.setOutput(name, outputs[name]);
}

const COUNTS = ['changes', 'to_register', 'to_grant', 'to_bind', 'to_remove'] as const;

/** Which action has which outputs; a test holds this and the `action.yml` files together. */
export const OUTPUT_NAMES = {
  plan: [
    ...COUNTS,
    'plan_file',
    'plan_digest',
    'engines',
    'guardrail_files',
    'endpoints',
    'agent_gateway_config',
    'comment_url',
    'failure_reason',
  ],
  apply: [
    ...COUNTS,
    'plan_file',
    'plan_digest',
    'engines',
    'endpoints',
    'agent_gateway_config',
    'comment_url',
    'failure_reason',
  ],
  verify: [...COUNTS, 'engines', 'endpoints', 'failure_reason'],
} as const satisfies Record<string, readonly (keyof Outputs)[]>;
