/** @returns e.g. `1 engine`, `3 engines` */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
