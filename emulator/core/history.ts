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
