import type { Principal } from '../../tenancy/index.js';

/** Who is behind a socket, and which session it belongs to. */
export interface SocketOwner {
  readonly principal: Principal;
  readonly sessionId: string;
  /** It may do nothing in another session. */
  readonly isBound: boolean;
}
