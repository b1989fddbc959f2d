import { Body, Get, Put, Query } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CacheResponse } from '../../shared/cache/index.js';
import { pathParam, queryKey, UuidParam } from '../../shared/http/index.js';
import { ConversationAnnotations, ConversationList, ConversationsService, fromCursor, toCursor } from '../conversations/index.js';
import { Audited, CurrentPrincipal, type Principal } from '../tenancy/index.js';
import { ConversationDetailService } from './conversation-detail.service.js';
import { CrmController } from './crm-controller.js';
import { RateDto } from './dto/annotations.dto.js';
import { ConversationDetailDto } from './dto/conversation-detail.dto.js';
import { ConversationDetailQueryDto } from './dto/conversation-detail-query.dto.js';
import { CrmConversationDto, CrmConversationPageDto, ListCrmConversationsDto } from './dto/conversation-list.dto.js';

@CrmController('conversations')
export class CrmConversationsController {
  constructor(
    private readonly details: ConversationDetailService,
    private readonly lists: ConversationList,
    private readonly annotations: ConversationAnnotations,
    private readonly conversations: ConversationsService,
  ) {}

  /** The tenant's conversations in both stores, newest first. `total` counts those that match. */
  @Get()
  async list(@CurrentPrincipal() { tenantId }: Principal, @Query() { limit, cursor, ...filter }: ListCrmConversationsDto): Promise<CrmConversationPageDto> {
    const { data, nextCursor, total } = await this.lists.list(tenantId, filter, { limit, cursor: cursor === undefined ? undefined : fromCursor(cursor) });
    const annotated = await this.annotations.of(tenantId, data);
    return { data: annotated.map((conversation) => CrmConversationDto.of(conversation)), nextCursor: nextCursor && toCursor(nextCursor), total };
  }

  /** One conversation of either tier, with its messages, its executions, its ledger, and what operators say of it. */
  @Get(':conversationId')
  @CacheResponse({ type: 'crm_conversation', key: (request) => [conversationIdOf(request), ...queryKey(request)], scope: (request) => ({ conversation: conversationIdOf(request) }) })
  async get(
    @CurrentPrincipal() { tenantId }: Principal,
    @UuidParam('conversationId') conversationId: string,
    @Query() { after, limit }: ConversationDetailQueryDto,
  ): Promise<ConversationDetailDto> {
    return ConversationDetailDto.ofDetail(await this.details.get({ tenantId, conversationId }, after + 1, limit));
  }

  /** How content the user was. A conversation at rest is brought back for it, as for every change of a conversation itself. */
  @Put(':conversationId/satisfaction')
  @Audited('conversation.rate', { target: 'conversationId', says: ['customerSatisfaction'] })
  async rate(@CurrentPrincipal() principal: Principal, @UuidParam('conversationId') conversationId: string, @Body() rating: RateDto): Promise<CrmConversationDto> {
    const conversation = await this.conversations.update(principal, conversationId, rating);
    const [annotated] = await this.annotations.of(principal.tenantId, [conversation]);
    return CrmConversationDto.of(annotated ?? { ...conversation, labels: [], assignee: null });
  }
}

function conversationIdOf({ params }: FastifyRequest): string {
  return pathParam(params, 'conversationId');
}
