import type { ExecutionError, ExecutionStatus, MessageRole, TokenUsage } from '../../../contracts/index.js';
import type { ConversationDetail } from '../conversation-detail.service.js';
import { NoteDto } from './annotations.dto.js';
import { CrmConversationDto } from './conversation-list.dto.js';

export class CrmMessageDto {
  seq!: number;
  messageId!: string;
  role!: MessageRole;
  content!: string;
  tokens!: number;
  agentId!: string | null;
  executionId!: string | null;
  metadata!: Record<string, unknown> | null;
  createdAt!: Date;
  /** It was taken back: no model is shown it any more. */
  isWithdrawn?: true;
}

export class CrmExecutionDto {
  executionId!: string;
  status!: ExecutionStatus;
  attempt!: number;
  usage!: TokenUsage | null;
  error!: ExecutionError | null;
  queuedAt!: Date;
  endedAt!: Date | null;
}

export class CrmLedgerLineDto {
  fromSeq!: number;
  toSeq!: number;
  messageCount!: number;
  /** SHA-256 over seq, id, role and content of the range, hexadecimal. */
  checksum!: string;
  durationMs!: number;
  attempt!: number;
  outcome!: 'verified' | 'failed' | 'resequenced';
  error!: string | null;
  movedAt!: Date;
}

export class ConversationDetailDto extends CrmConversationDto {
  /** Oldest first, from `after` on. */
  messages!: CrmMessageDto[];
  /** Those that wait or run, and those that have ended, oldest first; of more than 200 the newest. */
  executions!: CrmExecutionDto[];
  executionCount!: number;
  /** Newest first; of more than 200 the newest. */
  notes!: NoteDto[];
  noteCount!: number;
  /** What was moved to PostgreSQL, and how it was verified, oldest first; of more than 200 lines the newest. */
  ledger!: CrmLedgerLineDto[];
  ledgerCount!: number;

  static ofDetail({ conversation, messages, executions, executionCount, notes, ledger }: ConversationDetail): ConversationDetailDto {
    return {
      ...CrmConversationDto.of(conversation),
      ...{ notes: [...notes.data], noteCount: notes.total, executionCount },
      messages: messages.map(toMessage),
      executions: executions.map(({ executionId, status: state, attempt, usage, error, queuedAt, endedAt }) => ({ executionId, status: state, attempt, usage, error, queuedAt, endedAt })),
      ...{ ledger: ledger.ranges.map(toLedgerLine), ledgerCount: ledger.total },
    };
  }
}

function toMessage({ seq, messageId, role, content, tokens, agentId, executionId, metadata, createdAt, isWithdrawn }: ConversationDetail['messages'][number]): CrmMessageDto {
  return { seq, messageId, role, content, tokens, agentId, executionId, metadata, createdAt, ...(isWithdrawn && { isWithdrawn }) };
}

function toLedgerLine({ fromSeq, toSeq, messageCount, checksum, durationMs, attempt, outcome, error, movedAt }: ConversationDetail['ledger']['ranges'][number]): CrmLedgerLineDto {
  return { fromSeq, toSeq, messageCount, checksum, durationMs, attempt, outcome, error, movedAt };
}
