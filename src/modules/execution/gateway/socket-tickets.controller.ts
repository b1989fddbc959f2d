import { Body, Controller, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal, type Principal, RequiresScope } from '../../tenancy/index.js';
import { CreateSocketTicketDto } from '../dto/create-socket-ticket.dto.js';
import { SocketTicketDto } from '../dto/socket-ticket.dto.js';
import { SocketTicketsStore } from './socket-tickets.store.js';

@ApiTags('executions')
@ApiBearerAuth()
@RequiresScope('user')
@Controller('api/v1/ws/tickets')
export class SocketTicketsController {
  constructor(private readonly tickets: SocketTicketsStore) {}

  /** A ticket for one WebSocket, for clients that cannot send headers with it, as browsers: single use, within 30 s. */
  @Post()
  async create(@CurrentPrincipal() { tenantId, tier, key }: Principal, @Body() { sessionId }: CreateSocketTicketDto): Promise<SocketTicketDto> {
    const { ticket, expiresAt } = await this.tickets.issue({ principal: { tenantId, tier, scopes: ['user'], key }, sessionId: sessionId ?? null });
    return { ticket, expiresAt, url: `/ws?ticket=${ticket}` };
  }
}
