import type { Json } from '../core/json.js';

/** A Google Cloud project of the world. */
export interface Project {
  readonly id: string;
  readonly number: string;
  readonly organization?: string | undefined;
  readonly folders: readonly string[];
  readonly displayName: string;
  readonly disabledApis: Set<string>;
}

/** Where a regional resource lives. */
export interface Place {
  readonly project: Project;
  readonly location: string;
}

/** A reasoning engine; `data` is the ReasoningEngine message without `name` and `etag`. */
export interface EngineRecord extends Place {
  readonly id: string;
  data: Json;
  etag: string;
  hasChildren: boolean;
  /** Id of the agent entry Agent Registry makes of it. */
  readonly agentId: string;
}

/** `agentGatewayConfig` as two names. */
export interface GatewayBinding {
  egress?: string | undefined;
  ingress?: string | undefined;
}

export type Collection = 'endpoints' | 'agents' | 'mcpServers';

/** An Agent Registry service and the projection the server made of it; `data` is the Service message without `name`. */
export interface ServiceRecord extends Place {
  readonly id: string;
  data: Json;
  readonly collection: Collection;
  readonly resourceId: string;
  /** From when on the projection can be seen. */
  readonly visibleFromMs: number;
}

/** A networking resource: gateway, extension or authorization policy; `data` is its message without `name`. */
export interface NetworkRecord extends Place {
  readonly id: string;
  data: Json;
  etag: string;
}

export interface Condition {
  readonly expression: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly location?: string | undefined;
}

export interface Binding {
  readonly role: string;
  readonly members: readonly string[];
  readonly condition?: Condition | undefined;
}

/** A stored allow policy. */
export interface StoredPolicy {
  readonly bindings: readonly Binding[];
  readonly etag: string;
}

/** The target of an IAP policy: a whole registry, or one entry of it. */
export interface PolicyTarget extends Place {
  readonly entry?: { readonly collection: Collection; readonly id: string } | undefined;
}
