import { explain } from '../explain.js';
import type { Failure } from '../failure.js';
import type { Observed } from '../observe/observed.js';
import { destinationOf, ownMark, ruleScope } from '../plan/access/grants.js';
import { additionsTo, type RuleWorld } from '../plan/access/edits.js';
import type { RuleEdit } from '../plan/access/rules.js';
import { groupBy } from '../plan/canonical.js';
import { accessGrants, type GrantChange, type Plan } from '../plan/types.js';
import { plural } from '../plural.js';
import { bindPolicy } from './access-bind.js';
import { writeRules } from './access-write.js';
import type { ApplyDeps } from './deps.js';
import { ACCESS_LABEL, type AccessDeps } from './iam-operation.js';
import type { RemovalResult, ServiceResult } from './result.js';

/** Services by name, each with how it ended so far. */
export type Services = ReadonlyMap<string, Promise<ServiceResult>>;

/** Carries out the grants that are rules of an access policy (V2), in two parts with the bindings in between. */
export interface AccessRunner {
  /**
   * Writes the rules of all services at once when these are registered, and binds the policy. A service that could not be registered
   * has no name for a rule; the others get theirs.
   *
   * @returns the services again; those with new grants are settled when their rules are written
   */
  grant(services: Services): Services;
  /**
   * Takes members and rules out, of all services at once; what takes away comes last.
   *
   * @returns how that ended, by service
   */
  remove(): Promise<ReadonlyMap<string, RemovalResult>>;
}

/** The world as it was planned from, and whose rules are written. */
interface ApplyWorld extends RuleWorld {
  readonly observed: Observed;
  /** The rules decide; otherwise they are only prepared. */
  readonly decides: boolean;
}

type ByService = readonly (readonly [service: string, grants: readonly GrantChange[]])[];

export function createAccessRunner(plan: Plan, world: ApplyWorld, runDeps: ApplyDeps): AccessRunner {
  const lacking = world.observed.lackingPermissions ?? [];
  const isReadable = !lacking.some(({ permission }) => permission === 'iam.operations.get');
  const deps: AccessDeps = { ...runDeps, operations: { isReadable } };
  const byService = [...groupBy(accessGrants(plan), ({ service }) => service)];
  const withAny = (action: GrantChange['action']): ByService =>
    byService.filter(([, grants]) => grants.some((grant) => grant.action === action));
  const added = withAny('create');
  const removed = withAny('remove');
  return {
    grant(services) {
      if (added.length === 0) return services;
      const written = grantAll(added, services, world, deps);
      const names = new Set(added.map(([service]) => service));
      const entries = [...services].map(([name, result]): [string, Promise<ServiceResult>] => {
        return [name, names.has(name) ? written.then((results) => results.get(name) ?? result) : result];
      });
      return new Map(entries);
    },
    async remove() {
      if (removed.length === 0) return new Map();
      const edits = removed.map(([service, grants]) => removalOf(service, grants, world));
      const doing = `Taking members out of the rules of ${plural(removed.length, 'endpoint')}`;
      // What was observed is as good as new when this run has not written since.
      const failure = await carryOut({ edits, doing, isFirst: added.length === 0 }, world, deps);
      if (!failure) deps.progress.step(ACCESS_LABEL, 'took out what is no longer declared');
      const result: RemovalResult = failure ? { status: 'failed', failure } : { status: 'done' };
      return new Map(removed.map(([service]) => [service, result]));
    },
  };
}

async function grantAll(
  added: ByService,
  services: Services,
  world: ApplyWorld,
  deps: AccessDeps,
): Promise<ReadonlyMap<string, ServiceResult>> {
  const registered = await Promise.all([...services.values()]);
  const results = new Map(registered.map((result) => [result.service, result]));
  const writable = added.flatMap(([service, grants]) => {
    const result = results.get(service);
    const destination = destinationOf(service, result?.registryResource, world.observed);
    return result?.failure || !destination
      ? []
      : [{ service, edits: additionsTo(service, grants, destination, world) }];
  });
  if (writable.length === 0) return results;
  const doing = `Writing the rules of ${plural(writable.length, 'endpoint')}`;
  const edits = writable.flatMap((item) => item.edits);
  const failure = await carryOut({ edits, doing, isFirst: true, binds: true }, world, deps);
  for (const [service, grants] of added) {
    const result = results.get(service);
    if (!result || !writable.some((item) => item.service === service)) continue;
    const ruled = grants.filter(({ action }) => action === 'create').length;
    results.set(service, failure ? withFailure(result, failure, world) : { ...result, status: 'done', ruled });
  }
  return results;
}

function withFailure(result: ServiceResult, failure: Failure, { decides }: ApplyWorld): ServiceResult {
  return decides ? { ...result, status: 'failed', failure } : { ...result, unprepared: failure };
}

interface Work {
  readonly edits: readonly RuleEdit[];
  /** For a failure. */
  readonly doing: string;
  /** Nothing was written in this run: what was observed, with its etag, is where to start from. */
  readonly isFirst: boolean;
  readonly binds?: boolean;
}

/** @returns why it failed; one failure for all services, since it is one write */
async function carryOut(work: Work, { observed }: ApplyWorld, deps: AccessDeps): Promise<Failure | undefined> {
  const { access, registryProject: project } = observed;
  if (access === undefined) return undefined;
  const { name } = access;
  try {
    const { edits } = work;
    const isNew = await writeRules({ name, project, edits, ...(work.isFirst ? { policy: access.policy } : {}) }, deps);
    // Somebody may have taken the policy away since it was observed, and its binding before that.
    if (work.binds && (isNew || !access.isBound)) await bindPolicy({ name, project }, deps);
    return undefined;
  } catch (error) {
    deps.progress.step(ACCESS_LABEL, 'FAILED');
    return explain(error, `${work.doing} in access policy ${name}`, 'grant-failed');
  }
}

function removalOf(service: string, grants: readonly GrantChange[], { observed, config }: ApplyWorld): RuleEdit {
  const remove = grants.filter(({ action }) => action === 'remove').map(({ member }) => member);
  return { mark: ownMark(service, config, ruleScope(observed)), service, want: [], remove, config };
}
