import { describe, expect, it } from '@jest/globals';
import { NOTHING_REMOVED } from '../../../src/apply/prune.js';
import type { ApplyResult } from '../../../src/apply/result.js';
import type { Failure } from '../../../src/failure.js';
import { doneSoFar, stillOpen } from '../../../src/report/open.js';
import { desired, endpoint, observed, observedEngine, ownedService } from '../../support/builders.js';
import { planned } from '../../support/plan.js';
import { fleetWant, fleetWorld, resultOf } from '../../support/reports.js';
import { without } from '../../support/without.js';

const plan = planned(fleetWant, fleetWorld());
const failure: Failure = { reason: 'grant-failed', message: 'no', next: [] };
const lines = (result: ApplyResult, of = plan): string[] => stillOpen(of, result);

it('nothing is open when all is done', () => {
  expect(lines(resultOf(plan))).toEqual([]);
});

it('everything is open when nothing was reached', () => {
  expect(
    lines({ services: new Map(), engines: new Map(), guardrails: new Map(), removals: NOTHING_REMOVED, failures: [] }),
  ).toEqual([
    'Endpoint google-apis (google-apis): not registered.',
    'Endpoint google-apis (google-apis): 4 grants not given, "Research agent", "Support agent", "Refund agent", "Billing agent".',
    expect.stringMatching(/^Endpoint stripe-api \(payments-stripe\): 3 grants not given, .*principal:/),
    'Endpoint ticket-system (ticket-system): not registered.',
    'Endpoint ticket-system (ticket-system): 1 grant not given, "Support agent".',
    'Engine "Research agent" (3483603031247814656): bind, egress not bound → egress, ingress not bound → ingress: not reached.',
    'Engine "Support agent" (4405152104998502400): bind, egress not bound → egress, ingress not bound → ingress: not reached.',
    'Engine "Refund agent" (6120587744829014016): add egress, egress not bound → egress: not reached.',
    'Engine "Billing agent" (8652609503562301440): add egress, egress not bound → egress: not reached.',
  ]);
});

describe('an endpoint that failed', () => {
  const ended = (more: object, strip = false): ApplyResult => {
    const result = resultOf(plan, { 'ticket-system': { status: 'failed', granted: 0, failure, ...more } });
    if (!strip) return result;
    const services = new Map([...result.services].map(([name, of]) => [name, without(of, 'registryResource')]));
    return { ...result, services };
  };

  it('is not registered while it has no registry resource', () => {
    expect(lines(ended({}, true))).toEqual([
      'Endpoint ticket-system (ticket-system): not registered.',
      'Endpoint ticket-system (ticket-system): 1 grant not given, "Support agent".',
    ]);
  });

  it('lacks only its grants once it is registered', () => {
    expect(lines(ended({}))).toEqual(['Endpoint ticket-system (ticket-system): 1 grant not given, "Support agent".']);
  });

  it('may still have the hosts that were to go', () => {
    const want = desired({ endpoints: [endpoint('tickets', ['a.example'])] });
    const of = planned(want, observed({ services: [ownedService('tickets', ['a.example', 'b.example'])] }));
    expect(lines(resultOf(of, { tickets: { status: 'failed', failure } }), of)).toEqual([
      'Endpoint tickets (tickets): hosts that are no longer declared may still be there.',
    ]);
  });
});

it('an engine that failed is told from one that was stopped or not reached', () => {
  const result = resultOf(
    plan,
    {},
    {
      'Research agent': { status: 'failed', failure },
      'Refund agent': { status: 'pending' },
      'Billing agent': { status: 'pending', failure: { ...failure, reason: 'timeout' } },
    },
  );
  expect(lines(result)).toEqual([
    expect.stringMatching(/^Engine "Research agent" .*: failed\.$/),
    expect.stringMatching(/^Engine "Refund agent" .*: not reached\.$/),
    expect.stringMatching(/^Engine "Billing agent" .*: stopped before the end\.$/),
  ]);
});

it('many members are counted', () => {
  const engines = Array.from({ length: 9 }, (_, index) => observedEngine(`${index + 1}`, { allow: ['tickets'] }));
  const of = planned(desired({ endpoints: [endpoint('tickets', ['a.example'])] }), observed({ engines }));
  const [, grants] = lines(
    { services: new Map(), engines: new Map(), guardrails: new Map(), removals: NOTHING_REMOVED, failures: [] },
    of,
  );
  expect(grants).toBe(
    'Endpoint tickets (tickets): 9 grants not given, "agent 1", "agent 2", "agent 3", "agent 4", "agent 5" and 4 more.',
  );
});

describe('what is done', () => {
  const nothing: ApplyResult = {
    services: new Map(),
    engines: new Map(),
    guardrails: new Map(),
    removals: NOTHING_REMOVED,
    failures: [],
  };

  it('is nothing when nothing was reached', () => {
    expect(doneSoFar(plan, nothing)).toEqual([]);
  });

  it('is every change when all went well', () => {
    expect(doneSoFar(plan, resultOf(plan))).toEqual([
      'Endpoint google-apis (google-apis): registered.',
      'Endpoint google-apis (google-apis): 4 grants given.',
      'Endpoint stripe-api (payments-stripe): 3 grants given.',
      'Endpoint ticket-system (ticket-system): registered.',
      'Endpoint ticket-system (ticket-system): 1 grant given.',
      'Engine "Research agent" (3483603031247814656): bind, egress not bound → egress, ingress not bound → ingress: done.',
      'Engine "Support agent" (4405152104998502400): bind, egress not bound → egress, ingress not bound → ingress: done.',
      'Engine "Refund agent" (6120587744829014016): add egress, egress not bound → egress: done.',
      'Engine "Billing agent" (8652609503562301440): add egress, egress not bound → egress: done.',
    ]);
  });

  it('and what is open are the whole plan, each once', () => {
    const ended = resultOf(
      plan,
      { 'ticket-system': { status: 'failed', granted: 0, failure } },
      { 'Support agent': { status: 'failed', failure }, 'Billing agent': { status: 'pending' } },
    );
    const subject = (line: string): string => line.replace(/: (?:done|failed|not reached)\.$/, '');
    const both = [...doneSoFar(plan, ended), ...lines(ended)].filter((line) => line.startsWith('Engine'));
    const all = lines(nothing).filter((line) => line.startsWith('Engine'));
    expect(both.map(subject).sort()).toEqual(all.map(subject).sort());
    expect(doneSoFar(plan, ended)).toContain('Endpoint ticket-system (ticket-system): registered.');
    expect(doneSoFar(plan, ended).join('\n')).not.toMatch(/ticket-system.*grant|Support agent|Billing agent/);
  });
});
