import type { Connection } from '../core/connection.js';
import type { RequestLogEntry } from '../request-log.js';
import type { State } from '../state/state.js';

/** One request on its way through the faults. */
export interface FaultedCall {
  readonly entry: RequestLogEntry;
  readonly state: State;
  readonly connection: Connection;
  /** Its bearer token, for faults about tokens. */
  readonly token: string | undefined;
}

/** The same for one of the faults that are due. */
export interface Hit extends FaultedCall {
  /** To be called before something is done, so that the request log has it when the client sees it. */
  readonly act: () => void;
}

/** What a fault does to the requests it hits. Hooks that find nothing to do leave `act` alone. */
export interface Effect {
  /** The request is accepted and nothing has changed yet. An answer given here keeps it from the API. */
  before?(hit: Hit): Promise<Response | undefined> | Response | undefined;
  /** The state a read is answered from. */
  view?(hit: Hit): State | undefined;
  /** The change is made and the answer not sent. */
  after?(hit: Hit, response: Response): Promise<Response | undefined> | Response | undefined;
  /** Called around every request, hit or not, whenever the state may have changed. */
  observe?(state: State): void;
  /** The fault is taken away: gives back what it holds. */
  end?(state: State): void;
}
