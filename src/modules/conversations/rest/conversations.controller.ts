import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { ModelSettings } from '../../../shared/config/index.js';
import { NoFieldsDto, UuidParam } from '../../../shared/http/index.js';
import { Idempotent, type NewIds, RequestIds } from '../../../shared/idempotency/index.js';
import { CurrentPrincipal, type Principal, RequiresScope } from '../../tenancy/index.js';
import { conversationErrors } from '../conversations.errors.js';
import { ConversationsService } from '../conversations.service.js';
import { ConversationList } from '../history/conversation-list.service.js';
import { HistoryReader } from '../history/history-reader.service.js';
import { fromCursor, toCursor } from '../list-cursor.js';
import { ClosedConversationDto } from './dto/closed-conversation.dto.js';
import { ConversationDto } from './dto/conversation.dto.js';
import { ConversationPageDto } from './dto/conversation-page.dto.js';
import { CreateConversationDto } from './dto/create-conversation.dto.js';
import { ListConversationsDto } from './dto/list-conversations.dto.js';
import { UpdateConversationDto } from './dto/update-conversation.dto.js';

@ApiTags('conversations')
@ApiBearerAuth()
@RequiresScope('user')
@Controller('api/v1/conversations')
export class ConversationsController {
  constructor(
    private readonly conversations: ConversationsService,
    private readonly lists: ConversationList,
    private readonly history: HistoryReader,
    private readonly models: ModelSettings,
  ) {}

  /** Begins a conversation without messages. Turns begin one by themselves. */
  @Post()
  @Idempotent()
  async create(@CurrentPrincipal() principal: Principal, @Body() { agentId, sessionId, userId, model, metadata }: CreateConversationDto, @RequestIds() ids: NewIds): Promise<ConversationDto> {
    const conversation = { agentId, sessionId: sessionId ?? ids.id('session'), userId: userId ?? null, model: model ?? this.models.defaultModel, metadata: metadata ?? {} };
    return ConversationDto.of(await this.conversations.create(principal, conversation, { conversationId: ids.id('conversation'), mayExist: ids.isRepeat }));
  }

  /** The tenant's conversations in both stores, newest first. `total` counts those that match. */
  @Get()
  async list(@CurrentPrincipal() { tenantId }: Principal, @Query() { limit, cursor, ...filter }: ListConversationsDto): Promise<ConversationPageDto> {
    const page = await this.lists.list(tenantId, filter, { limit, cursor: cursor === undefined ? undefined : fromCursor(cursor) });
    return { data: page.data.map((conversation) => ConversationDto.of(conversation)), nextCursor: page.nextCursor && toCursor(page.nextCursor), total: page.total };
  }

  /** One conversation, with live numbers. */
  @Get(':conversationId')
  async get(@CurrentPrincipal() { tenantId }: Principal, @UuidParam('conversationId') conversationId: string): Promise<ConversationDto> {
    return ConversationDto.of(await this.history.get({ tenantId, conversationId }));
  }

  /** Changes the fields that are sent, at least one. */
  @Patch(':conversationId')
  async update(@CurrentPrincipal() principal: Principal, @UuidParam('conversationId') conversationId: string, @Body() edit: UpdateConversationDto): Promise<ConversationDto> {
    if (Object.values(edit).every((value) => value === undefined)) throw conversationErrors.editEmpty();
    return ConversationDto.of(await this.conversations.update(principal, conversationId, edit));
  }

  /** Deletes a conversation and everything that was said in it. That there were executions stays, without what was said in them. */
  @Delete(':conversationId')
  @HttpCode(204)
  async remove(@CurrentPrincipal() { tenantId }: Principal, @UuidParam('conversationId') conversationId: string): Promise<void> {
    await this.conversations.remove({ tenantId, conversationId });
  }

  /** Completes the conversation and schedules its move to PostgreSQL; repeating it changes nothing. */
  @Post(':conversationId/close')
  @HttpCode(200)
  async close(@CurrentPrincipal() { tenantId }: Principal, @UuidParam('conversationId') conversationId: string, @Body() _: NoFieldsDto): Promise<ClosedConversationDto> {
    await this.conversations.close({ tenantId, conversationId });
    return { conversationId, status: 'completed' };
  }
}
