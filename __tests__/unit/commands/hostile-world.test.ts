import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { applyCommand } from '../../../src/commands/apply.js';
import type { Outcome } from '../../../src/commands/outcome.js';
import type { Session } from '../../../src/commands/session.js';
import { GoogleError, TimeoutError } from '../../../src/google/errors.js';
import type { Fetch } from '../../../src/google/transport.js';
import { EGRESSOR, gatewayNamed, iapOf, service } from '../../support/builders.js';
import { command, CONFIG, inputs, type Command } from '../../support/commands.js';

/*
 * A compromised API or proxy: one answer of a run is not what it should be. Whatever it is, the run ends as a run does, and
 * what it writes, it writes where the config says.
 */

const VICTIM = 'projects/victim/locations/us-central1';
const junk = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    0,
    -1,
    1e300,
    true,
    [],
    {},
    [null],
    [[]],
    { name: {} },
    '..',
    '../../../victim',
    '\u0000\u001b[2K\n::error::x',
    `${VICTIM}/reasoningEngines/1`,
    `${VICTIM}/services/stripe`,
    `${VICTIM}/endpoints/agentregistry-1`,
    `${VICTIM}/agentGateways/egress`,
    'projects/7/locations/us-central1/reasoningEngines/1',
    'projects/acme-agents/locations/us-central1/endpoints/',
    'projects/-/locations/-/reasoningEngines/1',
    'https://evil.example/v1/projects/acme-agents/locations/us-central1/reasoningEngines/1',
    'projects/victim',
    'projects/7',
    'x'.repeat(100_000),
    JSON.parse('['.repeat(150) + ']'.repeat(150)),
    JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}'),
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

/** Answers of a run in which nothing goes wrong, roughly. */
const ANSWERS = 25;

/** Which of the values of an answer is replaced, by its place among all of them. */
const damage = fc.record({ answer: fc.nat(ANSWERS - 1), value: fc.nat(1_000), by: junk, registered: fc.boolean() });
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

function damaged(json: unknown, { value, by }: Damage): unknown {
  let left = value % sizeOf(json);
  const visit = (here: unknown): unknown => {
    if (left === 0) {
      left -= 1;
      return by;
    }
    left -= 1;
    if (Array.isArray(here)) return here.map(visit);
    if (typeof here !== 'object' || here === null) return here;
    return Object.fromEntries(Object.entries(here).map(([key, member]) => [key, visit(member)]));
  };
  return visit(json);
}

function sizeOf(json: unknown): number {
  if (typeof json !== 'object' || json === null) return 1;
  return Object.values(json).reduce<number>((sum, member) => sum + sizeOf(member), 1);
}

/** The nth answer is damaged. */
function through(fetch: Fetch, how: Damage): Fetch {
  let answers = 0;
  return async (url, init) => {
    const answer = await fetch(url, init);
    answers += 1;
    if (answers !== how.answer + 1) return answer;
    const other = JSON.stringify(damaged(JSON.parse(await answer.text()), how));
    return { ...answer, text: () => Promise.resolve(other) };
  };
}

function scene(registered: boolean): Command {
  const run = command();
  run.config(CONFIG);
  const { google } = run.on;
  google.engines.add('1', { displayName: 'Support agent' });
  google.engines.add('2', { displayName: 'Billing agent' });
  google.registry.services.set(service('theirs', []).name, service('theirs', ['their.example.com']));
  if (registered) google.registry.services.set(service('stripe', []).name, service('stripe', ['api.stripe.com']));
  google.putPolicy(iapOf('theirs'), [{ role: EGRESSOR, members: ['user:somebody@example.com'] }]);
  return run;
}

/** A session with one damaged answer; it ends when its time is over, as the runner's does. */
function sessionOf({ session, on }: Command, how: Damage): Session {
  const sleep: Session['clock']['sleep'] = async (ms, signal) => {
    if (session.clock.now() + ms > session.deadline) on.stop(new TimeoutError('the time limit of this run is over'));
    return session.clock.sleep(ms, signal);
  };
  return { ...session, fetch: through(session.fetch, how), clock: { now: () => session.clock.now(), sleep } };
}

function expectAtHome(run: Command): void {
  const { google } = run.on;
  for (const { method, resource } of google.writes()) {
    expect(`${method} ${resource}`).toMatch(/^\S+ projects\/(?:acme-agents|101010)\/locations\/us-central1\/[\w./-]+$/);
    expect(resource).not.toMatch(/agentRegistry(?:\/endpoints)?\/?$/);
  }
  // The engine that nobody declared, and the policy that nobody asked about.
  expect(google.called('aiplatform.patch').filter((name) => !name.endsWith('/1'))).toEqual([]);
  expect(google.policies.get(iapOf('theirs'))?.bindings).toEqual([
    { role: EGRESSOR, members: ['user:somebody@example.com'] },
  ]);
  for (const { body } of google.calls.filter(({ method }) => method === 'aiplatform.patchGatewayConfig')) {
    expect(JSON.stringify(body)).toContain(gatewayNamed('egress'));
  }
}

/** An error of the program itself, such as a TypeError, would say nothing of what was asked. */
const FORMS = { GoogleError: /\b(?:GET|POST|PATCH) \S*v\d\S* /, ResourceNameError: /does not name one/ };

function expectTold(end: Outcome | Error): void {
  const messages = end instanceof Error ? [end.message] : end.failures.map(({ message }) => message);
  for (const message of messages) expect(message).not.toMatch(/Cannot read|is not (?:a function|iterable)|call stack/);
  // A name that no request may be built from is refused before there is a request to name.
  const kind = end instanceof GoogleError ? 'GoogleError' : 'ResourceNameError';
  const typed = end instanceof Error ? [`${end instanceof GoogleError ? kind : end.name}: ${end.message}`] : [];
  for (const text of typed) expect(text).toMatch(new RegExp(`^${kind}: .*${FORMS[kind].source}`, 's'));
}

describe('an answer that is not what it should be', () => {
  it('is an error that says what was asked, or does no harm: nothing is ever written elsewhere', async () => {
    const seen = { typed: 0, failed: 0, fine: 0 };
    await fc.assert(
      fc.asyncProperty(damage, async (how) => {
        const run = scene(how.registered);
        try {
          const end: Outcome | Error = await applyCommand(inputs(), sessionOf(run, how)).catch(
            (error: unknown) => error as Error,
          );
          expectAtHome(run);
          expectTold(end);
          seen[end instanceof Error ? 'typed' : end.failures.length > 0 ? 'failed' : 'fine'] += 1;
        } finally {
          run.cleanUp();
        }
      }),
      { numRuns: 200 },
    );
    // Otherwise the property would be about one kind of end alone.
    expect(Math.min(seen.typed, seen.fine)).toBeGreaterThan(10);
  });
});
