import { Injectable } from '@nestjs/common';
import { ModelSettings } from '../../../shared/config/index.js';
import { toAppError } from '../../../shared/errors/index.js';
import type { RateLimit } from '../../../shared/http/index.js';
import type { NewIds } from '../../../shared/idempotency/index.js';
import { AgentsService, chooseModel, requireRunnable } from '../../agents/index.js';
import type { Principal } from '../../tenancy/index.js';
import { type AcceptedTurn, Orchestrator, type TurnRequest } from '../orchestrator.service.js';
import { type Command, temporaryId } from './command.js';
import { CommandCaches } from './command-caches.service.js';
import { reopened } from './command-ending.js';
import { CommandEvents } from './command-events.service.js';
import { messageOf } from './command-message.js';
import { CommandRepository } from './command.repository.js';
import type { SubmitCommandDto } from './dto/submit-command.dto.js';

/** A command that was taken, and where its tenant stands with the turns that it may begin. */
export interface SubmittedCommand {
  readonly command: Command;
  readonly rate?: RateLimit | undefined;
}

/** Takes commands: writes the row, then has the run accepted. */
@Injectable()
export class CommandSubmission {
  constructor(
    private readonly agents: AgentsService,
    private readonly models: ModelSettings,
    private readonly orchestrator: Orchestrator,
    private readonly commands: CommandRepository,
    private readonly caches: CommandCaches,
    private readonly events: CommandEvents,
  ) {}

  /**
   * The row names the run before it is accepted, so a crash in between leaves a command of which it can be told that it never began. A command that is
   * refused leaves nothing. With the ids of a repeat it is the same command.
   *
   * @throws AGENT_NOT_FOUND, CONVERSATION_NOT_FOUND (notFound), AGENT_INACTIVE, AGENT_TIER_TOO_LOW (forbidden), VALIDATION_FAILED, MODEL_UNKNOWN,
   * MODEL_PROVIDER_NOT_CONFIGURED (invalid), and what else {@link Orchestrator.accept} throws
   */
  async submit(principal: Principal, body: SubmitCommandDto, ids: NewIds): Promise<SubmittedCommand> {
    const { tenantId, tier } = principal;
    const earlier = ids.isRepeat ? await this.commands.find(tenantId, ids.id('command')) : null;
    const agent = await this.agents.get(tenantId, body.agentId);
    requireRunnable(agent, tier);
    const command = earlier ? reopened(earlier) : this.newCommand(tenantId, body, agent.background, ids);
    const message = messageOf(command);
    if (!earlier) await this.commands.insertOnce(command);
    const begins = { sessionId: ids.id('session'), conversationId: ids.id('conversation'), mayExist: ids.isRepeat };
    const { rate, ...accepted } = await this.accept(principal, command, { ...turnOf(body, command), message, begins });
    this.caches.keep(command);
    this.events.emit('commandCreated', command, tenantId);
    return { command: { ...command, ...accepted }, rate };
  }

  private async accept(principal: Principal, command: Command, request: TurnRequest): Promise<Pick<AcceptedTurn, 'conversationId' | 'sessionId' | 'rate'>> {
    try {
      const { conversationId, sessionId, rate } = await this.orchestrator.accept(principal, request);
      return { conversationId, sessionId, ...(rate && { rate }) };
    } catch (error) {
      // One that may have been accepted all the same stays: its end will be written, or it will be told that it never began.
      if (!toAppError(error).isRetryable) await this.commands.delete(command.tenantId, command.id);
      throw error;
    }
  }

  private newCommand(tenantId: string, body: SubmitCommandDto, agentBackground: string | null, ids: NewIds): Command {
    const { agentId, task, description = null, targets = [], temperature = null, maxTokens = null, userId = null, metadata = {} } = body;
    const [now, commandId] = [Date.now(), ids.id('command')];
    return {
      ...{ tenantId, id: temporaryId(commandId), agentId, agentBackground, task, description, targets, ...this.modelOf(body), temperature, maxTokens, userId },
      ...{ callerMetadata: metadata, metadata: { dbUuid: commandId }, status: 'pending', executionId: ids.id('execution'), conversationId: null, sessionId: null },
      ...{ results: [], error: null, inputTokens: null, outputTokens: null, durationMs: null, createdAt: now, updatedAt: now },
    };
  }

  private modelOf({ provider, model }: SubmitCommandDto): Pick<Command, 'provider' | 'model'> {
    if (provider === undefined && model === undefined) return { provider: null, model: null };
    return chooseModel({ ...(provider && { provider }), ...(model !== undefined && { model }) }, this.models);
  }
}

function turnOf(body: SubmitCommandDto, { executionId, metadata, provider, model }: Command): Omit<TurnRequest, 'message'> {
  const { agentId, conversationId, sessionId, userId, maxIterations, timeoutMs, onConflict, webhookUrl, memo, temperature, maxTokens } = body;
  const overrides = { ...(provider && model && { provider, model }), temperature, maxTokens };
  const given = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
  const turn = { agentId, conversationId, sessionId, userId, maxIterations, timeoutMs, onConflict, webhookUrl, memo, executionId, commandId: metadata.dbUuid };
  return { ...turn, ...(Object.keys(given).length > 0 && { overrides: given }), metadata: body.metadata ?? {} };
}
