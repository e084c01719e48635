/** Protocol buffers take no JSON that is nested deeper (google.protobuf, "recursion limit"), so Google sends none. */
export const DEEPEST = 100;

/** Whether lists and objects of parsed JSON are nested deeper than that: what walks through them would end its stack. */
export function isTooDeep(value: unknown, left = DEEPEST): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (left === 0) return true;
  const members: unknown[] = Array.isArray(value) ? value : Object.values(value);
  return members.some((member) => isTooDeep(member, left - 1));
}
