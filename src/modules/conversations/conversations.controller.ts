import { Controller, HttpCode, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { UuidParam } from '../../shared/http/index.js';
import { CurrentPrincipal, type Principal, RequiresScope } from '../tenancy/index.js';
import { ConversationsService } from './conversations.service.js';
import { ClosedConversationDto } from './dto/closed-conversation.dto.js';

@ApiTags('conversations')
@ApiBearerAuth()
@RequiresScope('user')
@Controller('api/v1/conversations')
export class ConversationsController {
  constructor(private readonly conversations: ConversationsService) {}

  /** Completes the conversation and schedules its move to PostgreSQL; repeating it changes nothing. */
  @Post(':conversationId/close')
  @HttpCode(200)
  async close(@CurrentPrincipal() { tenantId }: Principal, @UuidParam('conversationId') conversationId: string): Promise<ClosedConversationDto> {
    await this.conversations.close({ tenantId, conversationId });
    return { conversationId, status: 'completed' };
  }
}
