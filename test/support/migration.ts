import type { MigratedConversationAnswer, MigrationLoopAnswer, MigrationStatsAnswer } from '../../src/contracts/index.js';
import type { Answer, ApiClient } from './api-client.js';

/** What operators do with the migration over REST. */
export class Migration {
  constructor(readonly client: ApiClient) {}

  async stats(query = ''): Promise<MigrationStatsAnswer> {
    return (await this.client.get<MigrationStatsAnswer>(`/api/v1/admin/migration${query}`)).body;
  }

  async start(): Promise<MigrationLoopAnswer> {
    return (await this.client.post<MigrationLoopAnswer>('/api/v1/admin/migration/start')).body;
  }

  async stop(): Promise<MigrationLoopAnswer> {
    return (await this.client.post<MigrationLoopAnswer>('/api/v1/admin/migration/stop')).body;
  }

  async migrate(conversationId: string, body: object = {}): Promise<Answer<MigratedConversationAnswer>> {
    return this.client.post<MigratedConversationAnswer>(`/api/v1/admin/migration/conversations/${conversationId}`, body);
  }
}
