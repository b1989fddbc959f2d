import { newId } from '../../src/contracts/index.js';
import { ConversationsService } from '../../src/modules/conversations/index.js';
import { newConversation, newMessage } from '../factories/conversation.js';
import type { TestApp } from './test-app.js';
import { waitFor } from './wait-for.js';

export const ADMIN_KEY = 'an-administrator-of-these-tests-0001';

/** An answer as text: an answer that crosses is found in any of it. */
export interface PlainAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

/** Everything that a tenant has, by the path parameters of the API. */
export interface World {
  readonly agentId: string;
  readonly conversationId: string;
  readonly executionId: string;
  readonly sessionId: string;
  readonly userId: string;
  /** A conversation that is in PostgreSQL alone. */
  readonly coldId: string;
}

/** Ids that both tenants use, each for its own. */
export function newWorld(): World {
  return { agentId: newId(), conversationId: newId(), executionId: newId(), sessionId: `s-${newId()}`, userId: `u-${newId()}`, coldId: newId() };
}

/** One of several tenants on one server, with a key that may do everything that a tenant may. Whatever it says or is called contains its mark. */
export class MarkedTenant {
  readonly mark: string;

  private constructor(
    private readonly nooble: TestApp,
    readonly tenantId: string,
    readonly key: string,
  ) {
    this.mark = `mark-of-${tenantId}`;
  }

  static async create(nooble: TestApp, tenantId: string): Promise<MarkedTenant> {
    const admin = new MarkedTenant(nooble, tenantId, ADMIN_KEY);
    await admin.must('POST', '/api/v1/admin/tenants', { tenantId, name: admin.mark, tier: 'enterprise' });
    const { text } = await admin.must('POST', '/api/v1/admin/api-keys', { tenantId, name: 'all', scopes: ['user', 'agent', 'internal', 'operator'] });
    return new MarkedTenant(nooble, tenantId, (JSON.parse(text) as { key: string }).key);
  }

  get authorization(): Record<string, string> {
    return { authorization: `Bearer ${this.key}` };
  }

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<PlainAnswer> {
    const init = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(this.nooble.url + path, { method, headers: { ...this.authorization, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers }, ...init });
    return { status: response.status, text: await response.text(), headers: response.headers };
  }

  /** @throws when it is refused */
  async must(method: string, path: string, body?: unknown): Promise<PlainAnswer> {
    const answer = await this.call(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${String(answer.status)} ${answer.text}`);
    return answer;
  }

  async act(actionType: string, { sessionId, userId, agentId }: World, data: object, more: object = {}): Promise<PlainAnswer> {
    return this.must('POST', '/api/v1/actions?wait=true', { actionType, agentId, sessionId, userId, data, ...more });
  }

  /** Makes everything in a world, under its ids, whoever else uses them. */
  async settle(world: World): Promise<void> {
    const { agentId, conversationId, executionId, coldId, sessionId } = world;
    await this.makeAgent(agentId);
    await this.begin({ ...world, conversationId: coldId, sessionId: `${sessionId}-cold` }, `${this.mark} at rest`);
    await this.must('POST', `/api/v1/conversations/${coldId}/close`);
    await this.act('migration.migrate_conversation_explicitly', world, { conversationId: coldId });
    await waitFor('the conversation to be at rest', async () => (await this.must('GET', `/api/v1/conversations/${coldId}`)).text.includes('"storage":"cold"'));
    await this.begin(world, `${this.mark} while hot`);
    const run = { actionType: 'execution.agent_run', taskId: executionId, agentId, sessionId, userId: world.userId, data: { conversationId, sessionId, message: `${this.mark} asks`, messageType: 'text', userInfo: {} } };
    await this.must('POST', '/api/v1/actions', run);
    await waitFor('the run', async () => (await this.call('GET', `/api/v1/executions/${executionId}`)).text.includes('"status":"completed"'));
  }

  /** No caller can choose a conversation's id. */
  private async begin({ conversationId, agentId, sessionId, userId }: World, content: string): Promise<void> {
    const conversation = newConversation({ conversationId, agentId, sessionId, userId });
    await this.nooble.app.get(ConversationsService, { strict: false }).append(this.tenantId, conversation, newMessage({ messageId: 'm1', content }));
  }

  /** No caller can choose an agent's id: it is written by hand. */
  private async makeAgent(agentId: string): Promise<void> {
    const { text } = await this.must('POST', '/api/v1/agents', { name: this.mark, systemPrompt: this.mark });
    const made = (JSON.parse(text) as { agentId: string }).agentId;
    const change = JSON.stringify({ agent_id: agentId, slug: `slug-${agentId}` });
    for (const table of ['agents', 'agent_versions']) {
      await this.nooble.database.query(`INSERT INTO ${table} SELECT (jsonb_populate_record(NULL::${table}, to_jsonb(made) || $2)).* FROM ${table} made WHERE agent_id = $1`, [made, change]);
    }
    await this.must('DELETE', `/api/v1/agents/${made}`);
  }
}
