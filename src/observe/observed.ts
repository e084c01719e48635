import type { DesiredAgent, Direction } from '../config/desired.js';
import type { ProjectRef } from '../google/names.js';
import type { EnforcementReading } from './enforcement.js';
import type {
  AccessPolicy,
  AgentGateway,
  AgentGatewayConfig,
  CustomConstraint,
  IamPolicy,
  OrganizationPolicy,
  PolicyBinding,
  ReasoningEngine,
  RegistryService,
} from '../google/types.js';

/** The world as far as a plan needs it, read once. Nothing in here is written back without reading again or an etag. */
export interface Observed {
  /** The engines' project. */
  readonly project: ProjectRef;
  readonly region: string;
  /** Where services and grants live: the egress gateway's project, which may be another one, in the same region. */
  readonly registryProject: ProjectRef;
  readonly selection: Selection;
  /** Every engine that was selected, read one by one (a list may leave out `deploymentSpec`), by resource name. */
  readonly engines: readonly ObservedEngine[];
  /**
   * The other engines of project and region, read only when a gateway is declared, since all bound ones must share it, or
   * guardrails, which hold for them too.
   */
  readonly siblings: readonly ObservedEngine[];
  /** Resource names of every engine of project and region. */
  readonly engineNames: readonly string[];
  /** What Google answered where the engines may not be listed: only guardrails can be planned without them. */
  readonly unlistedEngines?: string;
  /**
   * With `prune`, IDs of engines that somebody is still granted something as, and that Google itself says are not there: a list
   * may lag behind a deploy, and what is taken away has to be right.
   */
  readonly gone?: ReadonlySet<string>;
  /** Declared gateways only; null when Google says there is none. */
  readonly gateways: Partial<Record<Direction, AgentGateway | null>>;
  /** All services of the registry's project and region. */
  readonly services: readonly RegistryService[];
  /** Why the services could not be read, in a run that needs them only to take away what it no longer declares. */
  readonly servicesUnread?: string;
  /** The other registries that the declared egress gateway looks into, such as the global one. */
  readonly attached: readonly AttachedRegistry[];
  /** The registry-wide IAP policy; absent without endpoints, and where the caller may not read it. */
  readonly registryPolicy?: IamPolicy;
  /** IAP policies by registry resource, of every service that serves a declared URL, or that this config no longer declares. */
  readonly policies: ReadonlyMap<string, IamPolicy>;
  /** What the last update of an engine ended with, by its name; only of engines that another update is asked for. */
  readonly failedUpdates: ReadonlyMap<string, string>;
  /** APIs that are disabled and that a plan could be made without. */
  readonly disabledApis: readonly DisabledApi[];
  /** What the caller lacks to carry the plan out; absent where it was not asked for. */
  readonly lackingPermissions?: readonly LackingPermission[];
  /** What stands in front of the declared egress gateway; absent when none is declared. */
  readonly enforcement?: EnforcementReading;
  /** Of the declared directions, and with `prune` of the others; absent where the config has none, or they were not read. */
  readonly guardrails?: Partial<Record<Direction, ObservedGuardrail>>;
  /**
   * Declared guardrails that the caller may not read, with what Google answered, each answer once; empty where the API is
   * disabled.
   */
  readonly unreadGuardrails?: readonly string[];
  /** Access policies (V2) of the gateway's project; absent where none is written to. */
  readonly access?: ObservedAccess;
}

/** The access policy that rules are written to, and what else is bound to the gateway's project. */
export interface ObservedAccess {
  /** Full name of the policy, with the project's ID. */
  readonly name: string;
  /** null where it is to be created. */
  readonly policy: AccessPolicy | null;
  readonly isBound: boolean;
  readonly bindings: BindingsReading;
  /** The other access policies that are bound to the project, wherever they are. */
  readonly others: readonly OtherAccessPolicy[];
  /** The other gateways of the project and region that decide by access policies, as far as that could be seen; sorted. */
  readonly neighbours: readonly string[];
  /** Whether it may be bound; absent where it is. */
  readonly constraint?: ConstraintReading;
}

/** Every access policy bound to the project, ours among them. */
export type BindingsReading =
  | { readonly kind: 'read'; readonly bindings: readonly PolicyBinding[] }
  | { readonly kind: 'unreadable'; readonly why: string };

/** `name` is that of the binding: it may have the project's number. */
export type OtherAccessPolicy = { readonly name: string } & (
  { readonly kind: 'read'; readonly policy: AccessPolicy } | { readonly kind: 'unreadable'; readonly why: string }
);

export type ConstraintReading =
  | { readonly kind: 'enforced'; readonly constraint: string }
  | { readonly kind: 'not-enforced' }
  | { readonly kind: 'unreadable'; readonly why: string };

/** What approves gateways in one direction, and its policy at the declared place; null where there is no such thing. */
export interface ObservedGuardrail {
  readonly constraint: CustomConstraint | null;
  readonly policy: OrganizationPolicy | null;
}

/** A registry besides the one where this config registers; `why` is what Google answered. */
export type AttachedRegistry = { readonly project: string; readonly location: string } & (
  | { readonly kind: 'read'; readonly services: readonly RegistryService[] }
  | { readonly kind: 'unreadable'; readonly why: string }
);

/** An API whose answer was that it is disabled. */
export interface DisabledApi {
  /** Such as `iap.googleapis.com`. */
  readonly service: string;
  /** Where it is to be enabled: as Google names it, most often by number. */
  readonly project: string;
}

/** A permission that the caller lacks. */
export interface LackingPermission {
  readonly permission: string;
  readonly project: string;
  /** Resources that do not grant it either; empty where only the project could be asked. */
  readonly resources: readonly string[];
  /** The plan can be carried out without it. */
  readonly isOptional?: boolean;
}

export interface ObservedEngine {
  /** projects/{NUMBER}/locations/{l}/reasoningEngines/{id} */
  readonly name: string;
  readonly id: string;
  readonly displayName: string;
  /** IAM member, from `spec.effectiveIdentity` only; absent when the engine has no agent identity. */
  readonly principal?: string;
  readonly identityType: string;
  readonly env: Readonly<Record<string, string>>;
  readonly config: AgentGatewayConfig;
  readonly resource: ReasoningEngine;
  /** It could not be read by itself, only listed: what it is bound to may be missing. */
  readonly isOnlyListed?: true;
}

/** Which engines the desired state means. */
export interface Selection {
  /** Resource names of the selected engines, each once, sorted. */
  readonly engines: readonly string[];
  /** Keys of the endpoints an engine may reach, by its resource name. */
  readonly allow: ReadonlyMap<string, readonly string[]>;
  readonly problems: readonly SelectionProblem[];
}

export interface SelectionProblem {
  /** `not-declared`: the `engines` input selects an engine that no agent of the file means. */
  readonly kind: 'not-found' | 'ambiguous' | 'not-declared';
  readonly selector: DesiredAgent['selector'];
  /** Resource names that match. */
  readonly candidates: readonly string[];
}
