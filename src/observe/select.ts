import type { Desired, EngineSelector } from '../config/desired.js';
import { parseEngineName, sameProject, type ProjectRef } from '../google/names.js';
import type { ReasoningEngine } from '../google/types.js';
import type { Selection, SelectionProblem } from './observed.js';

/**
 * Finds the engines that the desired state means.
 *
 * Listed engines and the ones that were read by ID are taken together, since a list may lag behind a deploy.
 * A selector of digits is an ID; only when no engine has that ID is it taken as a display name.
 *
 * @param engines every engine known to exist in the scope
 * @param project the scope's project
 */
export function selectEngines(desired: Desired, engines: readonly ReasoningEngine[], project: ProjectRef): Selection {
  const allow = new Map<string, Set<string>>();
  const problems: SelectionProblem[] = [];
  const find = (selector: EngineSelector): readonly string[] => matchOrProblem(selector, engines, project, problems);
  const add = (name: string, keys: readonly string[]): void => {
    const known = allow.get(name) ?? new Set();
    keys.forEach((key) => known.add(key));
    allow.set(name, known);
  };
  if (desired.only === undefined) {
    for (const agent of desired.agents) find(agent.selector).forEach((name) => add(name, agent.allow));
  } else {
    // In a narrowed run the file's other agents are none of this run's business, problems included.
    const agents = desired.agents.map((agent) => ({ ...agent, names: match(agent.selector, engines, project) }));
    for (const selector of desired.only) {
      for (const name of find(selector)) {
        const declared = agents.filter(({ names }) => names.includes(name));
        if (declared.length === 0) problems.push({ kind: 'not-declared', selector, candidates: [name] });
        add(name, []);
        declared.forEach((agent) => add(name, agent.allow));
      }
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
  project: ProjectRef,
  problems: SelectionProblem[],
): readonly string[] {
  const matches = match(selector, engines, project);
  if (matches.length === 0) {
    problems.push({ kind: 'not-found', selector, candidates: [] });
  } else if (matches.length > 1 && selector.kind !== 'all') {
    problems.push({ kind: 'ambiguous', selector, candidates: matches });
    return [];
  }
  return matches;
}

function match(selector: EngineSelector, engines: readonly ReasoningEngine[], project: ProjectRef): readonly string[] {
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
      // The scope's engines alone are known here, so an engine of another project cannot be among them.
      return sameProject(selector.project, project.id, [project]) ? withId(selector.id) : [];
    case 'id': {
      const byId = withId(selector.id);
      return byId.length > 0 ? byId : named(selector.text).sort();
    }
  }
}
