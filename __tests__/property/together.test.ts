import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import { RUNS } from './stories/runs.js';
import { bothAreIn, bothCount } from './stories/together.js';

describe('two applies on one scope at the same time', () => {
  it('of one config or of two, lose nothing, and end in a correct world or in a clear refusal', async () => {
    await fc.assert(bothCount(), RUNS);
  });

  it('both get their hosts into one service, though a service has no etag', async () => {
    await fc.assert(bothAreIn(), RUNS);
  });
});
