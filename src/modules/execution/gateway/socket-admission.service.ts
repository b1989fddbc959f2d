import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { CLIENT_ID, newId } from '../../../contracts/index.js';
import { ServerSettings } from '../../../shared/config/index.js';
import { AuthenticationService, authorize } from '../../tenancy/index.js';
import { gatewayErrors } from './gateway.errors.js';
import type { SocketConnection } from './socket-connection.js';
import type { SocketOwner } from './socket-owner.js';
import { SocketRights } from './socket-rights.service.js';
import { SocketTicketsStore } from './socket-tickets.store.js';

const QUERY = new Set(['sessionId', 'ticket']);

/** Lets sockets in, by the headers of their handshake or by a ticket. */
@Injectable()
export class SocketAdmission {
  constructor(
    private readonly authentication: AuthenticationService,
    private readonly tickets: SocketTicketsStore,
    private readonly server: ServerSettings,
    private readonly rights: SocketRights,
  ) {}

  /**
   * @param request the handshake
   * @throws WORKER_ONLY, QUERY_UNKNOWN, SESSION_ID_INVALID (invalid), TICKET_INVALID (unauthenticated), SESSION_MISMATCH, TENANT_MISMATCH (forbidden), and what
   * {@link AuthenticationService.authenticate} and {@link authorize} throw
   */
  async admit({ url = '/', headers }: IncomingMessage): Promise<SocketOwner> {
    if (this.server.role === 'worker') throw gatewayErrors.workerOnly();
    const query = new URL(url, 'ws://localhost').searchParams;
    const unknown = [...query.keys()].find((name) => !QUERY.has(name));
    if (unknown !== undefined) throw gatewayErrors.queryUnknown(unknown);
    const named = query.get('sessionId');
    if (named !== null && !CLIENT_ID.test(named)) throw gatewayErrors.sessionIdInvalid();
    const ticket = query.get('ticket');
    if (ticket !== null) return this.byTicket(ticket, named, headers['x-tenant-id']);
    const principal = await this.authentication.authenticate(headers);
    authorize(principal, 'user');
    return { principal, sessionId: named ?? newId(), isBound: false };
  }

  /** Has the socket closed as soon as it would not be let in any more. */
  async watch(connection: SocketConnection): Promise<void> {
    await this.rights.add(connection);
  }

  /** For what nobody tells of, such as the end of a key's time. */
  async lookAgain(connection: SocketConnection): Promise<void> {
    await this.rights.check(connection);
  }

  unwatch(connection: SocketConnection): void {
    this.rights.remove(connection);
  }

  private async byTicket(ticket: string, named: string | null, tenant: string | string[] | undefined): Promise<SocketOwner> {
    const holder = await this.tickets.take(ticket);
    if (!holder) throw gatewayErrors.ticketInvalid();
    const { sessionId } = holder;
    // Its key may be revoked, or its tenant of another tier, since it was issued.
    const { scopes } = holder.principal;
    const principal = { ...(await this.authentication.renew(holder.principal)), scopes };
    if (tenant !== undefined && tenant !== principal.tenantId) throw gatewayErrors.tenantMismatch(String(tenant));
    if (sessionId !== null && named !== null && named !== sessionId) throw gatewayErrors.otherSession(sessionId);
    return { principal, sessionId: sessionId ?? named ?? newId(), isBound: sessionId !== null };
  }
}
