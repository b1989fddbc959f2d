import { Injectable } from '@nestjs/common';
import type { ContextAnswer } from '../../../contracts/index.js';
import { ModelSettings } from '../../../shared/config/index.js';
import { conversationErrors } from '../conversations.errors.js';
import { HistoryReader } from '../history/history-reader.service.js';
import { SessionHistories } from '../history/session-histories.service.js';
import { MemoryManager } from './memory-manager.service.js';

/** Newest messages that a context considers: as many as an agent may. */
const CONSIDERED = 1_000;

/** Which conversation: by its id, or by its session. */
export interface ContextPlace {
  readonly conversationId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly agentId?: string | undefined;
}

/** Contexts for whoever calls a model himself. */
@Injectable()
export class ContextReader {
  constructor(
    private readonly histories: SessionHistories,
    private readonly history: HistoryReader,
    private readonly memory: MemoryManager,
    private readonly models: ModelSettings,
  ) {}

  /**
   * @param options.model default: the conversation's
   * @returns an empty context with the conversationId "" for an unknown session
   * @throws CONVERSATION_NOT_FOUND (notFound), CONVERSATION_UNNAMED (invalid)
   */
  async get(tenantId: string, { conversationId: named, sessionId, agentId }: ContextPlace, options: { readonly model?: string | undefined; readonly maxTokens?: number | undefined }): Promise<ContextAnswer> {
    if (named === undefined && sessionId === undefined) throw conversationErrors.unplaced();
    const conversationId = named ?? (await this.histories.conversationOf(tenantId, sessionId ?? '', agentId));
    if (conversationId === null) return { conversationId: '', messages: [], totalTokens: 0, model: options.model ?? this.models.defaultModel, truncationApplied: false };
    const ref = { tenantId, conversationId };
    const model = options.model ?? (await this.history.get(ref)).model;
    const { messages, totalTokens, truncationApplied } = await this.memory.window(ref, model, CONSIDERED, options.maxTokens);
    if (messages.length === 0) await this.history.get(ref);
    return { conversationId, messages: messages.map(({ role, content, tokens }) => ({ role, content, tokens })), totalTokens, model, truncationApplied: truncationApplied };
  }
}
