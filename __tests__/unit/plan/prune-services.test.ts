import { describe, expect, it } from '@jest/globals';
import type { Desired } from '../../../src/config/desired.js';
import type { IamPolicy, RegistryService } from '../../../src/google/types.js';
import type { Observed } from '../../../src/observe/observed.js';
import { planDifference } from '../../../src/plan/difference.js';
import { plannedResources } from '../../../src/plan/plan.js';
import { endpointChanges, grantChanges } from '../../../src/plan/types.js';
import {
  agent,
  desired,
  EGRESSOR,
  endpoint,
  markOf,
  memberOf,
  observed,
  observedEngine,
  ownedService,
  policyOf,
  PROJECT,
  resourceOf,
  service,
  serviceNamed,
  UNIVERSE,
  type ObservedParts,
} from '../../support/builders.js';
import { planned } from '../../support/plan.js';
import { without } from '../../support/without.js';

const stripe = endpoint('stripe', ['api.stripe.com']);
const want = (more: Partial<Desired> = {}): Desired => desired({ endpoints: [stripe], prune: true, ...more });
const STRIPE = ownedService('stripe', ['api.stripe.com']);
const OLD = ownedService('old-tickets', ['tickets.example.com', 'files.example.com']);

const world = (old: RegistryService = OLD, policy?: IamPolicy, more: ObservedParts = {}): Observed =>
  observed({
    engines: [observedEngine('1', { allow: ['stripe'] })],
    services: [STRIPE, old],
    policies: { stripe: policyOf([memberOf('1')]), ...(policy ? { 'old-tickets': policy } : {}) },
    gone: new Set(['404']),
    ...more,
  });

/** `key action`, one line per endpoint change. */
const outline = (wanted: Desired, seen: Observed): string[] =>
  endpointChanges(planned(wanted, seen)).map(({ key, action }) => `${key} ${action}`);
const notes = (wanted: Desired, seen: Observed): string[] =>
  planned(wanted, seen)
    .checks.filter(({ id }) => ['prunable', 'prune-kept'].includes(id))
    .map(({ id, level, message }) => `${id} ${level}: ${message}`);
const kept = (seen: Observed, wanted = want()): string => {
  expect(outline(wanted, seen).filter((line) => line.endsWith(' remove'))).toEqual([]);
  return notes(wanted, seen).join('\n');
};

describe('a service that this config made and no longer declares', () => {
  it('is removed, with what is granted on it', () => {
    const plan = planned(want(), world(OLD, policyOf([memberOf('1'), memberOf('404')])));
    expect(endpointChanges(plan)).toMatchObject([
      {
        key: 'old-tickets',
        action: 'remove',
        service: serviceNamed('old-tickets'),
        registryResource: resourceOf('old-tickets'),
        interfaces: [
          { action: 'remove', url: 'https://files.example.com' },
          { action: 'remove', url: 'https://tickets.example.com' },
        ],
        members: [memberOf('1'), memberOf('404')],
      },
      { key: 'stripe', action: 'keep' },
    ]);
    expect(grantChanges(plan)).toMatchObject([{ action: 'keep' }]);
    expect(plan.summary).toEqual({ register: 0, grant: 0, bind: 0, remove: 1 });
  });

  it('is listed without prune, and stays', () => {
    const seen = world(OLD, policyOf([memberOf('1')]));
    expect(outline(want({ prune: false }), seen)).toEqual(['stripe keep']);
    expect(notes(want({ prune: false }), seen)).toEqual([
      'prunable note: Endpoint old-tickets (projects/acme-agents/locations/us-central1/services/old-tickets) was made by this config and is no longer declared; it has 2 hosts, granted to "agent 1".',
    ]);
    expect(planned(want({ prune: false }), seen)).toMatchObject({ summary: { remove: 0 } });
  });

  it('is known by the project number as well', () => {
    const byNumber = { ...OLD, name: serviceNamed('old-tickets', PROJECT.number) };
    expect(outline(want(), world(byNumber))).toEqual(['old-tickets remove', 'stripe keep']);
  });

  it('has its policy read, so that it is known who else uses it', () => {
    expect(plannedResources(want(), world(), UNIVERSE)).toEqual([resourceOf('stripe'), resourceOf('old-tickets')]);
    expect(plannedResources(want({ partial: true }), world(), UNIVERSE)).toEqual([resourceOf('stripe')]);
  });

  it('is removed when no endpoint is declared any more', () => {
    const seen = world(OLD, policyOf([memberOf('1')]));
    expect(outline(want({ endpoints: [], agents: [agent('1', [])] }), seen)).toEqual([
      'old-tickets remove',
      'stripe remove',
    ]);
  });

  it('shows in the difference of two plans', () => {
    const [before, after] = [planned(want(), world(STRIPE)), planned(want(), world())];
    expect(planDifference(before, after)).toEqual([
      `now:      endpoint old-tickets: remove ${serviceNamed('old-tickets')} (remove https://files.example.com, remove https://tickets.example.com)`,
    ]);
  });
});

