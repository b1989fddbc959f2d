import { createHash, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { REDIS, keys } from '../../../shared/redis/index.js';
import type { Principal } from '../../tenancy/index.js';

/** How long a ticket waits for its socket. Seconds. @source API.md, "WebSocket /ws" */
const TICKET_TTL_SECONDS = 30;
/** 256 bits: a plain SHA-256 of a ticket cannot be searched. */
const TICKET_BYTES = 32;

/** What a ticket stands for. */
export interface TicketHolder {
  readonly principal: Principal;
  /** The one session that its socket may be for; null for any. */
  readonly sessionId: string | null;
}

/** Tickets for sockets: each opens one, within 30 s. Redis has only their SHA-256. docs/decisions/0039 */
@Injectable()
export class SocketTicketsStore {
  constructor(@Inject(REDIS) private readonly redis: Redis) {}

  /** @returns the ticket itself, which is kept nowhere */
  async issue(holder: TicketHolder): Promise<{ readonly ticket: string; readonly expiresAt: Date }> {
    const ticket = randomBytes(TICKET_BYTES).toString('base64url');
    const expiresAt = new Date(Date.now() + TICKET_TTL_SECONDS * 1_000);
    await this.redis.set(keyOf(ticket), JSON.stringify(holder), 'EX', TICKET_TTL_SECONDS);
    return { ticket, expiresAt };
  }

  /** Uses a ticket up. @returns null when it is unknown, used or expired */
  async take(ticket: string): Promise<TicketHolder | null> {
    const holder = await this.redis.getdel(keyOf(ticket));
    return holder === null ? null : (JSON.parse(holder) as TicketHolder);
  }
}

function keyOf(ticket: string): string {
  return keys.socketTicket(createHash('sha256').update(ticket).digest('hex'));
}
