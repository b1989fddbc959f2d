import { Inject, Injectable } from '@nestjs/common';
import { type LuaScript, REDIS, type Redis, keys, luaScript } from '../../../shared/redis/index.js';
import type { ConversationRef, Message } from '../conversation.js';
import { toStored } from '../hot/message-json.js';

/** What is left of a message whose author was erased. */
export const REDACTED = { content: '', metadata: { isErased: true } } as const;

/** Takes what was said out of single messages in Redis. */
@Injectable()
export class RedactedMessageStore {
  private readonly redact: LuaScript;

  constructor(@Inject(REDIS) redis: Redis) {
    this.redact = luaScript(redis, { moduleUrl: import.meta.url, file: 'redact-message.lua', keyCount: 3 });
  }

  /** @param message as it was @returns whether it was in Redis, and said something */
  async apply({ tenantId, conversationId }: ConversationRef, message: Message): Promise<boolean> {
    const scriptKeys = [keys.conversation, keys.messages, keys.messageIds].map((key) => key(tenantId, conversationId));
    return (await this.redact(scriptKeys, [message.messageId, toStored({ ...message, ...REDACTED })])) === 1;
  }
}
