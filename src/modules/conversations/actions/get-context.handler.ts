import type { ContextAnswer, DomainAction } from '../../../contracts/index.js';
import { type ActionHandler, HandlesAction } from '../../../shared/actions/index.js';
import { ContextReader } from '../memory/context-reader.service.js';

/** It only reads. */
@HandlesAction('conversation.get_context')
export class GetContextHandler implements ActionHandler<'conversation.get_context'> {
  constructor(private readonly contexts: ContextReader) {}

  readonly handle = async ({ tenantId, sessionId, agentId, data }: DomainAction<'conversation.get_context'>): Promise<ContextAnswer> =>
    this.contexts.get(tenantId, { conversationId: data.conversationId, sessionId, agentId }, { model: data.model, maxTokens: data.maxTokens });
}
