import { describe, expect, it } from '@jest/globals';
import { isOwned, keyIn, makerOf, MANAGED, ownedDescription } from '../../../src/plan/ownership.js';

const scope = { project: 'acme-agents', region: 'us-central1' };
const config = 'acme/agents:teams/my agents [1].yaml';
const owner = { config, scope, key: 'stripe-api' };
const description = ownedDescription(owner);

describe('the mark of a service', () => {
  it('says whose it is, whatever the name of the config', () => {
    expect(isOwned({ description }, owner)).toBe(true);
    expect(makerOf({ description }, owner)).toBe('this');
    expect(keyIn({ description }, owner)).toBe('stripe-api');
  });

  it.each([
    ['other', ownedDescription({ ...owner, config: 'other.yaml' })],
    ['other', ownedDescription({ ...owner, config: `${config}x` })],
    ['other', ownedDescription({ ...owner, config: undefined })],
    ['other-scope', ownedDescription({ ...owner, scope: { ...scope, region: 'europe-west1' } })],
    ['other-scope', ownedDescription({ ...owner, scope: { ...scope, project: 'acme-other' } })],
    ['unmarked', 'made by hand'],
    ['unmarked', '[config=x scope=acme-agents/us-central1 key=stripe-api]'],
  ])('is %s for %j', (maker, text) => {
    expect(makerOf({ description: text }, owner)).toBe(maker);
    expect(keyIn({ description: text }, owner)).toBeUndefined();
  });

  it('is none of a run with inputs alone', () => {
    for (const text of [description, MANAGED]) {
      expect(makerOf({ description: text }, { config: undefined, scope })).toBe('other');
      expect(keyIn({ description: text }, { config: undefined, scope })).toBeUndefined();
    }
    expect(makerOf({}, owner)).toBe('unmarked');
  });
});
