import { newId } from '../../src/contracts/index.js';
import type { HotConversation, Message, NewConversation, NewMessage } from '../../src/modules/conversations/conversation.js';

/** Who a new conversation belongs to; every id is new. */
export function newConversation(overrides: Partial<NewConversation> = {}): NewConversation {
  return { conversationId: newId(), agentId: newId(), sessionId: newId(), userId: null, model: 'builtin/chat', metadata: {}, ...overrides };
}

/** A message to append, one token long. */
export function newMessage(overrides: Partial<NewMessage & { tokens: number }> = {}): NewMessage & { tokens: number } {
  return { messageId: newId(), role: 'user', content: 'hello', agentId: null, executionId: null, metadata: null, tokens: 1, ...overrides };
}

/** A message that has its place; the same seq is the same message. */
export function message(seq: number, overrides: Partial<Message> = {}): Message {
  const name = String(seq);
  return { ...newMessage({ messageId: `m${name}`, content: `message ${name}` }), seq, createdAt: new Date(1_700_000_000_000 + seq), ...overrides };
}

/** A conversation in Redis without messages. */
export function hotConversation(overrides: Partial<HotConversation> = {}): HotConversation {
  const at = new Date(1_700_000_000_000);
  return {
    ...newConversation(),
    ...{ status: 'active', messageCount: 0, tokenCount: 0, seq: 0, archivedSeq: 0, archivedRevision: -1, firstHotSeq: 1, revision: 0, systemSeqs: [], withdrawnSeqs: [] },
    ...{ summary: null, customerSatisfaction: null, createdAt: at, lastMessageAt: at, closedAt: null },
    ...overrides,
  };
}
