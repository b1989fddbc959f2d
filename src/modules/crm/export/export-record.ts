import type { Annotations, Message, Note, StoredConversation } from '../../conversations/index.js';
import type { Command, Execution } from '../../execution/index.js';

/** Kinds of what an export holds, besides what it says of itself. */
export const EXPORTED = ['conversation', 'message', 'note', 'execution', 'command', 'gone'] as const;

export type ExportedType = (typeof EXPORTED)[number];

/** One thing of an export, as plain JSON. `gone`: the conversation was deleted while it was being exported, so that its messages break off. */
export type ExportRecord = { readonly type: ExportedType } & Readonly<Record<string, unknown>>;

export function conversationRecord(conversation: StoredConversation & Annotations): ExportRecord {
  const { conversationId, agentId, sessionId, userId, status, storage, model, messageCount, tokenCount } = conversation;
  const { metadata, summary, customerSatisfaction, createdAt, lastMessageAt, closedAt } = conversation;
  const { labels, assignee } = conversation;
  const said = { metadata, summary, customerSatisfaction, labels, assignee, createdAt, lastMessageAt, closedAt };
  return { type: 'conversation', conversationId, agentId, sessionId, userId, status, storage, model, messageCount, tokenCount, ...said };
}

export function messageRecord(conversationId: string, { messageId, seq, role, content, tokens, agentId, executionId, metadata, createdAt, isWithdrawn }: Message): ExportRecord {
  return { type: 'message', conversationId, messageId, seq, role, content, tokens, agentId, executionId, metadata, createdAt, ...(isWithdrawn && { isWithdrawn }) };
}

/** What operators have noted. */
export function noteRecord(conversationId: string, { noteId, text, author, createdAt }: Note): ExportRecord {
  return { type: 'note', conversationId, noteId, text, author, createdAt };
}

export function executionRecord(execution: Execution): ExportRecord {
  const { executionId, conversationId, agentId, agentVersion, sessionId, userId, commandId, webhookUrl, status } = execution;
  const { attempt, result, usage, costMicros, error, queuedAt, startedAt, firstTokenAt, endedAt } = execution;
  return { type: 'execution', executionId, conversationId, agentId, agentVersion, sessionId, userId, commandId, webhookUrl, status, attempt, result, usage, costMicros, error, queuedAt, startedAt, firstTokenAt, endedAt };
}

export function commandRecord(command: Command): ExportRecord {
  const { id, agentId, agentBackground, task, description, targets, provider, model, temperature, maxTokens, userId, status } = command;
  const { executionId, conversationId, sessionId, results, error, inputTokens, outputTokens, durationMs } = command;
  return {
    ...{ type: 'command', commandId: command.metadata.dbUuid, id, agentId, agentBackground, task, description, targets, provider, model, temperature, maxTokens, userId },
    ...{ metadata: command.callerMetadata, status, executionId, conversationId, sessionId, results, error, inputTokens, outputTokens, durationMs },
    ...{ createdAt: new Date(command.createdAt), updatedAt: new Date(command.updatedAt) },
  };
}
