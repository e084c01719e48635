import { describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../../emulator/cli.js';
import { FAULT_APIS } from '../../emulator/faults/schema.js';
import type { FaultInput } from '../../emulator/index.js';
import { APIS } from '../../emulator/server.js';
import { baseWorld, ENGINE_A, ENGINE_B, ENGINES, PLACE, raw, SERVICES, withEmulator } from './helpers.js';

const DOWN = { kind: 'status', status: 503 } as const;

/** The statuses of some requests, one after the other. */
async function statuses(faults: FaultInput[], ...requests: [method: string, path: string][]): Promise<number[]> {
  const seen: number[] = [];
  await withEmulator(
    baseWorld(),
    async (emulator) => {
      for (const [method, path] of requests) seen.push((await raw(emulator, method, path)).status);
    },
    faults,
  );
  return seen;
}

const times = (count: number, path = ENGINES): [string, string][] => Array.from({ length: count }, () => ['GET', path]);

describe('which requests', () => {
  const ENGINE = `${ENGINES}/${ENGINE_A}`;
  const POLICY = `iap/v1/${PLACE}/iap_web/agentRegistry:getIamPolicy`;
  const requests: [string, string][] = [
    ['GET', ENGINES],
    ['GET', ENGINE],
    ['GET', `${ENGINE}/operations`],
    ['DELETE', ENGINE],
    ['GET', SERVICES],
    ['POST', POLICY],
  ];

  it.each<[FaultInput['match'], number[]]>([
    [{}, [0, 1, 2, 3, 4, 5]],
    [{ api: 'aiplatform' }, [0, 1, 2, 3]],
    [{ api: ['agentregistry', 'iap'] }, [4, 5]],
    [{ method: 'GET' }, [0, 1, 2, 4]],
    [{ method: ['DELETE', 'POST'] }, [3, 5]],
    [{ write: true }, [3]],
    [{ write: false }, [0, 1, 2, 4, 5]],
    [{ path: '**/reasoningEngines/*' }, [1, 3]],
    [{ path: '**/reasoningEngines' }, [0]],
    [{ path: '**/reasoningEngines/**' }, [1, 2, 3]],
    [{ path: '**:getIamPolicy' }, [5]],
    [{ path: '**/agentRegistry*' }, []],
    [{ path: '/v1/projects/*/locations/*/services' }, [4]],
    [{ path: '**/services', method: 'POST' }, []],
  ])('%j', async (match, hit) => {
    const seen = await statuses([{ ...DOWN, ...(match === undefined ? {} : { match }) }], ...requests);
    expect(seen.flatMap((status, index) => (status === 503 ? [index] : []))).toEqual(hit);
  });

  it('knows every API', () => {
    expect([...FAULT_APIS].sort()).toEqual([...APIS.map(({ name }) => name), 'oidc'].sort());
  });

  it('a request that is refused at the gate does not count', async () => {
    await withEmulator(
      baseWorld(),
      async (emulator) => {
        expect((await fetch(`${emulator.url}/${ENGINES}`)).status).toBe(401);
        expect((await raw(emulator, 'GET', 'aiplatform/v1/nothing')).status).toBe(404);
        expect(emulator.faults.list()).toMatchObject([{ matched: 0, fired: 0 }]);
        expect((await raw(emulator, 'GET', ENGINES)).status).toBe(503);
        expect(emulator.faults.list()).toMatchObject([{ matched: 1, fired: 1 }]);
      },
      [{ ...DOWN, when: { nth: 1 } }],
    );
  });
});

describe('when', () => {
  it.each<[FaultInput & { kind: 'status' }, number[]]>([
    [DOWN, [503, 503, 503, 503, 503]],
    [{ ...DOWN, when: 'every' }, [503, 503, 503, 503, 503]],
    [{ ...DOWN, when: { nth: 2 } }, [200, 503, 200, 200, 200]],
    [{ ...DOWN, when: { nth: [2, 4] } }, [200, 503, 200, 503, 200]],
    [{ ...DOWN, when: { first: 3 } }, [503, 503, 503, 200, 200]],
    [{ ...DOWN, when: { probability: 0 } }, [200, 200, 200, 200, 200]],
    [{ ...DOWN, when: { probability: 1 } }, [503, 503, 503, 503, 503]],
  ])('%j', async (fault, seen) => {
    expect(await statuses([fault], ...times(5))).toEqual(seen);
  });

  it('with a probability, the same seed hits the same requests, another seed others', async () => {
    const run = (seed: number): Promise<number[]> =>
      statuses([{ ...DOWN, when: { probability: 0.4, seed } }], ...times(60));
    const [first, again, other] = await Promise.all([run(1), run(1), run(2)]);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    const hits = first.filter((status) => status === 503).length;
    expect(hits).toBeGreaterThan(12);
    expect(hits).toBeLessThan(36);
  });

  it('and requests that swap places are hit all the same', async () => {
    const fault: FaultInput = { ...DOWN, when: { probability: 0.5, seed: 3 } };
    const [a, b] = [times(10, `${ENGINES}/${ENGINE_A}`), times(10, `${ENGINES}/${ENGINE_B}`)];
    const mixed = await statuses([fault], ...a.flatMap((request, index) => [request, b[index] ?? request]));
    const apart = await statuses([fault], ...b, ...a);
    expect(mixed.filter((_status, index) => index % 2 === 0)).toEqual(apart.slice(10));
    expect(mixed.filter((_status, index) => index % 2 === 1)).toEqual(apart.slice(0, 10));
  });
});

describe('several faults', () => {
  it('the first that answers wins, and all of them count', async () => {
    await withEmulator(
      baseWorld(),
      async (emulator) => {
        const seen = [];
        for (let n = 0; n < 4; n += 1) seen.push((await raw(emulator, 'GET', ENGINES)).status);
        expect(seen).toEqual([503, 503, 429, 200]);
        expect(emulator.faults.list()).toMatchObject([
          { id: 'down', matched: 4, fired: 2 },
          { id: 'fault-1', matched: 4, fired: 1, fault: { kind: 'status', at: 'before' } },
        ]);
      },
      [
        { ...DOWN, id: 'down', when: { first: 2 } },
        { kind: 'status', status: 429, when: { first: 3 } },
      ],
    );
  });

  it('come and go while it runs', async () => {
    await withEmulator(baseWorld(), async (emulator) => {
      expect(emulator.faults.add([DOWN, { ...DOWN, id: 'mine' }])).toEqual(['fault-1', 'mine']);
      expect(() => emulator.faults.add({ ...DOWN, id: 'mine' })).toThrow('There is a fault with the id mine already.');
      expect(() => emulator.faults.add({ ...DOWN, id: 'fault-1' })).toThrow('already');
      expect([emulator.faults.remove('fault-1'), emulator.faults.remove('fault-1')]).toEqual([true, false]);
      expect((await raw(emulator, 'GET', ENGINES)).status).toBe(503);
      emulator.faults.clear();
      expect(emulator.faults.list()).toEqual([]);
      expect((await raw(emulator, 'GET', ENGINES)).status).toBe(200);
      expect(emulator.faults.add(DOWN)).toEqual(['fault-2']);
    });
  });
});

describe('from another process', () => {
  it('set, looked at and taken away under /_emulator/faults', async () => {
    await withEmulator(baseWorld(), async (emulator, call) => {
      const added = await call('POST', '_emulator/faults', [
        { ...DOWN, when: { nth: 1 } },
        { ...DOWN, id: 'all' },
      ]);
      expect(added).toEqual({ status: 200, body: { ids: ['fault-1', 'all'] } });
      expect((await call('POST', '_emulator/faults', { kind: 'html', when: { nth: 9 } })).body).toEqual({
        ids: ['fault-2'],
      });
      expect((await call('GET', ENGINES)).status).toBe(503);
      expect((await call('GET', '_emulator/faults')).body.faults).toMatchObject([
        { id: 'fault-1', matched: 1, fired: 1 },
        { id: 'all', matched: 1, fired: 0 },
        { id: 'fault-2', matched: 1, fired: 0, fault: { kind: 'html', status: 502, at: 'before' } },
      ]);
      expect((await call('GET', '_emulator/requests')).body.requests).toMatchObject([
        { status: 503, faults: [{ id: 'fault-1', kind: 'status' }] },
      ]);
      expect((await call('DELETE', '_emulator/faults/all')).status).toBe(200);
      expect((await call('DELETE', '_emulator/faults/all')).status).toBe(404);
      expect((await call('GET', ENGINES)).status).toBe(200);
      await call('DELETE', '_emulator/faults');
      expect(emulator.faults.list()).toEqual([]);
    });
  });

  it.each<[unknown, string]>([
    [{ kind: 'sttus' }, 'faults[0].kind: '],
    [[DOWN, { ...DOWN, status: 418 }], 'faults[1].status: '],
    [{ ...DOWN, macth: {} }, 'faults[0]: Unrecognized key: "macth"'],
    [{ ...DOWN, match: { api: 'aiplatfrom' } }, 'faults[0].match.api: '],
    [{ ...DOWN, when: { nth: 0 } }, 'faults[0].when.nth: '],
    [{ kind: 'token-expires', afterRequests: 1, when: { nth: 1 } }, 'Unrecognized key: "when"'],
    [null, 'faults[0]: '],
  ])('%j is refused', async (fault, problem) => {
    await withEmulator(baseWorld(), async (emulator, call) => {
      const { status, body } = await call('POST', '_emulator/faults', fault);
      expect(status).toBe(400);
      expect(body.error).toContain(problem);
      expect(emulator.faults.list()).toEqual([]);
    });
  });

  it('given on the command line', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'emulator-'));
    const [file, broken, torn] = ['faults.yaml', 'broken.yaml', 'torn.yaml'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    await writeFile(file, '- kind: reset\n  at: before\n  match: { path: "**/reasoningEngines" }\n');
    await writeFile(broken, '- kind: resset\n');
    await writeFile(torn, '- kind: "');
    const run = (path: string): ReturnType<typeof runCli> =>
      runCli(['--faults', path], { out: () => undefined, err: () => undefined });
    const emulator = await run(file);
    expect(emulator?.faults.list()).toMatchObject([{ id: 'fault-1', fault: { kind: 'reset', when: 'every' } }]);
    await emulator?.close();
    await expect(run(broken)).rejects.toThrow(`${broken}: These are no faults:\n  faults[0].kind: `);
    await expect(run(torn)).rejects.toThrow(`${torn}: `);
    await rm(folder, { recursive: true });
  });
});
