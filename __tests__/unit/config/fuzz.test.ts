import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { prepare, type Prepared } from '../../../src/commands/prepare.js';
import { InvalidInput } from '../../../src/commands/session.js';
import { formatProblem, MOST_PROBLEMS } from '../../../src/config/problems.js';
import type { RawInputs } from '../../../src/config/raw-inputs.js';
import { command, CONFIG, inputs, type Command } from '../../support/commands.js';
import { anyText } from '../../support/text.js';

/*
 * From the bytes of a file and the text of the inputs to a desired state or a list of problems, as a run does it: total,
 * without a request, and every problem with its place.
 */

let run: Command;
const asked: string[] = [];
beforeAll(() => {
  run = command();
});
afterAll(() => run.cleanUp());

async function load(bytes: Uint8Array, given: Partial<RawInputs>): Promise<Prepared | InvalidInput> {
  writeFileSync(path.join(run.folder, 'agent-gateway.yaml'), bytes);
  const fetch = (url: string): never => {
    asked.push(url);
    throw new Error('a request');
  };
  try {
    return await prepare(inputs({ desired: given }), { ...run.session, fetch });
  } catch (error) {
    if (error instanceof InvalidInput) return error;
    throw error;
  }
}

async function expectTotal(bytes: Uint8Array, given: Partial<RawInputs>): Promise<'fine' | 'refused'> {
  const end = await load(bytes, given);
  expect(asked).toEqual([]);
  expect(Object.prototype).not.toHaveProperty('polluted');
  if (!(end instanceof InvalidInput)) return 'fine';
  expect(end.problems.length).toBeGreaterThan(0);
  expect(end.problems.length).toBeLessThanOrEqual(MOST_PROBLEMS + 1);
  for (const problem of end.problems) {
    const { origin, message, fix = 'none' } = problem;
    expect([message.trim(), fix.trim()]).not.toContain('');
    expect(origin).toEqual(
      origin.kind === 'file'
        ? {
            kind: 'file',
            file: 'agent-gateway.yaml',
            line: expect.any(Number) as unknown,
            column: expect.any(Number) as unknown,
          }
        : { kind: 'input', input: expect.stringMatching(/^\w+$/) as unknown },
    );
    expect(formatProblem(problem)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]|undefined|\[object|\bat \S+:\d+:\d+/u);
    expect(formatProblem(problem).length).toBeLessThan(6_000);
  }
  return 'refused';
}

const WORDS = [
  ...[
    'version: 1',
    'project: acme-agents',
    'region: us-central1',
    'gateways:',
    'egress: egress',
    'endpoints:',
    'agents:',
  ],
  ...[
    'engine: all',
    'allow: [',
    'urls: [https://',
    'presets: [iap]',
    'checks:',
    'guardrails:',
    'migrate: true',
    'none',
  ],
  ...[
    '- ',
    '  ',
    '\n',
    '\r',
    ': ',
    '? ',
    '{',
    '}',
    '[',
    ']',
    ',',
    '&a ',
    '*a',
    '*b',
    '<<: *a',
    '"',
    "'",
    '|\n',
    '>-\n',
    '\\',
    '\\u0000',
  ],
  ...[
    '!!str ',
    '!!binary ',
    '!!js/function ',
    '!x ',
    '%YAML 1.1',
    '%TAG ! x',
    '---\n',
    '...\n',
    '#',
    '\t',
    '\ufeff',
    '\u2028',
    '\u202e',
    '\u0085',
    '\u0000',
    '\ud83d',
  ],
  ...[
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    '{"__proto__": {"polluted": true}}',
    'null',
    '~',
    'yes',
    '0x1F',
    '1e999',
    '.nan',
    '-.inf',
    '4405152104998502400',
    '2026-01-01',
  ],
];
const word = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...WORDS) },
  { weight: 1, arbitrary: fc.string({ maxLength: 6 }) },
);
const soup = fc.array(word, { maxLength: 60 }).map((words) => Buffer.from(words.join('')));

/** A sound file with some of its parts doubled, moved, replaced or cut out. */
const edit = fc.record({
  at: fc.nat(),
  length: fc.nat(40),
  by: fc.oneof(
    word,
    fc.constant(''),
    fc.nat(300).map((at) => CONFIG.slice(at, at + 20)),
  ),
});
const edited = fc.array(edit, { minLength: 1, maxLength: 6 }).map((edits) =>
  Buffer.from(
    edits.reduce((text, { at, length, by }) => {
      const from = at % (text.length + 1);
      return text.slice(0, from) + by + text.slice(from + length);
    }, CONFIG),
  ),
);
const encoded = fc
  .tuple(
    fc.constantFrom('utf16le', 'latin1', 'utf8'),
    fc.constantFrom('', '\ufeff'),
    fc.constantFrom(CONFIG, '', 'ü: ü'),
  )
  .map(([encoding, mark, text]) => Buffer.from(mark + text, encoding as BufferEncoding));
const file = fc.oneof(
  { weight: 3, arbitrary: edited },
  { weight: 3, arbitrary: soup },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }) },
  { weight: 1, arbitrary: encoded },
  { weight: 1, arbitrary: fc.constant(Buffer.from(CONFIG)) },
);

const item = fc.oneof(
  word,
  anyText({ maxLength: 10 }),
  fc.webUrl(),
  fc.constantFrom('iap', 'https://x.example.com', '42', 'x'.repeat(3_000)),
);
const text = fc.oneof(
  { weight: 15, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.array(item, { maxLength: 5 }).map((items) => items.join('\n')) },
);
const given = fc.record<Partial<RawInputs>>({
  project_id: text,
  region: text,
  engines: text,
  egress_gateway: text,
  ingress_gateway: text,
  allow: text,
});

describe('from bytes to a desired state', () => {
  it('anything is taken or refused in words, and nothing is asked of anybody', async () => {
    const seen = { fine: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(file, given, async (bytes, more) => {
        seen[await expectTotal(bytes, more)] += 1;
      }),
      { numRuns: 400 },
    );
    // Otherwise the property would be about one kind of end alone.
    expect(Math.min(seen.fine, seen.refused)).toBeGreaterThan(10);
  });
});
