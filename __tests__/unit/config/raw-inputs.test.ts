import { describe, expect, it } from '@jest/globals';
import { splitList } from '../../../src/config/raw-inputs.js';

describe('splitList', () => {
  it.each([
    ['', undefined],
    [' \n ', undefined],
    [',', []],
    [',\n , \r\n,', []],
    ['a', ['a']],
    ['a, b\nSupport agent\r\n\n, c ,', ['a', 'b', 'Support agent', 'c']],
    ['a,b,a', ['a', 'b']],
  ])('%j', (text, items) => {
    expect(splitList(text)).toEqual(items);
  });
});
