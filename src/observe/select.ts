import type { Desired, EngineSelector } from '../config/desired.js';
import { parseEngineName } from '../google/names.js';
import type { ReasoningEngine } from '../google/types.js';
import type { Selection, SelectionProblem } from './observed.js';

/**
 * Finds the engines that the desired state means.
 *
 * Listed engines and the ones that were read by ID are taken together, since a list may lag behind a deploy.
 * A selector of digits is an ID; only when no engine has that ID is it taken as a display name.
 *
 * @param engines every engine known to exist in the scope
 */
export function selectEngines(desired: Desired, engines: readonly ReasoningEngine[]): Selection {
  const allow = new Map<string, Set<string>>();
  const problems: SelectionProblem[] = [];
  const only = desired.only ? new Set<string>() : undefined;

  for (const selector of desired.only ?? []) {
    for (const name of matchOrProblem(selector, engines, problems)) {
      only?.add(name);
      allow.set(name, new Set());
    }
  }
  for (const agent of desired.agents) {
    // In a narrowed run the file's other agents are none of this run's business, problems included.
    const matches = only ? match(agent.selector, engines) : matchOrProblem(agent.selector, engines, problems);
    for (const name of matches) {
      if (only && !only.has(name)) continue;
      const keys = allow.get(name) ?? new Set();
      agent.allow.forEach((key) => keys.add(key));
      allow.set(name, keys);
    }
  }
  return {
    engines: [...allow.keys()].sort(),
    allow: new Map([...allow].map(([name, keys]) => [name, [...keys].sort()])),
    problems,
  };
}

function matchOrProblem(
  selector: EngineSelector,
  engines: readonly ReasoningEngine[],
  problems: SelectionProblem[],
): readonly string[] {
  const matches = match(selector, engines);
  if (matches.length === 0) {
    problems.push({ kind: 'not-found', selector, candidates: [] });
  } else if (matches.length > 1 && selector.kind !== 'all') {
    problems.push({ kind: 'ambiguous', selector, candidates: matches });
    return [];
  }
  return matches;
}

function match(selector: EngineSelector, engines: readonly ReasoningEngine[]): readonly string[] {
  const named = (text: string): string[] =>
    engines.filter((engine) => engine.displayName === text).map((engine) => engine.name);
  const withId = (id: string): string[] =>
    engines.filter((engine) => parseEngineName(engine.name)?.id === id).map((engine) => engine.name);
  switch (selector.kind) {
    case 'all':
      return engines.map((engine) => engine.name);
    case 'displayName':
      return named(selector.text).sort();
    case 'name':
      return withId(selector.id);
    case 'id': {
      const byId = withId(selector.id);
      return byId.length > 0 ? byId : named(selector.text).sort();
    }
  }
}
