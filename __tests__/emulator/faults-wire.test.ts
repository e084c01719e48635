import { describe, expect, it } from '@jest/globals';
import type { Emulator } from '../../emulator/index.js';
import {
  BINDING_MASK,
  baseWorld,
  binding,
  EGRESS,
  ENGINE_A,
  ENGINES,
  failureOf,
  raw,
  withEmulator,
} from './helpers.js';

const GET = `${ENGINES}/${ENGINE_A}`;
const PATCH = `${GET}?${BINDING_MASK}`;

describe('reset', () => {
  it.each([
    ['before', 0],
    ['after', 1],
  ] as const)('%s the commit: no answer, %i operations', async (at, operations) => {
    await withEmulator(
      baseWorld(),
      async (emulator) => {
        expect(await failureOf(raw(emulator, 'PATCH', PATCH, binding(EGRESS)))).toMatch(
          /^(ECONNRESET|UND_ERR_SOCKET)$/,
        );
        expect(emulator.world.dump().operations).toHaveLength(operations);
        expect(emulator.requests).toMatchObject([
          { status: 0, carriedOut: at === 'after', faults: [{ id: 'fault-1', kind: 'reset' }] },
        ]);
      },
      [{ kind: 'reset', at }],
    );
  });

  it('midway: status and half of the body arrive', async () => {
    await withEmulator(
      baseWorld(),
      async (emulator) => {
        const response = await fetch(`${emulator.url}/${GET}`, { headers: { authorization: 'Bearer token' } });
        expect([response.status, response.headers.get('content-type')]).toEqual([
          200,
          'application/json; charset=UTF-8',
        ]);
        expect(await failureOf(response.text())).toMatch(/^(ECONNRESET|UND_ERR_SOCKET)$/);
        expect(emulator.requests).toMatchObject([{ status: 200, carriedOut: true }]);
      },
      [{ kind: 'reset', at: 'midway' }],
    );
  });

  it('hits that connection only', async () => {
    await withEmulator(
      baseWorld(),
      async (emulator) => {
        const requests = Array.from({ length: 6 }, () => raw(emulator, 'GET', GET));
        const ended = await Promise.allSettled(requests);
        expect(ended.filter(({ status }) => status === 'rejected')).toHaveLength(1);
        expect((await raw(emulator, 'GET', GET)).status).toBe(200);
      },
      [{ kind: 'reset', at: 'before', when: { nth: 3 } }],
    );
  });
});

describe('slow', () => {
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const hasFired = async ({ requests }: Emulator): Promise<void> => {
    while (requests[0]?.faults === undefined) await pause(5);
  };

  const isCarriedOut = async ({ requests }: Emulator, wanted: boolean): Promise<void> => {
    while (requests[0]?.carriedOut !== wanted) await pause(5);
  };

  it.each([{ firstByteMs: 100 }, { bodyMs: 100 }, { firstByteMs: 50, bodyMs: 50 }])(
    '%j: whole in the end',
    async (ms) => {
      await withEmulator(
        baseWorld(),
        async (emulator) => {
          const start = performance.now();
          const { status, text } = await raw(emulator, 'GET', GET);
          expect(performance.now() - start).toBeGreaterThanOrEqual(95);
          expect(JSON.parse(text)).toMatchObject({ displayName: 'Support agent' });
          expect(emulator.requests).toMatchObject([{ status, faults: [{ kind: 'slow' }] }]);
        },
        [{ kind: 'slow', ...ms }],
      );
    },
  );

  it('body: status and half of it come at once', async () => {
    await withEmulator(
      baseWorld(),
      async (emulator) => {
        const response = await fetch(`${emulator.url}/${GET}`, { headers: { authorization: 'Bearer token' } });
        expect(response.status).toBe(200);
        const reader = (response.body as ReadableStream<Uint8Array>).getReader();
        const { value } = await reader.read();
        expect(new TextDecoder().decode(value)).toMatch(/^\{\n {2}"name"/);
        const rest = await Promise.race([reader.read(), pause(100)]);
        expect(rest).toBeUndefined();
      },
      [{ kind: 'slow', bodyMs: 60_000 }],
    );
  });

  it.each([
    ['after', true],
    ['before', false],
  ] as const)('%s (made when the client gives up: %p): made in the end', async (at, made) => {
    await withEmulator(
      baseWorld(),
      async (emulator) => {
        const client = new AbortController();
        const request = fetch(`${emulator.url}/${PATCH}`, {
          method: 'PATCH',
          headers: { authorization: 'Bearer token' },
          body: JSON.stringify(binding(EGRESS)),
          signal: client.signal,
        });
        await hasFired(emulator);
        await isCarriedOut(emulator, made);
        client.abort();
        await expect(request).rejects.toThrow('aborted');
        await isCarriedOut(emulator, true);
        expect(emulator.world.dump().operations).toHaveLength(1);
      },
      [{ kind: 'slow', firstByteMs: 2000, at }],
    );
  });

  it('does not keep the emulator from closing', async () => {
    let request: Promise<string> | undefined;
    await withEmulator(
      baseWorld(),
      async (emulator) => {
        request = failureOf(raw(emulator, 'GET', GET));
        await hasFired(emulator);
      },
      [{ kind: 'slow', firstByteMs: 600_000 }],
    );
    expect(await request).toMatch(/^(ECONNRESET|UND_ERR_SOCKET)$/);
  });

  it('goes together with what answers', async () => {
    await withEmulator(
      baseWorld(),
      async (emulator) => {
        const start = performance.now();
        expect((await raw(emulator, 'GET', GET)).status).toBe(503);
        expect(performance.now() - start).toBeGreaterThanOrEqual(95);
        expect(emulator.requests[0]?.faults).toEqual([
          { id: 'slow', kind: 'slow' },
          { id: 'down', kind: 'status' },
        ]);
      },
      [
        { id: 'slow', kind: 'slow', firstByteMs: 100 },
        { id: 'down', kind: 'status', status: 503 },
      ],
    );
  });
});
