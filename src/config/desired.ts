/**
 * The desired state of one scope (one project and region), as the desired-state file and the inputs together declare it.
 * Everything here is validated: whoever reads a `Desired` need not check it again.
 */
export interface Desired {
  /** Project ID or number of the engines, as given. */
  readonly project: string;
  readonly region: string;
  /** A direction that is absent is left as it is; `none` unbinds it. */
  readonly gateways: Partial<Record<Direction, GatewayReference | 'none'>>;
  /** In the order of the file: the first endpoint that lists a URL is the one whose service carries it. */
  readonly endpoints: readonly DesiredEndpoint[];
  readonly agents: readonly DesiredAgent[];
  /**
   * Set when the `engines` input narrows a file that has agents: only engines these selectors name are looked at,
   * with what the file's agents allow them.
   */
  readonly only?: readonly EngineSelector[];
  /**
   * The engines come from an input: other runs look after other engines of the same config. Such a run never takes an
   * interface out of a service, since it has not seen what the others need.
   */
  readonly partial: boolean;
  /** What the engines may reach comes from the `allow` input: other runs of the same config may allow them other things. */
  readonly allowGiven: boolean;
  /** The organization policy that keeps engines on approved gateways; without it that is nobody's business here. */
  readonly guardrails?: DesiredGuardrails;
  /** All engines of the scope may be unbound from one gateway to be bound to another. */
  readonly move: boolean;
  /** What this config made and no longer declares is taken away, and so are grants of engines that are gone. */
  readonly prune: boolean;
  /** Also write access rules (V2) for what allow policies (V1) grant, while the gateway still decides by the latter. */
  readonly migrate: boolean;
  /** Levels of checks changed by the file, by check ID. */
  readonly checkLevels: Readonly<Record<string, { level: CheckLevel | 'off'; origin: Origin }>>;
  /** The desired-state file, with its repository where that is known; undefined in a run with inputs alone. */
  readonly config: string | undefined;
}

/** `egress` is agent to anywhere, `ingress` is client to agent. */
export type Direction = 'egress' | 'ingress';
export const DIRECTIONS: readonly Direction[] = ['egress', 'ingress'];

export type CheckLevel = 'error' | 'warning';

/** A check as a config may name it under `checks`. */
export interface KnownCheck {
  readonly id: string;
  readonly level: CheckLevel;
  /** Guards data or a running agent: its level can't be changed. */
  readonly fixed: boolean;
}

/** Where something was said: a line of the file or an input of the step. Lines and columns count from 1. */
export type Origin =
  | { readonly kind: 'file'; readonly file: string; readonly line: number; readonly column: number }
  | { readonly kind: 'input'; readonly input: string };

/** A gateway as declared: a short name (then `project` is absent: the scope's own) or a full resource name. */
export interface GatewayReference {
  /** Project ID or number, only when a full name was given. */
  readonly project?: string;
  /** Region; a short name takes the scope's. */
  readonly location: string;
  readonly id: string;
  readonly origin: Origin;
}

/** The `protocolBinding` enum of Agent Registry interfaces (agentregistry discovery document, revision 20260904). */
export type ProtocolBinding = 'JSONRPC' | 'HTTP_JSON' | 'GRPC';

/** One Agent Registry service that shall exist; `key` is its service ID. */
export interface DesiredEndpoint {
  readonly key: string;
  readonly displayName: string;
  /** Preset names; `presets.ts` expands them, with the engines' environment once that is known. */
  readonly presets: readonly PresetReference[];
  /** Normalised: `https://host`, lower case, no slash at the end. */
  readonly urls: readonly { readonly url: string; readonly origin: Origin }[];
  readonly protocol: ProtocolBinding;
  /** Copy the members who reached it through the registry-wide policy into its own first policy. */
  readonly carryOver: boolean;
  readonly origin: Origin;
}

export interface PresetReference {
  readonly name: string;
  readonly origin: Origin;
}

/** Engines and the endpoints they may reach. Several entries may match one engine: it gets all they allow. */
export interface DesiredAgent {
  readonly selector: EngineSelector;
  /** Keys of `Desired.endpoints`. */
  readonly allow: readonly string[];
}

export type EngineSelector =
  | { readonly kind: 'all'; readonly origin: Origin }
  /** A full resource name, already known to lie in the scope's region. */
  | {
      readonly kind: 'name';
      readonly project: string;
      readonly id: string;
      readonly text: string;
      readonly origin: Origin;
    }
  /** All digits: an ID, or the display name of an engine when no engine has that ID. */
  | { readonly kind: 'id'; readonly id: string; readonly text: string; readonly origin: Origin }
  /** An exact display name. */
  | { readonly kind: 'displayName'; readonly text: string; readonly origin: Origin };

/** Where a policy is set: it holds from there downwards. */
export interface EnforcementNode {
  readonly kind: 'projects' | 'folders' | 'organizations';
  /** A project's ID or number, as given; the number of the others. */
  readonly id: string;
}

/** Gateways that engines may use; a direction that is absent is not restricted by this config. */
export interface DesiredGuardrails {
  /** Number of the organization that the constraints belong to. */
  readonly organization: string;
  readonly approved: Partial<Record<Direction, readonly ApprovedGateway[]>>;
  readonly enforceOn: EnforcementNode;
  /** Only log what would be refused. */
  readonly dryRun: boolean;
  readonly origin: Origin;
}

/** A gateway's full name with the project's ID: the platform compares these names as text. */
export interface ApprovedGateway {
  readonly name: string;
  readonly origin: Origin;
}
