import { readAgents } from './agents.js';
import { fileHas, report, TooManyProblems, type Context } from './context.js';
import type { Desired, KnownCheck } from './desired.js';
import { readEndpoints } from './endpoints.js';
import { namesGateway, readGateways } from './gateways.js';
import { isGuardrailsAlone, readGuardrails } from './guardrails.js';
import { parseConfig, type ParsedFile } from './parse.js';
import { inputOrigin, shownProblems, type Problem } from './problems.js';
import type { RawInputs } from './raw-inputs.js';
import { namesProject, readScope } from './scope.js';

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
  /** `owner/name` of the repository that the file is in, where that is known. */
  readonly repository?: string;
  /** The `prune` input. */
  readonly prune?: boolean;
  /** Every check that the file may name. */
  readonly checks: readonly KnownCheck[];
}

export interface Built {
  /** Only when there is no problem. */
  readonly desired?: Desired;
  readonly problems: readonly Problem[];
  /** Neither an input nor the file names a project. */
  readonly lacksProject: boolean;
}

/**
 * The desired state of a run: the file, with the inputs laid over it. Finds every problem in one go, sorted by place;
 * there is a desired state only when there is no problem. Never throws, whatever the text is.
 */
export function buildDesired(args: BuildArgs): Built {
  const parsed = args.file && parseConfig(args.file, args.checks);
  const file = parsed?.file;
  const context: Context = {
    ...(file === undefined ? {} : { file }),
    unreadable: args.unreadable === true || (args.file !== undefined && file === undefined),
    inputs: args.inputs,
    universe: args.universe,
    problems: [...(parsed?.problems ?? [])],
  };
  const lacksProject = !namesProject(context);
  try {
    const desired = desiredOf(context, args);
    if (desired !== undefined && context.problems.length === 0) return { desired, problems: [], lacksProject };
  } catch (error) {
    if (!(error instanceof TooManyProblems)) throw error;
  }
  return { problems: shownProblems(context.problems), lacksProject };
}

/** @returns what is declared, as far as it has a scope; it counts only when no problem was reported */
function desiredOf(context: Context, args: BuildArgs): Desired | undefined {
  const { file } = context;
  const scope = readScope(context, args.defaults);
  const gateways = readGateways(context, scope);
  const declared = readEndpoints(context);
  const { agents, only, added } = readAgents(context, scope, declared);
  const guardrails = readGuardrails(context);
  const endpoints = [...declared, ...added];
  if (file !== undefined) {
    reportFixedLevels(context, file, args.checks);
  }
  reportNothing(context, endpoints.length);
  const { project, region } = scope;
  if (project === undefined || region === undefined) return undefined;
  return {
    project,
    region,
    gateways,
    endpoints,
    agents,
    ...(only === undefined ? {} : { only }),
    partial: args.inputs.engines.trim() !== '',
    allowGiven: args.inputs.allow.trim() !== '',
    ...(guardrails === undefined ? {} : { guardrails }),
    move: file?.value.move ?? false,
    prune: args.prune ?? false,
    migrate: file?.value.migrate ?? false,
    checkLevels: file === undefined ? {} : checkLevels(file),
    config: file && [args.repository, file.path].filter(Boolean).join(':'),
  };
}

/** A check that guards data or a running agent keeps its level. */
function reportFixedLevels(context: Context, { value, locate }: ParsedFile, checks: readonly KnownCheck[]): void {
  for (const { id, level, fixed } of checks) {
    const given = value.checks?.[id];
    if (!fixed || given === undefined || given === level) continue;
    report(
      context,
      locate(['checks', id]),
      `The level of ${id} cannot be changed: it guards running agents.`,
      'Remove the line.',
    );
  }
}

/** Engines alone would make a run that does nothing and looks like one that did. Guardrails are about no engine by name. */
function reportNothing(context: Context, endpoints: number): void {
  if (isGuardrailsAlone(context)) return;
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
