import { Injectable } from '@nestjs/common';
import type { Tier } from '../../contracts/index.js';
import { ActionBus } from '../../shared/actions/index.js';
import { ConversationSettings } from '../../shared/config/index.js';
import { SessionSocketsStore } from './hot/session-sockets.store.js';

/** One socket on a session. */
export interface SessionSocket {
  readonly tenantId: string;
  readonly tier: Tier;
  readonly sessionId: string;
  readonly connectionId: string;
}

/**
 * A session whose last socket stays away is closed. When a socket goes, a look at the session is scheduled for the end of the grace time; it closes
 * the session unless there is a socket again, of any process. Nothing has to be cancelled.
 */
@Injectable()
export class SocketSessions {
  constructor(
    private readonly sockets: SessionSocketsStore,
    private readonly bus: ActionBus,
    private readonly settings: ConversationSettings,
  ) {}

  /** @param silentMs the socket counts as gone when it is not seen again for this long */
  async seen({ tenantId, sessionId, connectionId }: SessionSocket, silentMs: number): Promise<void> {
    await this.sockets.seen(tenantId, sessionId, connectionId, silentMs);
  }

  async gone({ tenantId, tier, sessionId, connectionId }: SessionSocket): Promise<void> {
    await this.sockets.gone(tenantId, sessionId, connectionId);
    const action = { tenantId, tenantTier: tier, sessionId, data: { unlessConnected: true } };
    await this.bus.send('conversation.session_closed', action, { delayMs: this.settings.socketGraceSeconds * 1_000 });
  }

  async isConnected(tenantId: string, sessionId: string): Promise<boolean> {
    return this.sockets.isAnyOpen(tenantId, sessionId);
  }
}
