import { AppError } from '../../../shared/errors/index.js';

export const archiveErrors = {
  /** PostgreSQL lost rows that Redis believes archived: a restored backup. Only an operator can tell which is right. */
  behind: (conversationId: string, archivedSeq: number, from: number): AppError =>
    new AppError({
      kind: 'conflict',
      code: 'ARCHIVE_BEHIND',
      message: `Conversation ${conversationId} is archived up to ${String(archivedSeq)} but the move begins at ${String(from)}; nothing was changed.`,
      details: { conversationId, archivedSeq, from },
    }),
  mismatch: (conversationId: string, from: number, to: number): AppError =>
    new AppError({
      kind: 'conflict',
      code: 'ARCHIVE_MISMATCH',
      message: `Messages ${String(from)} to ${String(to)} of conversation ${conversationId} differ between Redis and PostgreSQL; nothing was changed.`,
      details: { conversationId, from, to },
    }),
};
