import { readAgents } from './agents.js';
import { fileHas, report, type Context } from './context.js';
import type { Desired } from './desired.js';
import { readEndpoints } from './endpoints.js';
import { namesGateway, readGateways } from './gateways.js';
import { sharedUrlProblems } from './host-owners.js';
import { parseConfig, type ParsedFile } from './parse.js';
import { inputOrigin, sortProblems, type Problem } from './problems.js';
import type { RawInputs } from './raw-inputs.js';
import { readScope } from './scope.js';

/** Everything the desired state is made of. */
export interface BuildArgs {
  /** The desired-state file, if there is one; `path` is how messages name it. */
  readonly file?: { readonly path: string; readonly text: string };
  /** There is a file, but it could not be loaded (and that was reported): then nothing is said to be missing. */
  readonly unreadable?: boolean;
  readonly inputs: RawInputs;
  /** What the environment or the credentials say. */
  readonly defaults: { readonly project?: string };
  /** `googleapis.com`, or the domain of a Trusted Partner Cloud. */
  readonly universe: string;
  /** IDs of the checks whose level the file may change. */
  readonly knownChecks: readonly string[];
}

/**
 * The desired state of a run: the file, with the inputs laid over it. Finds every problem in one go, sorted by place;
 * there is a desired state only when there is no problem. Never throws, whatever the text is.
 */
export function buildDesired(args: BuildArgs): { readonly desired?: Desired; readonly problems: Problem[] } {
  const parsed = args.file && parseConfig(args.file, args.knownChecks);
  const file = parsed?.file;
  const context: Context = {
    ...(file === undefined ? {} : { file }),
    unreadable: args.unreadable === true || (args.file !== undefined && file === undefined),
    inputs: args.inputs,
    universe: args.universe,
    problems: [...(parsed?.problems ?? [])],
  };
  const scope = readScope(context, args.defaults);
  const gateways = readGateways(context, scope);
  const declared = readEndpoints(context);
  const { agents, only, added } = readAgents(context, scope, declared);
  const endpoints = [...declared, ...added];
  if (file !== undefined) reportNotYet(context, file);
  reportNothing(context, endpoints.length);
  const { project, region, universe } = scope;
  if (region !== undefined) context.problems.push(...sharedUrlProblems(endpoints, agents, { region, universe }));
  const problems = sortProblems(context.problems);
  if (problems.length > 0 || project === undefined || region === undefined) return { problems };
  const desired: Desired = {
    project,
    region,
    gateways,
    endpoints,
    agents,
    ...(only === undefined ? {} : { only }),
    checkLevels: file === undefined ? {} : checkLevels(file),
    ...(file === undefined ? {} : { file: file.path }),
  };
  return { desired, problems };
}

/** Part of the format, so that a config can be written for both, but not of this version. */
function reportNotYet(context: Context, file: ParsedFile): void {
  const notYet = (key: 'migrate' | 'move' | 'guardrails', what: string): void => {
    report(context, file.locate([key], 'key'), `"${what}" is not supported yet in this version; remove it.`);
  };
  if (file.value.migrate === true) notYet('migrate', 'migrate: true');
  if (file.value.move === true) notYet('move', 'move: true');
  if (fileHas(context, 'guardrails')) notYet('guardrails', 'guardrails');
}

/** Engines alone would make a run that does nothing and looks like one that did. */
function reportNothing(context: Context, endpoints: number): void {
  const unread = fileHas(context, 'endpoints') && context.file?.value.endpoints === undefined;
  if (endpoints > 0 || unread || context.unreadable) return;
  if (namesGateway(context) || context.inputs.allow.trim() !== '') return;
  const fix =
    'Give egress_gateway, ingress_gateway or allow, or declare gateways or endpoints in the desired-state file.';
  report(context, inputOrigin('egress_gateway'), 'Nothing is declared for the engines: no gateway, no endpoint.', fix);
}

function checkLevels({ value, locate }: ParsedFile): Desired['checkLevels'] {
  const levels: Record<string, Desired['checkLevels'][string]> = {};
  for (const [id, level] of Object.entries(value.checks ?? {})) {
    if (level !== undefined) levels[id] = { level, origin: locate(['checks', id]) };
  }
  return levels;
}
