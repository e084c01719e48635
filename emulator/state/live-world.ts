import { asJson, isJson } from '../core/json.js';
import type { Settings } from '../settings.js';
import { changeSettings } from '../settings.js';
import {
  bindingSchema,
  engineSchema,
  serviceSchema,
  type BindingInput,
  type EngineInput,
  type ServiceInput,
} from '../world.js';
import { bindingOf, principalOf, removeEngine, replaceBinding, storeEngine } from './engines.js';
import { dumpState } from './dump.js';
import { LiveAccessPolicies } from './live-access-policies.js';
import { addMember, policyOf, removeMember } from './policies.js';
import { gatewayName, populateEngine, populateService } from './populate.js';
import { registryResource, removeService } from './services.js';
import type { State } from './state.js';
import { findEngineAnywhere, findTarget, memberName, placeOf, storeInput } from './targets.js';
import type { Binding, EngineRecord, GatewayBinding, Place, PolicyTarget, ServiceRecord } from './types.js';

/** Where to look; defaults to the first project and the world's region. */
export interface Where {
  readonly project?: string;
  readonly location?: string;
}

/** An engine as tests look at it. */
export interface EngineView {
  readonly id: string;
  readonly displayName: string;
  readonly principal: string;
  readonly binding: GatewayBinding;
  readonly etag: string;
  readonly agentId: string;
}

/** The live world, changed behind everybody's back: what another team, another tool or time itself does to it. */
export class LiveWorld {
  /** Access policies and what they are bound to. */
  readonly accessPolicies: LiveAccessPolicies;
  private readonly state: State;
  private readonly region: string;

  constructor(state: State, region: string) {
    this.accessPolicies = new LiveAccessPolicies(state);
    this.state = state;
    this.region = region;
  }

  get settings(): Settings {
    return this.state.settings;
  }

  /** Changes switches at run time, the rest stays; unknown switches are errors. */
  set(change: unknown): void {
    this.state.settings = changeSettings(this.state.settings, change);
    // A new outcome counts its failures from the start.
    if (isJson(change) && 'engineUpdate' in change) this.state.failedUpdates.clear();
  }

  /** Moves the clock: operations end, tokens expire. */
  advance(milliseconds: number): void {
    this.state.clock.advance(milliseconds);
    this.state.settle();
  }

  engine(idOrName: string): EngineView {
    const engine = this.engineRecord(idOrName);
    return {
      id: engine.id,
      displayName: String(engine.data.displayName),
      principal: principalOf(engine) ?? '',
      binding: bindingOf(engine.data),
      etag: engine.etag,
      agentId: engine.agentId,
    };
  }

  /** Sets the whole binding at once, without an operation; short gateway names will do, null clears it. */
  bind(idOrName: string, binding: GatewayBinding | null): void {
    const engine = this.engineRecord(idOrName);
    const { egress, ingress } = binding ?? {};
    replaceBinding(this.state, engine, { egress: gatewayName(engine, egress), ingress: gatewayName(engine, ingress) });
  }

  /** Unless the input says otherwise, it is created now. */
  addEngine(input: EngineInput): EngineView {
    const parsed = engineSchema.parse({ createTime: new Date(this.state.clock.now()).toISOString(), ...input });
    populateEngine(this.state, placeOf(this.state, parsed.project, parsed.region, this.region), parsed);
    return this.engine(parsed.id);
  }

  /** Deletes an engine as `DELETE ?force=true` would in the end; grants for it stay behind. */
  removeEngine(idOrName: string): void {
    removeEngine(this.state, this.engineRecord(idOrName));
  }

  /** Delete and create under the same display name: a new id, hence a new principal; every grant is lost. */
  recreateEngine(idOrName: string): EngineView {
    const old = this.engineRecord(idOrName);
    const input: EngineInput = {
      id: this.state.ids.number('engine'),
      displayName: String(old.data.displayName),
      project: old.project.id,
      region: old.location,
    };
    removeEngine(this.state, old);
    return this.addEngine(input);
  }

  /** Any other change of an engine's data, under a new etag. */
  touchEngine(idOrName: string, change: Record<string, unknown>): void {
    const engine = this.engineRecord(idOrName);
    storeEngine(this.state, engine, { ...engine.data, ...change });
  }

  addService(input: ServiceInput): void {
    const parsed = serviceSchema.parse(input);
    populateService(this.state, placeOf(this.state, parsed.project, parsed.location, this.region), parsed);
  }

