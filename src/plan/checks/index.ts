import { sortBy } from '../canonical.js';
import type { Finding } from '../types.js';
import type { Check, CheckInput } from './check.js';
import { engineAmbiguous } from './engine-ambiguous.js';
import { engineNotFound } from './engine-not-found.js';
import { engineWithoutAgentIdentity } from './engine-without-agent-identity.js';
import { gatewayNotFound } from './gateway-not-found.js';
import { gatewayWrongDirection } from './gateway-wrong-direction.js';
import { serviceIdTaken } from './service-id-taken.js';

const ALL: readonly Check[] = [
  engineNotFound,
  engineAmbiguous,
  engineWithoutAgentIdentity,
  gatewayNotFound,
  gatewayWrongDirection,
  serviceIdTaken,
];

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
