export type DecisionReason =
  | 'unknown-principal'
  | 'not-bound'
  | 'gateway-missing'
  | 'no-authorization-policy'
  | 'policy-denies'
  | 'extension-missing'
  | 'extension-unavailable'
  | 'not-registered'
  | 'no-grant'
  | 'condition-false'
  | 'condition-unknown'
  | 'granted'
  | 'denied-by-rule'
  | 'allowed-by-rule'
  | 'no-rule'
  | 'mcp-base-method';

/** The rule of an access policy that decided. */
export interface DecidingRule {
  /** Name of the policy, with the project number. */
  readonly policy: string;
  /** Position among the policy's rules, from 0. */
  readonly index: number;
  readonly effect: 'ALLOW' | 'DENY';
  readonly description?: string;
}

/** What one model of policies says about a request. */
export interface Verdict {
  readonly allowed: boolean;
  readonly reason: DecisionReason;
  readonly rule?: DecidingRule;
}

/** May the request pass, does a gateway really enforce that, and why. Under DRY_RUN `reason` is what enforcement would have said. */
export interface Decision extends Verdict {
  readonly enforced: boolean;
  /** Which model decided: allow policies (V1) or access policies (V2); absent when it did not come to that. */
  readonly model?: PolicyModel;
  /** Each step in one sentence. */
  readonly trail: readonly string[];
}

export type PolicyModel = 'V1' | 'V2';

/** The annotations of an MCP tool that conditions can ask for. */
export type ToolHint = 'read_only' | 'destructive' | 'idempotent' | 'open_world';

export const isToolHint = (text: string): text is ToolHint =>
  ['read_only', 'destructive', 'idempotent', 'open_world'].includes(text);

/** What else is known of a request; a plain GET of the root when nothing is said. */
export interface RequestDetails {
  readonly method?: string;
  readonly path?: string;
  readonly mcp?: {
    /** As in the protocol: `tools/call`, `tools/list`, `initialize`. */
    readonly method: string;
    /** Name of the tool, prompt or resource. */
    readonly name?: string;
    readonly hints?: readonly ToolHint[];
  };
}

/** A request on its way through a gateway. */
export interface EgressRequest extends RequestDetails {
  readonly principal: string;
  readonly host: string;
}
