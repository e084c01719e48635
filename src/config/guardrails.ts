import { fileHas, report, type Context, type Said } from './context.js';
import {
  DIRECTIONS,
  type ApprovedGateway,
  type DesiredGuardrails,
  type Direction,
  type EnforcementNode,
  type Origin,
} from './desired.js';
import { isGatewayId, namesGateway } from './gateways.js';
import { quote } from './problems.js';
import { isLocation, isProject, isProjectNumber } from './scope.js';

const NUMBER = /^[1-9][0-9]{0,18}$/;
const GATEWAY_FORM = 'Write projects/PROJECT_ID/locations/REGION/agentGateways/NAME.';

/** Whether the file declares guardrails and nothing that engines would have to be selected for. */
export function isGuardrailsAlone(context: Context): boolean {
  const { engines, allow } = context.inputs;
  return (
    fileHas(context, 'guardrails') &&
    !fileHas(context, 'agents') &&
    !fileHas(context, 'endpoints') &&
    !namesGateway(context) &&
    engines.trim() === '' &&
    allow.trim() === ''
  );
}

/** The guardrails of the file; `undefined` where it has none, or none that are sound. */
export function readGuardrails(context: Context): DesiredGuardrails | undefined {
  const { file } = context;
  const given = file?.value.guardrails;
  if (file === undefined || given === undefined) return undefined;
  const said = (key: 'organization' | 'enforce_on'): Said | undefined => {
    const text = given[key];
    return text === undefined ? undefined : { text: text.trim(), origin: file.locate(['guardrails', key]) };
  };
  const origin = file.locate(['guardrails'], 'key');
  const organization = readOrganization(context, said('organization'));
  const enforceOn = readNode(context, said('enforce_on'), organization);
  const approved: Partial<Record<Direction, readonly ApprovedGateway[]>> = {};
  for (const direction of DIRECTIONS) {
    const gateways = readApproved(context, direction);
    if (gateways !== undefined) approved[direction] = gateways;
  }
  reportNoDirection(context, origin);
  if (organization === undefined || enforceOn === undefined) return undefined;
  return { organization, approved, enforceOn, dryRun: given.dry_run ?? false, origin };
}

function readOrganization(context: Context, said: Said | undefined): string | undefined {
  if (said === undefined || NUMBER.test(said.text)) return said?.text;
  const fix = 'Write the number alone, in quotes: gcloud organizations list shows it.';
  report(context, said.origin, `${quote(said.text)} is not the number of an organization.`, fix);
  return undefined;
}

function readNode(
  context: Context,
  said: Said | undefined,
  organization: string | undefined,
): EnforcementNode | undefined {
  if (said === undefined) return undefined;
  const { text, origin } = said;
  const [, kind, id = ''] = /^(projects|folders|organizations)\/([^/]+)$/.exec(text) ?? [];
  if (kind === 'projects' && isProject(id)) return { kind, id };
  if (kind === 'folders' && NUMBER.test(id)) return { kind, id };
  if (kind !== 'organizations' || !NUMBER.test(id)) {
    report(
      context,
      origin,
      `${quote(text)} is no place for a policy.`,
      'Write projects/P, folders/N or organizations/N.',
    );
    return undefined;
  }
  if (organization === undefined || id === organization) return { kind, id };
  // A policy only knows the custom constraints of its own organization.
  const message = `${quote(text)} is not the organization of these guardrails, ${quote(organization)}.`;
  report(context, origin, message, `Write organizations/${organization}, or correct the organization.`);
  return undefined;
}

function readApproved(context: Context, direction: Direction): readonly ApprovedGateway[] | undefined {
  const { file } = context;
  const given = file?.value.guardrails?.[direction];
  if (file === undefined || given === undefined) return undefined;
  const gateways = given.flatMap((text, index) => {
    const origin = file.locate(['guardrails', direction, index]);
    return text !== undefined && isApprovable(context, { text, origin }) ? [{ name: text.trim(), origin }] : [];
  });
  // One that is listed twice is approved all the same.
  return [...new Map(gateways.map((gateway) => [gateway.name, gateway])).values()];
}

/** Whether the text is a gateway's full name with its project's ID; says what is wrong with it otherwise. */
function isApprovable(context: Context, { text, origin }: Said): boolean {
  const [, project = '', location = '', id = ''] =
    /^projects\/([^/]+)\/locations\/([^/]+)\/agentGateways\/([^/]+)$/.exec(text.trim()) ?? [];
  if (!isProject(project) || !isLocation(location) || !isGatewayId(id)) {
    report(context, origin, `${quote(text)} is not the full name of a gateway.`, GATEWAY_FORM);
    return false;
  }
  if (!isProjectNumber(project)) return true;
  const message = `${quote(text)} has the project's number, but the policy compares names as text and bindings are written with the project's ID.`;
  report(context, origin, message, `Write the project's ID instead of ${project}.`);
  return false;
}

/** Without a direction there is nothing to enforce; one that the schema refused is reported already. */
function reportNoDirection(context: Context, origin: Origin): void {
  const given = context.file?.value.guardrails;
  if (given === undefined || DIRECTIONS.some((direction) => Object.hasOwn(given, direction))) return;
  const fix = 'List the approved gateways under egress, ingress or both.';
  report(context, origin, 'The guardrails approve no gateway.', fix);
}
