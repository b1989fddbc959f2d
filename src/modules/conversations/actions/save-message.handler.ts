import type { DomainAction, SavedMessageAnswer } from '../../../contracts/index.js';
import { type ActionHandler, HandlesAction } from '../../../shared/actions/index.js';
import { ModelSettings } from '../../../shared/config/index.js';
import { conversationErrors } from '../conversations.errors.js';
import { ConversationsService } from '../conversations.service.js';

type SaveMessage = DomainAction<'conversation.save_message'>;

/** Running twice equals running once: a message without an id of its own has the action's. */
@HandlesAction('conversation.save_message')
export class SaveMessageHandler implements ActionHandler<'conversation.save_message'> {
  constructor(
    private readonly conversations: ConversationsService,
    private readonly models: ModelSettings,
  ) {}

  readonly handle = async (action: SaveMessage): Promise<SavedMessageAnswer> => {
    const { actionId, tenantId, tenantTier: tier, agentId, data } = action;
    const { messageId = actionId, role, content, metadata, tokensEstimate, expectedSeq } = data;
    const conversationId = data.conversationId ?? (await this.conversationOf(action));
    const saved = await this.conversations.saveMessage({ tenantId, tier }, { conversationId, messageId, role, content, agentId, metadata, tokens: tokensEstimate, expectedSeq });
    return { conversationId: saved.conversationId, messageId: saved.messageId, seq: saved.seq, tokensUsed: saved.tokens };
  };

  /** The session's with the agent, which is begun if there is none. */
  private async conversationOf({ tenantId, tenantTier: tier, agentId, sessionId, userId, data }: SaveMessage): Promise<string> {
    if (agentId === undefined || sessionId === undefined) throw conversationErrors.unplaced();
    const { model = this.models.defaultModel } = data;
    const opened = await this.conversations.open({ tenantId, tier }, { agentId, sessionId, userId: userId ?? null, model, metadata: {}, conversationId: undefined });
    return opened.conversationId;
  }
}
