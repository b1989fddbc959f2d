import { Injectable } from '@nestjs/common';
import { MemorySettings } from '../../../shared/config/index.js';
import { HistoryReader } from '../history-reader.service.js';
import type { ConversationRef } from '../hot/hot-conversation.store.js';
import { type MemoryWindow, fitWindow } from './memory-window.js';
import { type HistoryBudget, historyBudget } from './model-limits.js';
import { TokenCounter } from './token-counter.service.js';

/** What a model is shown of a conversation. */
@Injectable()
export class MemoryManager {
  private readonly budgetTokens: HistoryBudget;

  constructor(
    private readonly history: HistoryReader,
    private readonly tokens: TokenCounter,
    settings: MemorySettings,
  ) {
    this.budgetTokens = historyBudget(settings);
  }

  /** @param maxMessages newest messages to consider @returns the part of them that fits the model */
  async window(ref: ConversationRef, model: string, maxMessages: number): Promise<MemoryWindow> {
    return fitWindow(await this.history.tail(ref, maxMessages), this.budgetTokens(model), (text, maxTokens) => this.tokens.truncate(text, model, maxTokens));
  }
}
