import type { CheckLevel } from '../../config/desired.js';
import { redactText } from '../../redact.js';
import { sortBy } from '../canonical.js';
import type { Finding } from '../types.js';
import type { Check, CheckInput, Found } from './check.js';
import { accessAllowedOtherwise } from './access-allowed-otherwise.js';
import { accessDeniedByRule, accessRuleUnclear } from './access-denied-by-rule.js';
import { accessPolicyBindings, accessPolicyForbidden } from './access-policy-bindings.js';
import { accessPolicyProjectWide } from './access-policy-project-wide.js';
import { accessPolicyTooLarge } from './access-policy-too-large.js';
import { accessRuleChanged } from './access-rule-changed.js';
import { apiDisabled } from './api-disabled.js';
import { endpointOverlap } from './endpoint-overlap.js';
import { engineAmbiguous } from './engine-ambiguous.js';
import { engineBusyFailing } from './engine-busy-failing.js';
import { engineNotDeclared } from './engine-not-declared.js';
import { engineNotFound } from './engine-not-found.js';
import { engineTooOld } from './engine-too-old.js';
import { engineWithoutAgentIdentity } from './engine-without-agent-identity.js';
import { gatewayConflict } from './gateway-conflict.js';
import { gatewayDryRun } from './gateway-dry-run.js';
import { gatewayFailOpen } from './gateway-fail-open.js';
import { gatewayNotFound } from './gateway-not-found.js';
import { gatewayNotReady } from './gateway-not-ready.js';
import { gatewayOtherProject } from './gateway-other-project.js';
import { gatewayOtherRegion } from './gateway-other-region.js';
import { gatewayWithoutPolicy } from './gateway-without-policy.js';
import { gatewayWrongDirection } from './gateway-wrong-direction.js';
import { grantsInert } from './grants-inert.js';
import { guardrailBlocksDeploys } from './guardrail-blocks-deploys.js';
import { guardrailForbidsPlan } from './guardrail-forbids-plan.js';
import { guardrailMadeElsewhere } from './guardrail-made-elsewhere.js';
import { guardrailNotReadable } from './guardrail-not-readable.js';
import { guardrailOfOtherConfig } from './guardrail-of-other-config.js';
import { guardrailTooLong } from './guardrail-too-long.js';
import { hostClaimedTwice } from './host-claimed-twice.js';
import { imageBeforeGateway } from './image-before-gateway.js';
import { ingressUngovernedMethods } from './ingress-ungoverned-methods.js';
import { migrationIncomplete, migrationReady } from './migration.js';
import { moveUngoverned } from './move-ungoverned.js';
import { notReadable } from './not-readable.js';
import { permissionMissing } from './permission-missing.js';
import { prunable } from './prunable.js';
import { pruneKept } from './prune-kept.js';
import { quotaNear } from './quota-near.js';
import { registryNotAttached } from './registry-not-attached.js';
import { registryWideShadowed } from './registry-wide-shadowed.js';
import { revisionsArchived } from './revisions-archived.js';
import { runtimeHostsMissing } from './runtime-hosts-missing.js';
import { serviceIdTaken } from './service-id-taken.js';
import { staleMembers } from './stale-members.js';
import { threatDetectionOff } from './threat-detection-off.js';

/** Every check of this version. */
export const ALL: readonly Check[] = [
  engineNotFound,
  engineAmbiguous,
  engineBusyFailing,
  engineNotDeclared,
  engineWithoutAgentIdentity,
  gatewayNotFound,
  gatewayWrongDirection,
  serviceIdTaken,
  endpointOverlap,
  registryNotAttached,
  registryWideShadowed,
  hostClaimedTwice,
  runtimeHostsMissing,
  ingressUngovernedMethods,
  imageBeforeGateway,
  revisionsArchived,
  threatDetectionOff,
  staleMembers,
  prunable,
  pruneKept,
  quotaNear,
  notReadable,
  engineTooOld,
  gatewayConflict,
  moveUngoverned,
  gatewayDryRun,
  gatewayFailOpen,
  gatewayNotReady,
  gatewayOtherProject,
  gatewayOtherRegion,
  gatewayWithoutPolicy,
  grantsInert,
  accessDeniedByRule,
  accessRuleUnclear,
  accessRuleChanged,
  accessPolicyBindings,
  accessPolicyForbidden,
  accessPolicyTooLarge,
  accessPolicyProjectWide,
  accessAllowedOtherwise,
  migrationIncomplete,
  migrationReady,
  apiDisabled,
  permissionMissing,
  guardrailNotReadable,
  guardrailTooLong,
  guardrailForbidsPlan,
  guardrailOfOtherConfig,
  guardrailMadeElsewhere,
  guardrailBlocksDeploys,
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
    return level === 'off' ? [] : check.run(input).map((found) => findingOf(check.id, level, found));
  });
  return sortBy(
    findings,
    ({ level }) => `${LEVELS.indexOf(level)}`,
    ({ id }) => id,
    ({ message }) => message,
  );
}

const LEVELS: readonly Finding['level'][] = ['error', 'warning', 'note'];

/** What is only worth a note stays one, whatever level the config gives the check. */
function findingOf(id: string, level: CheckLevel, { isNote = false, message, remedy, ...found }: Found): Finding {
  // What others registered may hold secrets, and the plan is written to a file.
  return { id, level: isNote ? 'note' : level, message: redactText(message), remedy: redactText(remedy), ...found };
}
