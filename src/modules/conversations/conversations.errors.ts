import { AppError } from '../../shared/errors/index.js';
import { HIGHER_TIER } from '../tenancy/index.js';
import type { ConversationStatus } from './conversation.js';
import type { RefusalReason, Refused } from './hot/append.js';
import { transitionsFrom } from './status-machine.js';

/** The sweep completes idle conversations about this often, and makes room. Milliseconds. */
const ROOM_WITHIN_MS = 60_000;

export const conversationErrors = {
  notFound: (conversationId: string): AppError =>
    new AppError({ kind: 'notFound', code: 'CONVERSATION_NOT_FOUND', message: `There is no conversation "${conversationId}" here. GET /api/v1/conversations lists yours; a turn without conversationId begins one.`, details: { field: 'conversationId' } }),
  sessionNotFound: (sessionId: string): AppError =>
    new AppError({ kind: 'notFound', code: 'SESSION_NOT_FOUND', message: `Session "${sessionId}" has no open conversation; GET /api/v1/conversations?sessionId=${sessionId} lists those it had.`, details: { field: 'sessionId' } }),
  editEmpty: (): AppError =>
    new AppError({ kind: 'invalid', code: 'CONVERSATION_EDIT_EMPTY', message: 'There is nothing to change: send status, metadata, summary or customerSatisfaction, such as {"status":"completed"}.' }),
  alreadyActive: (sessionId: string, conversationId: string): AppError =>
    new AppError({
      kind: 'conflict',
      code: 'CONVERSATION_ACTIVE',
      message: `Session "${sessionId}" has an active conversation with this agent, "${conversationId}": go on with that one, close it, or leave sessionId out.`,
      details: { field: 'sessionId', conversationId },
    }),
  messageIdTaken: (messageId: string, seq: number): AppError =>
    new AppError({
      kind: 'conflict',
      code: 'MESSAGE_ID_TAKEN',
      message: `The conversation has another message "${messageId}" already, at seq ${String(seq)}; send this one under an id of its own, or without one.`,
      details: { field: 'messageId', seq },
    }),
  transition: (from: ConversationStatus, to: ConversationStatus): AppError =>
    new AppError({
      kind: 'conflict',
      code: 'STATUS_TRANSITION',
      message: `A conversation that is ${from} cannot become ${to}${waysOut(from)}`,
      details: { field: 'status', status: from, allowed: transitionsFrom(from) },
    }),
  busy: (conversationId: string): AppError =>
    new AppError({ kind: 'conflict', code: 'CONVERSATION_BUSY', message: `Conversation "${conversationId}" was changed by others all the time; nothing was changed. Try again.`, details: { retryAfterMs: 500 } }),
  unplaced: (): AppError =>
    new AppError({ kind: 'invalid', code: 'CONVERSATION_UNNAMED', message: 'Say which conversation: data.conversationId, or a sessionId with the agentId that it is with.', details: { field: 'data.conversationId' } }),
  /** In the spelling of the deprecated routes. */
  agentUnnamed: (sessionId: string): AppError =>
    new AppError({ kind: 'invalid', code: 'CONVERSATION_UNNAMED', message: `Session "${sessionId}" has no conversation yet, so agent_id has to say with which agent one begins; it must be the agent's UUID.`, details: { field: 'agent_id' } }),
  noteNotFound: (noteId: string): AppError =>
    new AppError({ kind: 'notFound', code: 'NOTE_NOT_FOUND', message: `The conversation has no note "${noteId}"; GET …/notes lists those it has.`, details: { field: 'noteId' } }),
  labelsTooMany: (limit: number): AppError =>
    new AppError({ kind: 'conflict', code: 'LABELS_TOO_MANY', message: `A conversation has at most ${String(limit)} labels; nothing was changed. Take others away first.`, details: { field: 'labels', limit } }),
  sessionUnnamed: (): AppError => new AppError({ kind: 'invalid', code: 'SESSION_UNNAMED', message: 'Say which session: sessionId.', details: { field: 'sessionId' } }),
};

function waysOut(from: ConversationStatus): string {
  const allowed = transitionsFrom(from);
  if (allowed.length === 0) return '.';
  const later = from === 'completed' ? ' It becomes transferred by itself once it has been moved, and can then be archived.' : '';
  return `; it can become ${allowed.join(' or ')}.${later}`;
}

/** What each refusal of the hot store says to the caller. */
const REFUSALS: Readonly<Record<RefusalReason, (conversationId: string, fact: string | number) => AppError>> = {
  closed: (conversationId, fact) =>
    fact === 'deleted'
      ? conversationErrors.notFound(conversationId)
      : new AppError({ kind: 'conflict', code: 'CONVERSATION_ARCHIVED', message: `Conversation "${conversationId}" is archived and takes no more messages; begin another one.`, details: { field: 'conversationId' } }),
  moved: (_, fact) =>
    new AppError({ kind: 'conflict', code: 'SEQ_CONFLICT', message: `The newest message of the conversation has seq ${String(fact)} by now; read from there, and send that as expectedSeq.`, details: { field: 'expectedSeq', seq: fact } }),
  messages: (_, fact) =>
    new AppError({
      kind: 'forbidden',
      code: 'TIER_LIMIT_MESSAGES',
      message: `The conversation has ${String(fact)} messages, and your tier allows no more (maxMessagesPerConversation); close it and begin another one, or ${HIGHER_TIER}.`,
      details: { limit: 'maxMessagesPerConversation', messages: fact },
    }),
  conversations: (_, fact) =>
    new AppError({
      kind: 'limited',
      code: 'TIER_LIMIT_CONVERSATIONS',
      message: `You have ${String(fact)} active conversations, and your tier allows no more (maxActiveConversations); close one with POST /api/v1/conversations/:conversationId/close, wait until idle ones are completed, or ${HIGHER_TIER}.`,
      details: { limit: 'maxActiveConversations', active: fact, retryAfterMs: ROOM_WITHIN_MS },
    }),
  fenced: (conversationId) =>
    new AppError({ kind: 'conflict', code: 'RUN_SUPERSEDED', message: `Another run has conversation "${conversationId}" by now; what this one appends is refused.`, details: { conversationId } }),
  transferred: (conversationId) => conversationErrors.busy(conversationId),
  status: (conversationId) => conversationErrors.busy(conversationId),
  session: (conversationId) => conversationErrors.busy(conversationId),
  busy: (conversationId) => conversationErrors.busy(conversationId),
  withdrawn: (conversationId, fact) =>
    new AppError({
      kind: 'conflict',
      code: 'WITHDRAWN_LIMIT',
      message: `Conversation "${conversationId}" has ${String(fact)} withdrawn messages, and no more can be withdrawn; begin another one, or let the run that is active come to its end.`,
      details: { conversationId, withdrawn: fact },
    }),
};

export function refused(conversationId: string, { reason, fact }: Refused): AppError {
  return REFUSALS[reason](conversationId, fact);
}
