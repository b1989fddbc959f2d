import { ExecutionErrorDto, ExecutionResultDto } from '../../dto/execution.dto.js';
import type { Command, CommandStatus } from '../command.js';

export class CommandDto {
  /** Temporary id, known at once. */
  id!: string;
  /** UUID of the same command. */
  commandId!: string;
  agentId!: string;
  /** The agent's background when the command was made. */
  agentBackground!: string | null;
  task!: string;
  description!: string | null;
  targets!: string[];
  /** What was asked for instead of the agent's; null where nothing was. */
  provider!: string | null;
  model!: string | null;
  temperature!: number | null;
  maxTokens!: number | null;
  userId!: string | null;
  metadata!: Record<string, unknown>;
  status!: CommandStatus;
  /** The run that carries it out. */
  executionId!: string;
  /** Null until the run is known to have begun or ended. */
  conversationId!: string | null;
  sessionId!: string | null;
  /** The answer, or what there was of it. */
  results!: ExecutionResultDto[];
  error!: ExecutionErrorDto | null;
  inputTokens!: number | null;
  outputTokens!: number | null;
  /** From acceptance to the end. */
  durationMs!: number | null;
  createdAt!: Date;
  updatedAt!: Date;

  static of(command: Command): CommandDto {
    const { id, agentId, agentBackground, task, description, targets, provider, model, temperature, maxTokens, userId, status } = command;
    const { executionId, conversationId, sessionId, results, error, inputTokens, outputTokens, durationMs } = command;
    return {
      ...{ id, commandId: command.metadata.dbUuid, agentId, agentBackground, task, description, targets: [...targets], provider, model, temperature, maxTokens, userId },
      ...{ metadata: command.callerMetadata, status, executionId, conversationId, sessionId, results: [...results], error, inputTokens, outputTokens, durationMs },
      ...{ createdAt: new Date(command.createdAt), updatedAt: new Date(command.updatedAt) },
    };
  }
}
