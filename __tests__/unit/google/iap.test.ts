import { setImmediate as idle } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { createIap } from '../../../src/google/iap.js';
import type { Http, HttpRequest } from '../../../src/google/http.js';

const resource = 'projects/101010/locations/us-central1/iap_web/agentRegistry/endpoints/e';

/** An HTTP that answers when it is told to. */
function heldHttp(): { http: Http; open: HttpRequest[]; answerAll: () => void } {
  const open: HttpRequest[] = [];
  let answers: (() => void)[] = [];
  const http: Http = {
    request: <T>(request: HttpRequest) =>
      new Promise<T>((resolve) => {
        open.push(request);
        answers.push(() => resolve({ etag: 'new' } as T));
      }),
  };
  const answerAll = (): void => {
    open.length = 0;
    const now = answers;
    answers = [];
    for (const answer of now) answer();
  };
  return { http, open, answerAll };
}

const policyWith = (members: number): Parameters<ReturnType<typeof createIap>['setPolicy']>[1] => ({
  etag: 'e',
  bindings: [
    { role: 'roles/viewer', members: ['user:a@example.com'] },
    { role: 'roles/iap.egressor', members: Array.from({ length: members }, (_none, n) => `principal://${n}`) },
  ],
});

describe('writes of policies', () => {
  it.each([
    ['of a fleet go out together', 100, [50]],
    ['that are large go out sixteen at a time, or they would fill the memory', 1_500, [16, 16, 16, 2]],
  ])('%s', async (_what, members, rounds) => {
    const { http, open, answerAll } = heldHttp();
    const iap = createIap(http);
    const writes = Array.from({ length: 50 }, () => iap.setPolicy(resource, policyWith(members)));
    for (const round of rounds) {
      await idle();
      expect(open).toHaveLength(round);
      answerAll();
    }
    expect(await Promise.all(writes)).toHaveLength(50);
  });
});
