/** How many worlds each property is tried on. */
export const RUNS = { numRuns: Number(process.env.PROPERTY_RUNS ?? 300) };
