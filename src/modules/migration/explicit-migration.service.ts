import { Injectable } from '@nestjs/common';
import type { MigratedConversationAnswer } from '../../contracts/index.js';
import { type ConversationRef, HistoryReader, MemoryManager } from '../conversations/index.js';
import { TrackedMover } from './tracked-mover.service.js';

export interface ExplicitMove {
  readonly signal: AbortSignal;
  readonly attempt?: number;
  /** Default true. */
  readonly cleanupMemory?: boolean | undefined;
}

/** Moves the conversation that somebody names, due or not, also while the loop is stopped. */
@Injectable()
export class ExplicitMigration {
  constructor(
    private readonly history: HistoryReader,
    private readonly memory: MemoryManager,
    private readonly mover: TrackedMover,
  ) {}

  /**
   * PostgreSQL then has everything that was in Redis when it was called. One that is active goes on in Redis.
   *
   * @throws CONVERSATION_NOT_FOUND (notFound), and what the move throws
   */
  async migrate(ref: ConversationRef, { signal, attempt = 1, cleanupMemory = true }: ExplicitMove): Promise<MigratedConversationAnswer> {
    await this.history.get(ref);
    const moved = await this.mover.move(ref, { attempt, signal, isExplicit: true });
    if (cleanupMemory) this.memory.cleanup(ref);
    const { conversationId, archivedSeq, status, storage } = await this.history.get(ref);
    return { conversationId, archivedSeq, movedMessages: moved?.movedMessages ?? 0, status, storage, isMemoryFreed: cleanupMemory };
  }
}
