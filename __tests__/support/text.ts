import fc from 'fast-check';

/**
 * Text of any code units, halves of surrogate pairs among them. `fc.string({ unit: 'binary' })` has fewer of the odd ones and takes
 * each test file a second for its tables.
 *
 * @param lengths in code units
 */
export const anyText = (lengths: { minLength?: number; maxLength?: number } = {}): fc.Arbitrary<string> =>
  fc
    .array(fc.oneof(fc.integer({ max: 0x7f, min: 0 }), fc.integer({ max: 0xffff, min: 0 })), lengths)
    .map((units) => String.fromCharCode(...units));
