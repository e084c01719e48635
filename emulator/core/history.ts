/** Values by key with every earlier one kept, for what takes effect only some time after it was written. */
export class History<T> {
  private readonly all = new Map<string, { readonly value: T | undefined; readonly atMs: number }[]>();

  /** Stores the value from this moment on; undefined removes it. */
  set(key: string, value: T | undefined, atMs: number): void {
    const versions = this.all.get(key) ?? [];
    versions.push({ value, atMs });
    this.all.set(key, versions);
  }

  /** The latest value, or nothing when there never was one or it was removed. */
  get(key: string): T | undefined {
    return this.all.get(key)?.at(-1)?.value;
  }

  /** The value as it was at that moment. */
  at(key: string, ms: number): T | undefined {
    return this.all.get(key)?.findLast((version) => version.atMs <= ms)?.value;
  }

  /** As it is now; what is stored later is in one of them only. */
  copy(): History<T> {
    const copy = new History<T>();
    for (const [key, versions] of this.all) copy.all.set(key, [...versions]);
    return copy;
  }

  /** Was nothing stored in one of them that is not in the other? For copies of one another. */
  isSame(other: History<T>): boolean {
    const isSameLength = ([key, versions]: readonly [string, readonly unknown[]]): boolean =>
      other.all.get(key)?.length === versions.length;
    return this.all.size === other.all.size && [...this.all].every(isSameLength);
  }

  /** Was there ever a value? */
  knew(key: string): boolean {
    return this.all.has(key);
  }

  /** The latest values that were not removed, in the order in which their keys first came up. */
  values(): T[] {
    return [...this.all.keys()].map((key) => this.get(key)).filter((value) => value !== undefined);
  }

  /** The values as they were at that moment. */
  valuesAt(ms: number): T[] {
    return [...this.all.keys()].map((key) => this.at(key, ms)).filter((value) => value !== undefined);
  }

  /** Every value that was there at that moment or later, whatever became of it. */
  valuesSince(ms: number): T[] {
    return [...this.all.values()].flatMap((versions) => {
      const first = versions.findLastIndex((version) => version.atMs <= ms);
      return versions.slice(Math.max(first, 0)).flatMap(({ value }) => (value === undefined ? [] : [value]));
    });
  }
}
