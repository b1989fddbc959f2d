import { Body, HttpCode, Post } from '@nestjs/common';
import { UuidParam } from '../../shared/http/index.js';
import { ConversationAnnotations } from '../conversations/index.js';
import { Audited, CurrentPrincipal, type Principal } from '../tenancy/index.js';
import { CrmController } from './crm-controller.js';
import { CrmConversationDto } from './dto/conversation-list.dto.js';
import { CancelledRunDto, CancelRunDto, MovedConversationDto, RetriedJobsDto } from './dto/operator-actions.dto.js';
import { OperatorActions } from './operator-actions.service.js';

@CrmController('conversations/:conversationId')
export class CrmOperationsController {
  constructor(
    private readonly actions: OperatorActions,
    private readonly annotations: ConversationAnnotations,
  ) {}

  /** Moves the conversation to PostgreSQL now, due or not, also while the loop is stopped. 503 `ACTION_TIMEOUT` after 30 s, and then it is still moved. */
  @Post('migrate')
  @Audited('conversation.move', { target: 'conversationId' })
  @HttpCode(200)
  async move(@CurrentPrincipal() principal: Principal, @UuidParam('conversationId') conversationId: string): Promise<MovedConversationDto> {
    const { archivedSeq, movedMessages, status, storage } = await this.actions.move(principal, conversationId);
    return { conversationId, archivedSeq, movedMessages, status, storage };
  }

  /** Brings a conversation at rest back to Redis, as its next message would; it leaves again after MIGRATION_RELEASE_SECONDS. One that is there stays. */
  @Post('reheat')
  @Audited('conversation.reheat', { target: 'conversationId' })
  @HttpCode(200)
  async reheat(@CurrentPrincipal() { tenantId }: Principal, @UuidParam('conversationId') conversationId: string): Promise<CrmConversationDto> {
    const conversation = await this.actions.reheat({ tenantId, conversationId });
    const [annotated] = await this.annotations.of(tenantId, [conversation]);
    return CrmConversationDto.of(annotated ?? { ...conversation, labels: [], assignee: null });
  }

  /** Sends the jobs of this conversation again that had failed for good: moves and turns among the newest 10 000 dead letters. */
  @Post('retry')
  @Audited('conversation.retry', { target: 'conversationId', answers: ['retried'] })
  @HttpCode(200)
  async retry(@CurrentPrincipal() { tenantId }: Principal, @UuidParam('conversationId') conversationId: string): Promise<RetriedJobsDto> {
    return { retried: await this.actions.retry({ tenantId, conversationId }) };
  }

  /** Stops a run and answers when it has ended. One that has ended stays as it is. */
  @Post('executions/:executionId/cancel')
  @Audited('execution.cancel', { target: 'conversationId', says: ['executionId'] })
  @HttpCode(200)
  async cancel(
    @CurrentPrincipal() { tenantId }: Principal,
    @UuidParam('conversationId') conversationId: string,
    @UuidParam('executionId') executionId: string,
    @Body() { reason }: CancelRunDto,
  ): Promise<CancelledRunDto> {
    return CancelledRunDto.of(await this.actions.cancel({ tenantId, conversationId }, executionId, reason ?? 'Cancelled by an operator.'));
  }
}
