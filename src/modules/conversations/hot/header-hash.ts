import type { ConversationStatus, HotConversation, NewConversation } from '../conversation.js';

/** Fields of the header hash that a caller may set; '' is none. */
export type HeaderFields = Readonly<Partial<Record<'status' | 'sessionId' | 'closedAt' | 'metadata' | 'summary' | 'customerSatisfaction', string>>>;

/** The fields of the header hash that the scripts do not count themselves. */
export function headerOfNew({ agentId, sessionId, userId, model, metadata }: NewConversation): Record<string, string> {
  return { agentId, sessionId, userId: userId ?? '', model, metadata: JSON.stringify(metadata) };
}

/** The whole header hash, as `reheat.lua` writes it. Times in epoch milliseconds. */
export function toHeader(conversation: HotConversation): Record<string, string | number> {
  const { revision, seq, archivedSeq, archivedRevision, firstHotSeq, tokenCount, status, createdAt, lastMessageAt, closedAt, summary, customerSatisfaction, systemSeqs, withdrawnSeqs } = conversation;
  return {
    ...headerOfNew(conversation),
    ...{ status, changes: revision - seq, seq, archivedSeq, archivedRevision, firstHotSeq, tokenCount },
    createdAt: createdAt.getTime(),
    lastMessageAt: lastMessageAt.getTime(),
    closedAt: closedAt?.getTime() ?? '',
    summary: summary ?? '',
    customerSatisfaction: customerSatisfaction ?? '',
    systemSeqs: listOf(systemSeqs),
    withdrawnSeqs: listOf(withdrawnSeqs),
  };
}

/** @param flat field, value, field, value … as HGETALL gives them to a script */
export function fromHeader(conversationId: string, flat: readonly string[]): HotConversation {
  const fields: Record<string, string | undefined> = {};
  for (let i = 0; i < flat.length; i += 2) fields[flat[i] ?? ''] = flat[i + 1];
  return fromFields(conversationId, fields);
}

/** @param fields as HGETALL gives them to a client */
export function fromFields(conversationId: string, fields: Readonly<Record<string, string | undefined>>): HotConversation {
  const text = (field: string): string => fields[field] ?? '';
  const number = (field: string): number => Number(fields[field] ?? 0);
  const orNull = <T>(field: string, read: (value: string) => T): T | null => (text(field) === '' ? null : read(text(field)));
  return {
    conversationId,
    agentId: text('agentId'),
    sessionId: text('sessionId'),
    userId: orNull('userId', String),
    status: text('status') as ConversationStatus,
    model: text('model'),
    messageCount: number('seq'),
    tokenCount: number('tokenCount'),
    archivedSeq: number('archivedSeq'),
    archivedRevision: number('archivedRevision'),
    revision: number('changes') + number('seq'),
    metadata: JSON.parse(text('metadata')) as Record<string, unknown>,
    summary: orNull('summary', String),
    customerSatisfaction: orNull('customerSatisfaction', Number),
    createdAt: new Date(number('createdAt')),
    lastMessageAt: new Date(number('lastMessageAt')),
    closedAt: orNull('closedAt', (time) => new Date(Number(time))),
    seq: number('seq'),
    firstHotSeq: number('firstHotSeq'),
    systemSeqs: seqsOf(text('systemSeqs')),
    withdrawnSeqs: seqsOf(text('withdrawnSeqs')),
  };
}

/** `,3,17` as the scripts write it. */
export function listOf(seqs: readonly number[]): string {
  return seqs.map((seq) => `,${String(seq)}`).join('');
}

/** @param list `,3,17` as the scripts write it */
export function seqsOf(list: string): number[] {
  return list.split(',').slice(1).map(Number);
}
