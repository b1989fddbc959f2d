import { newId } from '../../src/contracts/index.js';
import type { Answer, ApiClient } from './api-client.js';
import { waitFor } from './wait-for.js';

/** A conversation as REST shows it. */
export interface SeenConversation {
  readonly conversationId: string;
  readonly agentId: string;
  readonly sessionId: string;
  readonly userId: string | null;
  readonly status: string;
  readonly storage: 'hot' | 'both' | 'cold';
  readonly model: string;
  readonly messageCount: number;
  readonly tokenCount: number;
  readonly metadata: Record<string, unknown>;
  readonly summary: string | null;
  readonly customerSatisfaction: number | null;
  readonly createdAt: string;
  readonly lastMessageAt: string;
  readonly closedAt: string | null;
}

export interface SeenMessage {
  readonly messageId: string;
  readonly seq: number;
  readonly role: string;
  readonly content: string;
  readonly tokens: number;
}

export interface SavedMessage {
  readonly conversationId: string;
  readonly messageId: string;
  readonly seq: number;
  readonly tokens: number;
}

export interface Page<T> {
  readonly data: readonly T[];
  readonly nextCursor: T extends SeenMessage ? number | null : string | null;
  readonly total: number;
}

/** Longer than any conversation of a test stays where it was put by itself: what moves, a test moves. */
export const NOTHING_BY_ITSELF = { MIGRATION_INTERVAL_SECONDS: '86400', MIGRATION_RELEASE_SECONDS: '0' };

/** What a test does with conversations, as any program could over REST; whatever is refused throws. */
export class Conversations {
  constructor(readonly client: ApiClient) {}

  /** @returns the id of a new conversation */
  async begin(body: object = {}): Promise<string> {
    return (await this.created(body)).conversationId;
  }

  async created(body: object = {}): Promise<SeenConversation> {
    return done(await this.client.post<SeenConversation>('/api/v1/conversations', { agentId: newId(), ...body }));
  }

  async say(conversationId: string, content: string, body: object = {}): Promise<SavedMessage> {
    return done(await this.client.post<SavedMessage>(`/api/v1/conversations/${conversationId}/messages`, { role: 'user', content, ...body }));
  }

  async get(conversationId: string): Promise<SeenConversation> {
    return done(await this.client.get<SeenConversation>(`/api/v1/conversations/${conversationId}`));
  }

  async page(conversationId: string, query = ''): Promise<Page<SeenMessage>> {
    return done(await this.client.get<Page<SeenMessage>>(`/api/v1/conversations/${conversationId}/messages?${query}`));
  }

  async close(conversationId: string): Promise<void> {
    done(await this.client.post(`/api/v1/conversations/${conversationId}/close`));
  }

  /** Moves what is due or not; afterwards PostgreSQL has all of it. */
  async move(conversationId: string): Promise<void> {
    done(await this.client.post('/api/v1/actions?wait=true', { actionType: 'migration.move', data: { conversationId } }));
  }

  /** Closes it and moves it out of Redis, where nothing is released by itself before its time ({@link NOTHING_BY_ITSELF}). */
  async rest(conversationId: string): Promise<void> {
    await this.close(conversationId);
    await waitFor('the release', async () => {
      await this.move(conversationId);
      return (await this.get(conversationId)).storage === 'cold';
    });
  }
}

function done<T>({ status, body }: Answer<T>): T {
  if (status < 200 || status > 299) throw new Error(`refused with ${String(status)}: ${JSON.stringify(body)}`);
  return body;
}