describe('a service is none of this config', () => {
  it.each<[string, RegistryService]>([
    ['without a mark', service('old-tickets', ['tickets.example.com'])],
    ['of another config', { ...OLD, description: markOf('old-tickets', 'other.yaml') }],
    ['of another repository', { ...OLD, description: markOf('old-tickets', 'acme/agents:agent-gateway.yaml') }],
    ['of another scope', { ...OLD, description: markOf('old-tickets').replace('us-central1', 'europe-west1') }],
    ['of a run with inputs alone', { ...OLD, description: 'Managed by bind-agent-gateway.' }],
    ['that has the mark of another one copied into it', { ...OLD, description: markOf('older-tickets') }],
  ])('%s', (_whose, old) => {
    expect(kept(world(old))).toBe('');
  });

  it.each<[string, Partial<Desired>]>([
    ['narrowed to some engines', { agents: [agent('1', ['stripe'])], only: [agent('1', []).selector], partial: true }],
    ['with inputs alone', { config: undefined, partial: true, allowGiven: true }],
    ['whose allow comes from an input', { allowGiven: true }],
  ])('in a run %s', (_run, more) => {
    expect(kept(world(), want(more))).toBe('');
    expect(kept(world(), want({ ...more, prune: false }))).toBe('');
  });
});

describe('a service that is no longer declared stays, and is named with the reason', () => {
  const conditional: IamPolicy = {
    etag: 'e1',
    bindings: [{ role: EGRESSOR, members: [memberOf('1')], condition: { expression: 'true' } }],
  };
  it.each<[string, IamPolicy, RegExp]>([
    [
      'somebody else',
      policyOf([memberOf('1'), 'group:b@example.com']),
      /others are granted on it too: group:b@example.com/,
    ],
    ['an engine that is not declared', policyOf([memberOf('3')]), /reasoningEngines\/3/],
    ['somebody under a condition', conditional, /"agent 1"/],
    [
      'somebody with another role',
      { etag: 'e1', bindings: [{ role: 'roles/iap.admin', members: ['user:a@example.com'] }] },
      /user:a@example\.com/,
    ],
  ])('while it grants %s', (_who, policy, reason) => {
    expect(kept(world(OLD, policy))).toMatch(reason);
    expect(kept(world(OLD, policy))).toContain('prune-kept note: Endpoint old-tickets ');
  });

  it('while another endpoint of the config uses its hosts', () => {
    const renamed = want({ endpoints: [stripe, endpoint('tickets', ['tickets.example.com'])] });
    expect(kept(world(), renamed)).toMatch(/endpoint tickets uses its hosts/);
  });

  it.each<[string, RegistryService, RegExp]>([
    [
      'whose description somebody has changed',
      { ...OLD, description: `${markOf('old-tickets')} Shared with payments.` },
      /changed its description/,
    ],
    [
      'that is an agent now',
      { ...without(OLD, 'endpointSpec'), agentSpec: { type: 'NO_SPEC' } },
      /an agent or an MCP server/,
    ],
    ['that has no endpoint yet', without(OLD, 'registryResource'), /has not made an endpoint of it yet/],
  ])('%s', (_what, old, reason) => {
    expect(kept(world(old))).toMatch(reason);
  });

  it('while others reach its hosts through the registry-wide policy', () => {
    const registryPolicy = policyOf(['group:everybody@example.com']);
    expect(kept(world(OLD, { etag: 'ACAB' }, { registryPolicy }))).toMatch(/registry-wide policy: group:everybody/);
    expect(kept(without(world(), 'registryPolicy'))).toMatch(/registry-wide policy could not be read/);
    // A policy of its own replaces the registry-wide one.
    expect(outline(want(), world(OLD, policyOf([memberOf('1')]), { registryPolicy }))).toContain('old-tickets remove');
    const ours = policyOf([memberOf('1'), memberOf('404')]);
    expect(outline(want(), world(OLD, { etag: 'ACAB' }, { registryPolicy: ours }))).toContain('old-tickets remove');
  });
});

it('a service that goes makes room for others', () => {
  const many = Array.from({ length: 88 }, (_, index) => service(`svc-${index}`, [`h${index}.example`]));
  const seen = world(OLD, policyOf([memberOf('1')]), { services: [STRIPE, OLD, ...many] });
  const near = (prune: boolean): boolean => planned(want({ prune }), seen).checks.some(({ id }) => id === 'quota-near');
  expect(near(false)).toBe(true);
  expect(near(true)).toBe(false);
});

it('services that could not be read for want of a right are said to be unread', () => {
  const seen = observed({ servicesUnread: 'Permission denied.' });
  const [finding] = planned(want({ endpoints: [] }), seen).checks.filter(({ id }) => id === 'not-readable');
  expect(finding?.message).toMatch(
    /nothing is said about endpoints that this config once declared: Permission denied\./,
  );
});
