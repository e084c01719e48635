/** How many worlds each property is tried on; `PROPERTY_RUNS=10000 npm test -- property` looks further than CI does. */
export const RUNS = { numRuns: Number(process.env.PROPERTY_RUNS || 300) };
