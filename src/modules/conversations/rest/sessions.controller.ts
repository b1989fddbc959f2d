import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { NoFieldsDto } from '../../../shared/http/index.js';
import { CurrentPrincipal, type Principal, RequiresScope } from '../../tenancy/index.js';
import { SessionHistories } from '../history/session-histories.service.js';
import { SessionsService } from '../sessions.service.js';
import { ClosedSessionDto } from './dto/closed-session.dto.js';
import { MessageDto } from './dto/message.dto.js';
import { SessionHistoryDto, SessionHistoryQueryDto } from './dto/session-history.dto.js';
import { SessionPathDto } from './dto/session-path.dto.js';

@ApiTags('conversations')
@ApiBearerAuth()
@RequiresScope('user')
@Controller('api/v1/sessions')
export class SessionsController {
  constructor(
    private readonly sessions: SessionsService,
    private readonly histories: SessionHistories,
  ) {}

  /** Completes the session's conversations and schedules their move to PostgreSQL. */
  @Post(':sessionId/close')
  @HttpCode(200)
  async close(@CurrentPrincipal() { tenantId }: Principal, @Param() { sessionId }: SessionPathDto, @Body() _: NoFieldsDto): Promise<ClosedSessionDto> {
    return { sessionId, status: 'completed', conversationIds: await this.sessions.close(tenantId, sessionId) };
  }

  /** The last messages of the session's active conversation, or of its newest one. */
  @Get(':sessionId/history')
  async history(@CurrentPrincipal() { tenantId }: Principal, @Param() { sessionId }: SessionPathDto, @Query() { agentId, limit, includeSystem = false, includeWithdrawn }: SessionHistoryQueryDto): Promise<SessionHistoryDto> {
    const { conversationId, messages, total } = await this.histories.get(tenantId, { sessionId, agentId }, { limit, includeSystem, includeWithdrawn });
    return { sessionId, conversationId, messages: messages.map((message) => MessageDto.of(message)), total };
  }
}
