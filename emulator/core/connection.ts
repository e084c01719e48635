import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';

/** What a handler returns when there is nothing left to send: the connection is gone, or the answer was sent by hand. */
export const NOTHING_TO_SEND: Response = RESPONSE_ALREADY_SENT;

/** The wire below one request, for what no Response can say: resets, half answers, pauses. */
export class Connection {
  private readonly incoming: HttpBindings['incoming'];
  private readonly outgoing: HttpBindings['outgoing'];

  constructor({ incoming, outgoing }: HttpBindings) {
    this.incoming = incoming;
    this.outgoing = outgoing;
  }

  /** Ends the connection with a TCP reset: no answer, no goodbye. */
  reset(): Response {
    this.incoming.socket.resetAndDestroy();
    return NOTHING_TO_SEND;
  }

  /** Ends the connection after what was sent: the client sees all of that, and then nothing. */
  hangUp(): Response {
    this.incoming.socket.destroy();
    return NOTHING_TO_SEND;
  }

  /** Sends status, headers and half of the body. @returns how to send the other half */
  async sendHalf(response: Response): Promise<() => Response> {
    const body = Buffer.from(await response.arrayBuffer());
    const half = Math.floor(body.length / 2);
    this.outgoing.writeHead(response.status, {
      ...Object.fromEntries(response.headers),
      'content-length': body.length,
    });
    // What is still in a buffer would be lost when the connection ends: wait until it is on its way.
    await new Promise((resolve) => this.outgoing.write(body.subarray(0, half), resolve));
    return () => {
      this.outgoing.end(body.subarray(half));
      return NOTHING_TO_SEND;
    };
  }

  /** Waits; a client that hangs up ends it early. */
  async wait(ms: number): Promise<void> {
    if (this.outgoing.destroyed) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.outgoing.off('close', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.outgoing.once('close', done);
    });
  }
}
