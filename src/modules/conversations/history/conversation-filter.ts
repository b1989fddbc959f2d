import { type ConversationFilter, type HotConversation, storageOf } from '../conversation.js';
import type { ListCursor } from '../list-cursor.js';

/** Everything that a filter asks for but the words and what operators say of a conversation. The same conditions in SQL: `conversation-search.repository.ts`. */
export function matches(conversation: HotConversation, filter: ConversationFilter): boolean {
  const { from, to, storage } = filter;
  const fields = ['agentId', 'sessionId', 'userId', 'status'] as const;
  if (fields.some((field) => filter[field] !== undefined && filter[field] !== conversation[field])) return false;
  if (storage !== undefined && storage !== storageOf(conversation)) return false;
  return (from === undefined || conversation.createdAt >= from) && (to === undefined || conversation.createdAt < to);
}

/** Whether `a` stands before `b` in a list: newest first, of two of the same millisecond the one with the larger id. */
export function isBefore(a: ListCursor, b: ListCursor): boolean {
  const difference = a.createdAt.getTime() - b.createdAt.getTime();
  return difference === 0 ? a.conversationId > b.conversationId : difference > 0;
}
