import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import { RUNS } from './stories/runs.js';
import { heals, sparesOthersWrites, survivesCut } from './stories/trouble.js';

describe('an apply in a world where things go wrong', () => {
  it('ends as if nothing had happened or says what failed, loses nothing, and is healed by running again', async () => {
    await fc.assert(heals(), RUNS);
  });

  it('keeps what others write between its reads and its writes', async () => {
    await fc.assert(sparesOthersWrites(), RUNS);
  });

  it('that is cut off at any request is healed by running again', async () => {
    await fc.assert(survivesCut(), RUNS);
  });
});
