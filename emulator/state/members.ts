import type { State } from './state.js';

const AGENT_DOMAIN = /^agents\.global\.(org|proj)-\d+\.system\.id\.goog$/;
const SINGLE = /^\/resources\/aiplatform\/projects\/\d+\/locations\/[^/]+\/reasoningEngines\/[^/]+$/;
const SETS = [
  /^\/\*$/,
  /^\/attribute\.platformContainer\/aiplatform\/projects\/\d+$/,
  /^\/attribute\.container\/projects\/\d+$/,
  /^\/attribute\.platform\/aiplatform$/,
];
const EMAIL_KINDS = ['user', 'serviceAccount', 'group'];

/**
 * Why IAM refuses a member, or nothing. Forms: Agent Identity page and IAM's principal identifiers; an unknown trust domain is a
 * 400, a known but wrong one is accepted and inert (public live reports).
 */
export function memberProblem(state: State, member: string): string | undefined {
  if (member === 'allUsers' || member === 'allAuthenticatedUsers') return undefined;
  const [kind, rest] = split(member);
  if (kind === 'deleted') return memberProblem(state, rest.replace(/\?uid=.*$/, ''));
  if (EMAIL_KINDS.includes(kind)) return /^[^@\s]+@[^@\s]+$/.test(rest) ? undefined : `Invalid member ${member}.`;
  if (kind === 'domain') return rest.includes('.') ? undefined : `Invalid member ${member}.`;
  if (kind === 'principal' || kind === 'principalSet') return principalProblem(state, member, kind, rest);
  return `The member ${member} is of an unknown type. Please set a valid type prefix for the member.`;
}

/** Is it one of the set forms? */
export function isPrincipalSet(member: string): boolean {
  return member.startsWith('principalSet://');
}

function split(member: string): [string, string] {
  const colon = member.indexOf(':');
  return colon < 0 ? ['', ''] : [member.slice(0, colon), member.slice(colon + 1)];
}

function principalProblem(state: State, member: string, kind: string, rest: string): string | undefined {
  const match = /^\/\/([^/]+)(\/.*)$/.exec(rest);
  const [, domain = '', path = ''] = match ?? [];
  if (domain === 'iam.googleapis.com' || domain === 'cloudresourcemanager.googleapis.com') return undefined;
  if (!AGENT_DOMAIN.test(domain)) {
    return `The member ${member} is of an unknown type. Please set a valid type prefix for the member.`;
  }
  if (!state.trustDomains.has(domain)) return `Identity Pool does not exist (${domain}).`;
  const fits = kind === 'principal' ? SINGLE.test(path) : SETS.some((form) => form.test(path));
  return fits ? undefined : `Invalid principal ${member}.`;
}

/** Does this policy member cover the principal? The three set forms of agent identities, or the principal itself. */
export function covers(member: string, principal: string): boolean {
  if (member === principal) return true;
  const set = /^principalSet:\/\/([^/]+)\/(.+)$/.exec(member);
  const single = /^principal:\/\/([^/]+)\/resources\/aiplatform\/projects\/(\d+)\//.exec(principal);
  if (!set || !single || set[1] !== single[1]) return false;
  return [
    '*',
    'attribute.platform/aiplatform',
    `attribute.platformContainer/aiplatform/projects/${single[2] ?? ''}`,
  ].includes(set[2] ?? '');
}
