import { sortBy } from '../canonical.js';
import type { Finding } from '../types.js';
import type { Check, CheckInput } from './check.js';
import { endpointOverlap } from './endpoint-overlap.js';
import { engineAmbiguous } from './engine-ambiguous.js';
import { engineNotDeclared } from './engine-not-declared.js';
import { engineNotFound } from './engine-not-found.js';
import { engineWithoutAgentIdentity } from './engine-without-agent-identity.js';
import { gatewayNotFound } from './gateway-not-found.js';
import { gatewayWrongDirection } from './gateway-wrong-direction.js';
import { serviceIdTaken } from './service-id-taken.js';

const ALL: readonly Check[] = [
  engineNotFound,
  engineAmbiguous,
  engineNotDeclared,
  engineWithoutAgentIdentity,
  gatewayNotFound,
  gatewayWrongDirection,
  serviceIdTaken,
  endpointOverlap,
];

/** @returns true when this version runs the check; a config may already name one of a later version */
export function isBuilt(id: string): boolean {
  return ALL.some((check) => check.id === id);
}

/**
 * Runs every check at the level that the config gives it.
 *
 * @returns findings, errors first, then by ID and message
 */
export function runChecks(input: CheckInput, checks: readonly Check[] = ALL): Finding[] {
  const findings = checks.flatMap((check) => {
    const level = input.desired.checkLevels[check.id]?.level ?? check.level;
    return level === 'off' ? [] : check.run(input).map((found): Finding => ({ id: check.id, level, ...found }));
  });
  return sortBy(
    findings,
    ({ level }) => (level === 'error' ? '0' : '1'),
    ({ id }) => id,
    ({ message }) => message,
  );
}
