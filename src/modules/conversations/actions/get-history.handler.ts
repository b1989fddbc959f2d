import type { DomainAction, HistoryAnswer } from '../../../contracts/index.js';
import { type ActionHandler, HandlesAction } from '../../../shared/actions/index.js';
import type { Message } from '../conversation.js';
import { SessionHistories } from '../history/session-histories.service.js';
import { conversationErrors } from '../conversations.errors.js';

/** It only reads. */
@HandlesAction('conversation.get_history')
export class GetHistoryHandler implements ActionHandler<'conversation.get_history'> {
  constructor(private readonly histories: SessionHistories) {}

  readonly handle = async ({ tenantId, sessionId, agentId, data }: DomainAction<'conversation.get_history'>): Promise<HistoryAnswer> => {
    const { conversationId, limit = 10, includeSystem = false } = data;
    if (conversationId !== undefined) return answerOf(await this.histories.ofConversation({ tenantId, conversationId }, { limit, includeSystem }));
    if (sessionId === undefined) throw conversationErrors.unplaced();
    return answerOf(await this.histories.get(tenantId, { sessionId, agentId }, { limit, includeSystem }));
  };
}

function answerOf({ conversationId, messages, total }: Awaited<ReturnType<SessionHistories['get']>>): HistoryAnswer {
  return { conversationId, total, messages: messages.map((message) => toAnswered(message)) };
}

/** Field by field: what PostgreSQL has read is a whole row. */
function toAnswered({ messageId, seq, role, content, tokens, agentId, executionId, metadata, createdAt }: Message): HistoryAnswer['messages'][number] {
  return { messageId, seq, role, content, tokens, agentId, executionId, metadata, createdAt: createdAt.toISOString() };
}