  removeService(id: string, where: Where = {}): void {
    removeService(this.state, this.serviceRecord(id, where));
  }

  service(
    id: string,
    where: Where = {},
  ): { resourceId: string; registryResource: string; data: Record<string, unknown> } {
    const record = this.serviceRecord(id, where);
    return { resourceId: record.resourceId, registryResource: registryResource(this.state, record), data: record.data };
  }

  services(where: Where = {}): string[] {
    const place = this.place(where);
    return [...this.state.services.values()]
      .filter((record) => record.project === place.project && record.location === place.location)
      .map((record) => record.id);
  }

  /** Bindings of a policy: `registry`, `service:ID`, `engine:ID` or `endpoints/PROJECTION_ID`. */
  policy(on: string, where: Where = {}): { etag: string; bindings: readonly Binding[] } {
    return policyOf(this.settled(), this.target(on, where));
  }

  setPolicy(on: string, bindings: readonly BindingInput[], where: Where = {}): void {
    storeInput(
      this.state,
      this.target(on, where),
      bindings.map((binding) => bindingSchema.parse(binding)),
    );
  }

  addMember(on: string, member: string, where: Where = {}): void {
    addMember(this.state, this.target(on, where), memberName(this.state, member));
  }

  removeMember(on: string, member: string, where: Where = {}): void {
    removeMember(this.state, this.target(on, where), memberName(this.state, member));
  }

  /** Runs right before a setIamPolicy compares etags; returns how to take it away again. */
  onBeforeSetIamPolicy(hook: (target: PolicyTarget) => void): () => void {
    this.state.policyHooks.push(hook);
    return () => {
      this.state.policyHooks.splice(this.state.policyHooks.indexOf(hook), 1);
    };
  }

  deny(permission: string, resource?: string): void {
    this.state.denied.push({ permission, resource });
  }

  allow(permission: string): void {
    const kept = this.state.denied.filter((entry) => entry.permission !== permission);
    this.state.denied.splice(0, this.state.denied.length, ...kept);
  }

  disableApi(api: string, project?: string): void {
    this.place({ ...(project === undefined ? {} : { project }) }).project.disabledApis.add(api);
  }

  enableApi(api: string, project?: string): void {
    this.place({ ...(project === undefined ? {} : { project }) }).project.disabledApis.delete(api);
  }

  /** Changes a field of a gateway, extension or authorization policy, by short id. */
  changeNetworking(
    kind: 'gateways' | 'extensions' | 'authzPolicies',
    id: string,
    change: Record<string, unknown>,
  ): void {
    const record = [...this.state[kind].values()].find((item) => item.id === id);
    if (record === undefined) throw new Error(`There is no ${id} among the ${kind}.`);
    record.data = { ...record.data, ...change };
    record.etag = this.state.ids.etag();
  }

  /** Says in an extension which model decides, V1 or V2; the rest of its metadata stays. */
  setPolicyVersion(extension: string, iapPolicyVersion: 'V1' | 'V2'): void {
    const record = [...this.settled().extensions.values()].find((item) => item.id === extension);
    if (record === undefined) throw new Error(`There is no ${extension} among the extensions.`);
    this.changeNetworking('extensions', extension, {
      metadata: { ...asJson(record.data.metadata), iapPolicyVersion },
    });
  }

  removeNetworking(kind: 'gateways' | 'extensions' | 'authzPolicies', id: string): void {
    const entry = [...this.state[kind]].find(([, item]) => item.id === id);
    if (entry) this.state[kind].delete(entry[0]);
  }

  /** Everything, as plain JSON. */
  dump(): Record<string, unknown> {
    return dumpState(this.settled());
  }

  private settled(): State {
    this.state.settle();
    return this.state;
  }

  private place(where: Where): Place {
    return placeOf(this.state, where.project, where.location, this.region);
  }

  private target(on: string, where: Where): PolicyTarget {
    return findTarget(this.settled(), this.place(where), on);
  }

  private engineRecord(idOrName: string): EngineRecord {
    const engine = findEngineAnywhere(this.settled(), idOrName);
    if (engine === undefined) throw new Error(`There is no engine ${idOrName}.`);
    return engine;
  }

  private serviceRecord(id: string, where: Where): ServiceRecord {
    const place = this.place(where);
    const record = [...this.settled().services.values()].find(
      (item) => item.id === id && item.project === place.project && item.location === place.location,
    );
    if (record === undefined) throw new Error(`There is no service ${id} in ${place.project.id}/${place.location}.`);
    return record;
  }
}
