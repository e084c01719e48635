import type { Desired, EngineSelector } from '../config/desired.js';

/** @returns what tells comments and issues of several configs and scopes apart, where no input does */
export function defaultLabel({ config = 'inputs', project, region }: Desired): string {
  return [config, project, region].join(' · ');
}

/**
 * The same for drift issues, with the engines that an input selects: a run that has not looked at all of them must not close the
 * issue of one that has.
 */
export function issueLabel(desired: Desired): string {
  const selectors = desired.only ?? desired.agents.map(({ selector }) => selector);
  const engines = desired.partial ? [selectors.map(textOf).sort().join(', ')] : [];
  return [defaultLabel(desired), ...engines].join(' · ');
}

function textOf(selector: EngineSelector): string {
  return selector.kind === 'all' ? 'all' : selector.text;
}
