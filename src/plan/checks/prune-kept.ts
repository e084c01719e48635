import type { KeptMembers } from '../prune-grants.js';
import type { KeptService } from '../prune-services.js';
import type { Check, CheckInput, Found } from './check.js';
import { memberName } from './members.js';
import { endpointOrigin, listed } from './wording.js';

/** What looks as if `prune` should take it away, and stays because it may be somebody else's. */
export const pruneKept: Check = {
  id: 'prune-kept',
  level: 'warning',
  run: (input) => [
    ...input.pruning.services.kept.map((kept) => keptService(kept, input)),
    // Who else is granted something is of interest to those who take away.
    ...(input.desired.prune ? input.pruning.grants.kept.map((kept) => keptMembers(kept, input)) : []),
  ],
};

function keptService({ key, service, why, who }: KeptService, { observed }: CheckInput): Found {
  const names = listed(who.map((member) => memberName(member, observed)).sort());
  const [reason, remedy] = SERVICES[why](names);
  return {
    message: `Endpoint ${key} (${service}) was made by this config and is no longer declared, but prune leaves it: ${reason}.`,
    remedy,
    isNote: true,
  };
}

const SERVICES: Readonly<Record<KeptService['why'], (names: string) => readonly [reason: string, remedy: string]>> = {
  'in-use': (names) => [
    `endpoint ${names} uses its hosts`,
    'Give the hosts their old key back; a service cannot be renamed.',
  ],
  edited: () => [
    'somebody has changed its description',
    'If nobody needs it: `gcloud agent-registry services delete`. Otherwise declare it again.',
  ],
  'not-an-endpoint': () => ['it is an agent or an MCP server now', 'Ask whoever made that of it.'],
  'no-endpoint-yet': () => [
    'the registry has not made an endpoint of it yet, so nobody can say who uses it',
    'Run again in a few minutes.',
  ],
  granted: (names) => [
    `others are granted on it too: ${names}`,
    'Let them move away first. An engine of yours has to be declared, allowed or not, for its grants to be yours.',
  ],
  'registry-wide': (names) => [
    names === ''
      ? 'the registry-wide policy could not be read, so others may reach its hosts through it'
      : `others reach its hosts through the registry-wide policy: ${names}`,
    'Let them move away first, or register the hosts elsewhere.',
  ],
};

function keptMembers({ service, keys, members, why }: KeptMembers, { desired, observed }: CheckInput): Found {
  const names = listed(members.map((member) => memberName(member, observed)).sort());
  const [reason, remedy] = MEMBERS[why](keys.join(', '));
  return {
    message: `The policy of service ${service} grants ${names}, and prune leaves that: ${reason}.`,
    remedy,
    isNote: true,
    ...endpointOrigin({ desired }, keys),
  };
}

const MEMBERS: Readonly<Record<KeptMembers['why'], (keys: string) => readonly [reason: string, remedy: string]>> = {
  last: (keys) => [
    'nobody else is in it, and an empty policy lets everybody in who has a registry-wide grant',
    `Allow an engine endpoint ${keys}, take the endpoint out of the config, or clear the registry-wide policy.`,
  ],
  undeclared: () => [
    'the config does not declare them, so another run may have granted this',
    'To take it away, declare the engine under `agents` without this endpoint.',
  ],
  'other-config': () => [
    'another config made the service, so the grant may be its own',
    'Take it away in that config, or by hand.',
  ],
  unconfirmed: () => [
    'their engine was not listed, and the identity of this job may not ask whether it is gone',
    "Give it aiplatform.reasoningEngines.get on the engines' project.",
  ],
};
