import type { Direction } from '../config/desired.js';
import type { AgentGatewayConfig } from '../google/types.js';
import type { BindingChange } from '../plan/types.js';

/** The registry took a service but never said which endpoint it made of it, so nothing can be granted on it. */
export class ProjectionMissing extends Error {
  override readonly name = 'ProjectionMissing';
  readonly service: string;
  constructor(service: string, seconds: number) {
    super(`${service} has no registryResource after ${seconds} seconds`);
    this.service = service;
  }
}

/** The service ID belongs to an agent or an MCP server: URLs of an endpoint have no place there. */
export class ServiceTaken extends Error {
  override readonly name = 'ServiceTaken';
  constructor(service: string) {
    super(`${service} is not an endpoint's service; choose another key`);
  }
}

/** The service was written without an error, again and again, yet it does not hold what was written. */
export class InterfacesLost extends Error {
  override readonly name = 'InterfacesLost';
  constructor(service: string) {
    super(`${service} does not keep its interfaces: something else keeps writing it`);
  }
}

/** The policy was written without an error, yet a member is not in it. */
export class GrantLost extends Error {
  override readonly name = 'GrantLost';
  constructor(resource: string, member: string) {
    super(`${member} is not in the policy of ${resource} although the write was accepted`);
  }
}

/** An access policy or its binding was written without an error, yet it does not say what was written. */
export class AccessLost extends Error {
  override readonly name = 'AccessLost';
  constructor(resource: string) {
    super(`${resource} does not say what was written although the write was accepted`);
  }
}

/** A write of IAM v3 whose operation may not be read, and nothing shows that it ended well. */
export class EndUnseen extends Error {
  override readonly name = 'EndUnseen';
  constructor(what: string, minutes: number) {
    super(`${what} does not show what was written after ${minutes} minutes, and the operation may not be read`);
  }
}

/** Access policies cannot be without a rule, and this one is not ours to delete. */
export class LastRule extends Error {
  override readonly name = 'LastRule';
  constructor(policy: string, why: string) {
    super(`the last rule of ${policy} cannot be taken out: an access policy needs one, and ${why}`);
  }
}

/** The IDs that a binding could have are those of bindings of other policies. */
export class BindingIdTaken extends Error {
  override readonly name = 'BindingIdTaken';
  constructor(name: string) {
    super(`${name} is the binding of another policy`);
  }
}

/** The policy was written without an error, yet a member that was taken out is in it. */
export class GrantStays extends Error {
  override readonly name = 'GrantStays';
  constructor(resource: string, member: string) {
    super(`${member} is still in the policy of ${resource} although the write was accepted`);
  }
}

/** Others have left a policy since it was planned: without the members that were to go, the registry-wide one would hold there. */
export class WouldOpen extends Error {
  override readonly name = 'WouldOpen';
  constructor(resource: string) {
    super(
      `somebody else has changed the policy of ${resource} since it was read: nobody would be left in it, and the registry-wide policy lets others in. Plan again and review that`,
    );
  }
}

/** A service that was to go is not what the plan saw, or somebody has been granted on it since. */
export class ServiceChanged extends Error {
  override readonly name = 'ServiceChanged';
  constructor(service: string, what: string) {
    super(`${service} is not what it was when it was planned: ${what}. Plan again and review that`);
  }
}

/** The service was deleted without an error, yet it is there. */
export class ServiceStays extends Error {
  override readonly name = 'ServiceStays';
  constructor(service: string) {
    super(`${service} is still there although its deletion was accepted`);
  }
}

/** The update ended well, but the engine's `agentGatewayConfig` is null or other than declared. */
export class NotBound extends Error {
  override readonly name = 'NotBound';
  readonly change: BindingChange;
  readonly found: AgentGatewayConfig;
  constructor(change: BindingChange, found: AgentGatewayConfig) {
    super(
      `agentGatewayConfig of ${change.engine} is ${Object.keys(found).length === 0 ? 'null' : JSON.stringify(found)}`,
    );
    this.change = change;
    this.found = found;
  }
}

/** The run ended (its deadline, a cancelled workflow) while an operation was still running; `cause` says why. */
export class StillRunning extends Error {
  override readonly name = 'StillRunning';
  readonly operation: string;
  constructor(operation: string, cause: unknown) {
    super(`operation ${operation} is still running`, { cause });
    this.operation = operation;
  }
}

/** A constraint or policy is not what the plan saw: it was changed between the plan and the write. */
export class GuardrailChanged extends Error {
  override readonly name = 'GuardrailChanged';
  constructor(resource: string, now: string) {
    super(`somebody else has changed ${resource} since it was read, it says now: ${now}. Plan again and review that`);
  }
}

/** A constraint or policy was written without an error, yet it does not say what was written. */
export class GuardrailLost extends Error {
  override readonly name = 'GuardrailLost';
  constructor(resource: string) {
    super(`${resource} does not say what was written although the write was accepted`);
  }
}

/** Nobody answered an earlier write of a constraint, which has no etag: it may be carried out after the next one, and undo it. */
export class WriteOnItsWay extends Error {
  override readonly name = 'WriteOnItsWay';
  constructor(resource: string) {
    super(
      `an earlier write of ${resource} in this run got no answer in time and may still be carried out, so no other one follows it now`,
    );
  }
}

/** There is no such constraint, and it cannot be created (Google's "Create custom constraints" page). */
export class ConstraintNameSpent extends Error {
  override readonly name = 'ConstraintNameSpent';
  constructor(resource: string) {
    super(
      `${resource} does not exist, and Google does not give the name: most likely the constraint was deleted once, and the name of a deleted custom constraint cannot be used again`,
    );
  }
}

/** A custom constraint that refused a write. */
export interface RefusingConstraint {
  /** `custom.X` */
  readonly id: string;
  /** Of a constraint that approves gateways, by its name or by what it says. */
  readonly direction?: Direction;
  /** What the refused update leaves the engine with in that direction. */
  readonly asked?: string | null;
  /** The gateways; absent where the caller may not read the constraint, or where it says something else. */
  readonly approved?: readonly string[];
  /** What it says when that is no list of gateways. */
  readonly says?: string;
}

/** An organization policy forbids what was to be written; `cause` is Google's answer. */
export class RefusedByPolicy extends Error {
  override readonly name = 'RefusedByPolicy';
  readonly constraints: readonly RefusingConstraint[];
  constructor(constraints: readonly RefusingConstraint[], cause: Error) {
    super(cause.message, { cause });
    this.constraints = constraints;
  }
}
