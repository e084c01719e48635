import type { EngineSelector } from '../../config/desired.js';
import type { Check } from './check.js';

/** A selector that no engine of the scope matches. Nothing is ever created for an engine that is not there. */
export const engineNotFound: Check = {
  id: 'engine-not-found',
  level: 'error',
  run: ({ observed }) =>
    observed.selection.problems
      .filter(({ kind }) => kind === 'not-found')
      .map(({ selector }) => ({
        message: `No engine ${describeSelector(selector)} in project ${observed.project.id}, region ${observed.region}.`,
        remedy:
          'Check the name or ID, the project and the region. An engine that was deployed anew has a new ID: take it from the deploy step, or select by display name.',
        origin: selector.origin,
      })),
};

/** @returns the selector in words that fit behind "engine". */
export function describeSelector(selector: EngineSelector): string {
  switch (selector.kind) {
    case 'all':
      return 'at all';
    case 'displayName':
      return `with the display name ${JSON.stringify(selector.text)}`;
    case 'id':
      return `with the ID or display name ${JSON.stringify(selector.text)}`;
    case 'name':
      return `named ${JSON.stringify(selector.text)}`;
  }
}
