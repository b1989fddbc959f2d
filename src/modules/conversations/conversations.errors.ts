import { AppError } from '../../shared/errors/index.js';

export const conversationErrors = {
  notFound: (conversationId: string): AppError =>
    new AppError({ kind: 'notFound', code: 'CONVERSATION_NOT_FOUND', message: `There is no conversation "${conversationId}" here; leave conversationId out to begin one.`, details: { field: 'conversationId' } }),
  sessionNotFound: (sessionId: string): AppError =>
    new AppError({ kind: 'notFound', code: 'SESSION_NOT_FOUND', message: `Session "${sessionId}" has no open conversation.`, details: { field: 'sessionId' } }),
};
