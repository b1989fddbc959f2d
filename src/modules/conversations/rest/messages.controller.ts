import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { UuidParam } from '../../../shared/http/index.js';
import { Idempotent, type NewIds, RequestIds } from '../../../shared/idempotency/index.js';
import { CurrentPrincipal, type Principal, RequiresScope } from '../../tenancy/index.js';
import { ConversationsService } from '../conversations.service.js';
import { HistoryReader } from '../history/history-reader.service.js';
import { ContextReader } from '../memory/context-reader.service.js';
import { AppendMessageDto } from './dto/append-message.dto.js';
import { AppendedMessageDto } from './dto/appended-message.dto.js';
import { ContextDto, ContextQueryDto } from './dto/context.dto.js';
import { ListMessagesDto } from './dto/list-messages.dto.js';
import { MessageDto } from './dto/message.dto.js';
import { MessagePageDto } from './dto/message-page.dto.js';

@ApiTags('conversations')
@ApiBearerAuth()
@RequiresScope('user')
@Controller('api/v1/conversations/:conversationId')
export class MessagesController {
  constructor(
    private readonly conversations: ConversationsService,
    private readonly history: HistoryReader,
    private readonly contexts: ContextReader,
  ) {}

  /** Appends a message, without running an agent. A user's message makes a completed conversation active again. */
  @Post('messages')
  @Idempotent()
  async append(@CurrentPrincipal() principal: Principal, @UuidParam('conversationId') conversationId: string, @Body() message: AppendMessageDto, @RequestIds() ids: NewIds): Promise<AppendedMessageDto> {
    return this.conversations.saveMessage(principal, { ...message, messageId: message.messageId ?? ids.id('message'), conversationId });
  }

  /** A page of the conversation's messages, from both stores. */
  @Get('messages')
  async list(@CurrentPrincipal() { tenantId }: Principal, @UuidParam('conversationId') conversationId: string, @Query() query: ListMessagesDto): Promise<MessagePageDto> {
    const { data, nextCursor, total } = await this.history.getMessages({ tenantId, conversationId }, query);
    return { data: data.map((message) => MessageDto.of(message)), nextCursor, total };
  }

  /** What a model is shown of the conversation: the newest messages that fit its limit. */
  @Get('context')
  async context(@CurrentPrincipal() { tenantId }: Principal, @UuidParam('conversationId') conversationId: string, @Query() { model, maxTokens }: ContextQueryDto): Promise<ContextDto> {
    const context = await this.contexts.get(tenantId, { conversationId }, { model, maxTokens });
    return { ...context, messages: [...context.messages] };
  }
}
