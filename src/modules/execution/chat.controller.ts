import { Body, Controller, Post, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ModelSettings } from '../../shared/config/index.js';
import { CurrentPrincipal, type Principal, RequiresScope } from '../tenancy/index.js';
import { CHAT_HEADERS, chatHeadersFrom } from './context/chat-headers.js';
import { overridesFrom } from './context/override-headers.js';
import { SendChatDto } from './dto/send-chat.dto.js';
import { Orchestrator } from './orchestrator.service.js';
import { StartsTurn } from './starts-turn.js';
import { turnIdsOf } from './turn-ids.js';
import { answerFormOf, type TurnAnswer, TurnResponder } from './turn-responder.service.js';

@ApiTags('executions')
@ApiBearerAuth()
@RequiresScope('user')
@Controller('api/v1/chat')
export class ChatController {
  constructor(
    private readonly orchestrator: Orchestrator,
    private readonly responder: TurnResponder,
    private readonly models: ModelSettings,
  ) {}

  /** Starts a turn, as `POST /api/v1/agents/:agentId/executions` does, with everything but the message in headers. */
  @Post('send')
  @StartsTurn()
  @ApiHeader({ name: 'X-Agent-ID', required: true, description: CHAT_HEADERS['X-Agent-ID'] })
  @ApiHeader({ name: 'X-Session-ID', required: true, description: CHAT_HEADERS['X-Session-ID'] })
  @ApiHeader({ name: 'X-Tenant-ID', required: true, description: CHAT_HEADERS['X-Tenant-ID'] })
  @ApiHeader({ name: 'X-Tenant-Tier', required: true, description: CHAT_HEADERS['X-Tenant-Tier'] })
  @ApiHeader({ name: 'X-Conversation-ID', required: false, description: CHAT_HEADERS['X-Conversation-ID'] })
  @ApiHeader({ name: 'X-User-ID', required: false, description: CHAT_HEADERS['X-User-ID'] })
  async send(@CurrentPrincipal() principal: Principal, @Body() body: SendChatDto, @Res({ passthrough: true }) reply: FastifyReply): Promise<TurnAnswer> {
    const { headers } = reply.request;
    const form = answerFormOf(reply.request);
    const turn = await this.orchestrator.accept(principal, { ...body, ...chatHeadersFrom(headers), overrides: overridesFrom(headers, this.models), ...turnIdsOf(reply.request) });
    return this.responder.respond(principal.tenantId, turn, { form }, reply);
  }
}
