import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { isUUID } from 'class-validator';
import { ActionBus } from '../../../shared/actions/index.js';
import { Deprecated } from '../../../shared/http/index.js';
import { Idempotent, type NewIds, RequestIds } from '../../../shared/idempotency/index.js';
import { AuthenticationService, CurrentPrincipal, authorize, type Principal, RequiresScope, WithoutTenant } from '../../tenancy/index.js';
import { conversationErrors } from '../conversations.errors.js';
import { SessionHistories } from '../history/session-histories.service.js';
import { HistoryTwinDto, HistoryTwinQueryDto, SaveMessageTwinDto, SavedMessageTwinDto } from './dto/internal-twins.dto.js';
import { SessionPathDto } from './dto/session-path.dto.js';

const SINCE = '2026-11-21';

/** The seeds' HTTP twins of two actions: the same actions, in the spelling of old. */
@ApiTags('deprecated')
@ApiBearerAuth()
@RequiresScope('internal')
@WithoutTenant()
@Controller(['internal', 'api/v1/conversations/internal'])
export class InternalTwinsController {
  constructor(
    private readonly bus: ActionBus,
    private readonly authentication: AuthenticationService,
    private readonly histories: SessionHistories,
  ) {}

  /**
   * The action `conversation.save_message`, awaited.
   *
   * @deprecated send the action to `POST /api/v1/actions?wait=true`, or the message to `POST /api/v1/conversations/:conversationId/messages`
   */
  @Post('save-message')
  @HttpCode(200)
  @Idempotent()
  @Deprecated({ since: SINCE, successor: '/api/v1/actions' })
  async save(@CurrentPrincipal() principal: Principal, @Body() body: SaveMessageTwinDto, @RequestIds() ids: NewIds): Promise<SavedMessageTwinDto> {
    const { tenantId, tier: tenantTier } = await this.callerIn(principal, body.tenant_id);
    const { session_id: sessionId, role, content, user_id: userId } = body;
    const agentId = agentOf(body);
    const conversationId = agentId === undefined ? ((await this.histories.get(tenantId, { sessionId }, { limit: 1, includeSystem: false })).conversationId ?? undefined) : undefined;
    if (agentId === undefined && conversationId === undefined) throw conversationErrors.agentUnnamed(sessionId);
    const data = { conversationId, role, content, metadata: metadataOf(body) };
    const saved = await this.bus.request('conversation.save_message', { actionId: ids.id('action'), tenantId, tenantTier, sessionId, ...definedOf({ agentId, userId }), data: definedOf(data) as typeof data });
    return { success: true, conversation_id: saved.conversationId, message_id: saved.messageId };
  }

  /**
   * The action `conversation.get_history`, awaited.
   *
   * @deprecated use `GET /api/v1/sessions/:sessionId/history` (scope `user`), or send the action to `POST /api/v1/actions?wait=true`
   */
  @Get('history/:sessionId')
  @Deprecated({ since: SINCE, successor: '/api/v1/sessions/:sessionId/history' })
  async history(@CurrentPrincipal() principal: Principal, @Param() { sessionId }: SessionPathDto, @Query() query: HistoryTwinQueryDto): Promise<HistoryTwinDto> {
    const { tenantId, tier: tenantTier } = await this.callerIn(principal, query.tenant_id);
    const data = { limit: query.limit, includeSystem: query.include_system ?? false };
    const { messages, total } = await this.bus.request('conversation.get_history', { tenantId, tenantTier, sessionId, data });
    const told = messages.map(({ role, content, createdAt, metadata }) => ({ role, content, timestamp: createdAt, metadata: { ...metadata } }));
    return { success: true, data: { session_id: sessionId, messages: told, total } };
  }

  /** @throws TENANT_MISMATCH (forbidden), TENANT_NOT_FOUND (notFound), TENANT_UNNAMED (invalid) for an administrator who names none */
  private async callerIn(principal: Principal, named: string | undefined): Promise<Principal> {
    const caller = await this.authentication.inTenant(principal, named);
    authorize(caller, 'internal');
    return caller;
  }
}

function agentOf({ agent_id: agentId, metadata }: SaveMessageTwinDto): string | undefined {
  const named = agentId ?? metadata?.['agent_id'];
  return isUUID(named) ? (named as string).toLowerCase() : undefined;
}

function metadataOf({ metadata, message_type: messageType, processing_time: seconds }: SaveMessageTwinDto): Record<string, unknown> {
  return { ...metadata, ...definedOf({ messageType, processingTimeMs: seconds === undefined ? undefined : Math.round(seconds * 1_000) }) };
}

function definedOf<T extends object>(object: T): Partial<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Partial<T>;
}
