/** Real time plus an offset that tests may move, so that a five-minute operation can end at once. */
export class Clock {
  private offset = 0;

  now(): number {
    return Date.now() + this.offset;
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
