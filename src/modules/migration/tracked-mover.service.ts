import { Injectable } from '@nestjs/common';
import { toAppError } from '../../shared/errors/index.js';
import type { ConversationRef } from '../conversations/index.js';
import { ConversationMover } from './conversation-mover.service.js';
import { MigrationStateStore, type MoveEnd } from './migration-state.store.js';

/** One try of a move, and whether the loop has anything to say about it. */
export interface MoveTry {
  readonly attempt: number;
  readonly signal: AbortSignal;
  /** Somebody asked for this conversation: it moves also while the loop is stopped. */
  readonly isExplicit: boolean;
}

export interface TrackedMove {
  /** See {@link ConversationMover.move}. */
  readonly archivedSeq: number | null;
  readonly movedMessages: number;
}

/** Moves conversations so that every process can tell what is being moved, and what was. */
@Injectable()
export class TrackedMover {
  constructor(
    private readonly mover: ConversationMover,
    private readonly state: MigrationStateStore,
  ) {}

  /** @returns null when the loop is stopped @throws what the move throws */
  async move(ref: ConversationRef, { attempt, signal, isExplicit }: MoveTry): Promise<TrackedMove | null> {
    const ticket = await this.state.begin(ref, isExplicit);
    if (ticket === null) return null;
    let movedMessages = 0;
    const count = (messages: number): void => void (movedMessages += messages);
    try {
      const archivedSeq = await this.mover.move(ref, attempt, signal, count);
      await this.end(ticket, movedMessages > 0 ? { outcome: 'completed', movedMessages } : null);
      return { archivedSeq, movedMessages };
    } catch (error) {
      await this.end(ticket, toAppError(error).code === 'SHUTTING_DOWN' ? null : { outcome: 'failed', movedMessages });
      throw error;
    }
  }

  /** What was moved is moved, whether or not it could be counted: the ticket ends by itself. */
  private async end(ticket: string, end: MoveEnd | null): Promise<void> {
    await this.state.end(ticket, end).catch(() => undefined);
  }
}
