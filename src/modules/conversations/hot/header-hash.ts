import type { ConversationStatus, HotConversation, NewConversation } from '../conversation.js';

/** The fields of the header hash that `append.lua` does not count itself. */
export function headerOfNew({ agentId, sessionId, userId, model, metadata }: NewConversation): Record<string, string> {
  return { agentId, sessionId, userId: userId ?? '', model, metadata: JSON.stringify(metadata) };
}

/** The whole header hash, as `reheat.lua` writes it. Times in epoch milliseconds. */
export function toHeader(conversation: HotConversation): Record<string, string | number> {
  const { revision, seq, archivedSeq, firstHotSeq, messageCount, tokenCount, status, createdAt, lastMessageAt, closedAt } = conversation;
  return {
    ...headerOfNew(conversation),
    ...{ status, revision, seq, archivedSeq, firstHotSeq, messageCount, tokenCount },
    createdAt: createdAt.getTime(),
    lastMessageAt: lastMessageAt.getTime(),
    ...(closedAt && { closedAt: closedAt.getTime() }),
  };
}

/** @param flat field, value, field, value … as HGETALL gives them to a script */
export function fromHeader(conversationId: string, flat: readonly string[]): HotConversation {
  const fields = new Map<string, string>();
  for (let i = 0; i < flat.length; i += 2) fields.set(flat[i] ?? '', flat[i + 1] ?? '');
  const text = (field: string): string => fields.get(field) ?? '';
  const number = (field: string): number => Number(fields.get(field) ?? 0);
  return {
    conversationId,
    agentId: text('agentId'),
    sessionId: text('sessionId'),
    userId: text('userId') === '' ? null : text('userId'),
    status: text('status') as ConversationStatus,
    model: text('model'),
    messageCount: number('messageCount'),
    tokenCount: number('tokenCount'),
    archivedSeq: number('archivedSeq'),
    revision: number('revision'),
    metadata: JSON.parse(text('metadata')) as Record<string, unknown>,
    createdAt: new Date(number('createdAt')),
    lastMessageAt: new Date(number('lastMessageAt')),
    closedAt: fields.has('closedAt') ? new Date(number('closedAt')) : null,
    seq: number('seq'),
    firstHotSeq: number('firstHotSeq'),
  };
}
