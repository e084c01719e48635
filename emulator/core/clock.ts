/** A time (real, unless a test stands it still) plus an offset that tests may move, so that a five-minute operation can end at once. */
export class Clock {
  private readonly source: () => number;
  private offset = 0;

  /** @param source milliseconds since 1970 */
  constructor(source: () => number = Date.now) {
    this.source = source;
  }

  now(): number {
    return this.source() + this.offset;
  }

  /** The current time as Google prints it, with microseconds. */
  iso(): string {
    return timestamp(this.now());
  }

  advance(milliseconds: number): void {
    this.offset += milliseconds;
  }
}

/** A protobuf timestamp in JSON form: RFC 3339, UTC, six digits (`2026-11-22T20:00:00.000001Z`). */
export function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '000Z');
}
