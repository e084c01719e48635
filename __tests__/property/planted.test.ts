import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { leavesOthersAlone } from './stories/alone.js';
import {
  forgetsUndeclaredDirections,
  knowsOwnServicesOnly,
  ownsAllServices,
  prunesWholePolicies,
  replacesMembers,
  writesEnginesBlindly,
  writesPoliciesBlindly,
} from './stories/planted.js';
import { bothAreIn } from './stories/together.js';
import { sparesOthersWrites } from './stories/trouble.js';

/** The first world that shows the bug ends the search; it takes some thirty of them on average. */
const SEARCH = { numRuns: 1_000, endOnFailure: true };

/** These properties hold without the plant: the other files of this folder try them on as many worlds. */
describe('a planted bug is found', () => {
  it.each([
    ['mask merge: an undeclared direction is lost', leavesOthersAlone, forgetsUndeclaredDirections, 'lost direction: '],
    ['etag of engines: a blind write', sparesOthersWrites, writesEnginesBlindly, 'lost direction: '],
    ['etag of policies: a blind write', sparesOthersWrites, writesPoliciesBlindly, 'lost binding: '],
    ['etag of policies: a blind write by one of two runs', bothAreIn, writesPoliciesBlindly, 'not reached: '],
    ["member merge: others' members are lost", leavesOthersAlone, replacesMembers, 'lost member: '],
    ['prune: conditions and other roles are lost', leavesOthersAlone, prunesWholePolicies, 'lost '],
    // A service that goes takes the members on it along: either may be what is left of the story.
    ["prune: others' services are lost", leavesOthersAlone, ownsAllServices, 'lost '],
    ['adoption by URL: a URL is registered twice', leavesOthersAlone, knowsOwnServicesOnly, 'registered twice: '],
  ] as const)('in %s', async (_where, property, plant, harm) => {
    const { failed, errorInstance } = await fc.check<unknown[]>(property(plant), SEARCH);
    expect(failed).toBe(true);
    // Found for what it does, and not because something else broke.
    expect((errorInstance as Error).message).toContain(harm);
  });
});
