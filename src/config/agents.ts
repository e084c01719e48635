import { readAllowInput, type AllowInput } from './allow-input.js';
import { fileHas, report, type Context, type ScopeSoFar } from './context.js';
import type { Desired, DesiredAgent, DesiredEndpoint, EngineSelector } from './desired.js';
import { isGuardrailsAlone } from './guardrails.js';
import type { ParsedFile } from './parse.js';
import { isPreset } from './presets.js';
import { inputOrigin, quote, suggestion } from './problems.js';
import { splitList } from './raw-inputs.js';
import { readSelector } from './selectors.js';

/** The agents of a run, and the endpoints that the `allow` input adds to those of the file. */
export interface Agents {
  readonly agents: readonly DesiredAgent[];
  readonly only?: readonly EngineSelector[];
  readonly added: readonly DesiredEndpoint[];
}

/**
 * The file's agents, or those of the `engines` input where the file has none; with both, the input narrows the run to
 * its engines. The `allow` input replaces what any of them may reach, and with `engines` it replaces the file's agents.
 */
export function readAgents(context: Context, scope: ScopeSoFar, endpoints: Desired['endpoints']): Agents {
  const selectors = selectorsOfInput(context, scope);
  const items = listInput(context, 'allow');
  const allow = items && readAllowInput(context, items, endpoints, scope);
  const added = allow?.added ?? [];
  // With both inputs the file's agents have nothing to say any more.
  const replaced = selectors !== undefined && allow !== undefined;
  if (fileHas(context, 'agents') && !replaced) {
    const agents = agentsOfFile(context, scope, endpoints, allow);
    return { agents, added, ...(selectors === undefined ? {} : { only: selectors }) };
  }
  if (selectors === undefined && !context.unreadable && !isGuardrailsAlone(context)) {
    const fix = 'Give the input engines (names, IDs or all), or "agents" in the desired-state file.';
    report(context, inputOrigin('engines'), 'No engine is selected.', fix);
  }
  return { agents: (selectors ?? []).map((selector) => ({ selector, allow: allow?.keys ?? [] })), added };
}

function listInput(context: Context, input: 'engines' | 'allow'): string[] | undefined {
  const items = splitList(context.inputs[input]);
  if (items?.length === 0) {
    const fix = 'List at least one item, one a line or separated by commas, or leave the input out.';
    report(context, inputOrigin(input), 'This is an empty list.', fix);
  }
  return items;
}

function selectorsOfInput(context: Context, scope: ScopeSoFar): EngineSelector[] | undefined {
  return listInput(context, 'engines')?.flatMap((text) => {
    const selector = readSelector(context, { text, origin: inputOrigin('engines') }, scope);
    return selector === undefined ? [] : [selector];
  });
}

function agentsOfFile(
  context: Context,
  scope: ScopeSoFar,
  endpoints: Desired['endpoints'],
  allowInput: AllowInput | undefined,
): DesiredAgent[] {
  const { file } = context;
  const byKey = new Map(endpoints.map((endpoint) => [endpoint.key, endpoint]));
  return (file?.value.agents ?? []).flatMap((agent, index) => {
    if (file === undefined || agent === undefined) return [];
    const allow = allowOfAgent(context, file, index, byKey);
    const { engine: text } = agent;
    if (text === undefined) return [];
    const selector = readSelector(context, { text, origin: file.locate(['agents', index, 'engine']) }, scope);
    return selector === undefined ? [] : [{ selector, allow: allowInput?.keys ?? allow }];
  });
}

function allowOfAgent(
  context: Context,
  file: ParsedFile,
  index: number,
  endpoints: ReadonlyMap<string, DesiredEndpoint>,
): string[] {
  const keys = new Set<string>();
  (file.value.agents?.[index]?.allow ?? []).forEach((key, item) => {
    if (key === undefined) return;
    if (endpoints.has(key)) {
      keys.add(key);
      return;
    }
    // Endpoints that could not be read at all are reported; their keys may well have been there.
    if (fileHas(context, 'endpoints') && file.value.endpoints === undefined) return;
    const origin = file.locate(['agents', index, 'allow', item]);
    report(context, origin, `${quote(key)} is not declared under endpoints.`, allowFix(key, [...endpoints.values()]));
  });
  return [...keys];
}

function allowFix(key: string, endpoints: Desired['endpoints']): string {
  if (isPreset(key)) {
    const lists = endpoints.find((endpoint) => endpoint.presets.some(({ name }) => name === key));
    if (lists !== undefined) return `It is a preset of the endpoint ${quote(lists.key)}: allow that.`;
    return 'It is a preset: declare an endpoint with it under endpoints, and allow its key.';
  }
  if (/^[a-z]+:\/\/|\w\.\w/i.test(key)) return 'Declare an endpoint with this URL under endpoints, and allow its key.';
  const keys = endpoints.map((endpoint) => endpoint.key);
  return suggestion(key, keys, 'declared endpoints');
}
