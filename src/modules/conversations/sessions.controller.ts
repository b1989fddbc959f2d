import { Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal, type Principal, RequiresScope } from '../tenancy/index.js';
import { ConversationsService } from './conversations.service.js';
import { ClosedSessionDto } from './dto/closed-session.dto.js';
import { SessionPathDto } from './dto/session-path.dto.js';

@ApiTags('conversations')
@ApiBearerAuth()
@RequiresScope('user')
@Controller('api/v1/sessions')
export class SessionsController {
  constructor(private readonly conversations: ConversationsService) {}

  /** Completes the session's conversations and schedules their move to PostgreSQL. */
  @Post(':sessionId/close')
  @HttpCode(200)
  async close(@CurrentPrincipal() { tenantId }: Principal, @Param() { sessionId }: SessionPathDto): Promise<ClosedSessionDto> {
    return { sessionId, status: 'completed', conversationIds: await this.conversations.closeSession(tenantId, sessionId) };
  }
}
