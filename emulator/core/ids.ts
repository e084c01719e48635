import { createHash } from 'node:crypto';

/** Server-made identifiers from counters: the same world and the same calls give the same ids. */
export class Ids {
  private readonly counters = new Map<string, number>();

  private next(kind: string): number {
    const value = (this.counters.get(kind) ?? 0) + 1;
    this.counters.set(kind, value);
    return value;
  }

  private hex(kind: string, length: number): string {
    return createHash('sha256')
      .update(`${kind}:${this.next(kind)}`)
      .digest('hex')
      .slice(0, length);
  }

  /** Numeric, 19 digits, as Agent Runtime numbers its engines and operations. */
  number(kind: string): string {
    const digits = BigInt(`0x${this.hex(kind, 14)}`) % 1_000_000_000_000_000_000n;
    return `1${digits.toString().padStart(18, '0')}`;
  }

  /** `agentregistry-00000000-0000-0000-xxxx-xxxxxxxxxxxx`, the form public reports show for Agent Registry projections. */
  projection(): string {
    const hex = this.hex('projection', 16);
    return `agentregistry-00000000-0000-0000-${hex.slice(0, 4)}-${hex.slice(4)}`;
  }

  /** `operation-{millis}-{hex}-{hex}`, the form of the networking APIs' operation ids. */
  operation(now: number): string {
    const hex = this.hex('operation', 21);
    return `operation-${now}-${hex.slice(0, 13)}-${hex.slice(13)}`;
  }

  /** An opaque etag in base64, starting as IAM's do. */
  policyEtag(): string {
    return `BwY${Buffer.from(this.hex('policyEtag', 16), 'hex').toString('base64').slice(0, 8)}=`;
  }

  /** The etag of an organization policy's spec, in the form gcloud prints (`CLj9zMIGEIiS3K4D`). */
  specEtag(): string {
    return `C${Buffer.from(this.hex('specEtag', 22), 'hex').toString('base64url')}`;
  }

  /** A UUID of version 4, as output-only `uid` fields have. */
  uid(): string {
    const hex = this.hex('uid', 32);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
  }

  etag(): string {
    return Buffer.from(this.hex('etag', 32), 'hex').toString('base64url');
  }

  token(kind: string): string {
    return `ya29.${kind}.${this.hex('token', 32)}`;
  }
}
