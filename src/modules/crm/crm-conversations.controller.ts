import { Controller, Get, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { CacheResponse } from '../../shared/cache/index.js';
import { pathParam, queryKey, UuidParam } from '../../shared/http/index.js';
import { CurrentPrincipal, type Principal, RequiresScope } from '../tenancy/index.js';
import { ConversationDetailService } from './conversation-detail.service.js';
import { ConversationDetailDto } from './dto/conversation-detail.dto.js';
import { ConversationDetailQueryDto } from './dto/conversation-detail-query.dto.js';

@ApiTags('crm')
@ApiBearerAuth()
@RequiresScope('operator')
@Controller('api/v1/crm/conversations')
export class CrmConversationsController {
  constructor(private readonly details: ConversationDetailService) {}

  /** One conversation of either tier, with its messages, its ended executions and its ledger. */
  @Get(':conversationId')
  @CacheResponse({ type: 'crm_conversation', key: (request) => [conversationIdOf(request), ...queryKey(request)], scope: (request) => ({ conversation: conversationIdOf(request) }) })
  async get(
    @CurrentPrincipal() { tenantId }: Principal,
    @UuidParam('conversationId') conversationId: string,
    @Query() { after, limit }: ConversationDetailQueryDto,
  ): Promise<ConversationDetailDto> {
    return ConversationDetailDto.of(await this.details.get({ tenantId, conversationId }, after + 1, limit));
  }
}

function conversationIdOf({ params }: FastifyRequest): string {
  return pathParam(params, 'conversationId');
}
