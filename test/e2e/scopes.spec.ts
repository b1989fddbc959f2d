import { Controller, Get } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ACTIONS, type ActionSpec } from '../../src/contracts/index.js';
import { ADMIN_KEY, Keyring } from '../support/keyring.js';
import { declaredScopes } from '../support/declared-scopes.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { TestSocket } from '../support/test-socket.js';
import { waitFor } from '../support/wait-for.js';

let nooble: TestApp;
beforeAll(async () => {
  nooble = await startTestApp({ AUTH_MODE: 'keys', NOOBLE_ADMIN_KEY: ADMIN_KEY });
});
afterAll(async () => {
  await nooble.close();
});

const lines = (table: string): string[] => table.trim().split('\n').map((line) => line.trim().replaceAll(/ +/g, ' ')).sort();

/** What each scope is for: docs/tenants.md. */
const ROUTES = lines(`
  POST /api/v1/actions                                        internal
  GET /api/v1/admin/api-keys                                  admin
  POST /api/v1/admin/api-keys                                 admin
  DELETE /api/v1/admin/api-keys/:keyId                        admin
  GET /api/v1/admin/api-keys/:keyId                           admin
  POST /api/v1/admin/api-keys/:keyId/rotate                   admin
  GET /api/v1/admin/cache                                     admin
  POST /api/v1/admin/cache/invalidate                         admin
  GET /api/v1/admin/dead-letters                              admin
  DELETE /api/v1/admin/dead-letters/:deadLetterId             admin
  POST /api/v1/admin/dead-letters/:deadLetterId/retry         admin
  GET /api/v1/admin/migration                                 operator
  POST /api/v1/admin/migration/conversations/:conversationId  operator
  POST /api/v1/admin/migration/start                          admin
  POST /api/v1/admin/migration/stop                           admin
  GET /api/v1/admin/tenants                                   admin
  POST /api/v1/admin/tenants                                  admin
  GET /api/v1/admin/tenants/:tenantId                         admin
  PATCH /api/v1/admin/tenants/:tenantId                       admin
  GET /api/v1/admin/tenants/:tenantId/limits                  admin
  PUT /api/v1/admin/tenants/:tenantId/limits                  admin
  GET /api/v1/agents                                          agent
  POST /api/v1/agents                                         agent
  DELETE /api/v1/agents/:agentId                              agent
  GET /api/v1/agents/:agentId                                 agent
  PATCH /api/v1/agents/:agentId                               agent
  POST /api/v1/agents/:agentId/executions                     user
  POST /api/v1/agents/:agentId/invalidate                     agent
  GET /api/v1/agents/:agentId/versions                        agent
  POST /api/v1/agents/:agentId/versions/:version/activate     agent
  POST /api/v1/chat/send                                      user
  GET /api/v1/commands                                        user
  POST /api/v1/commands                                       user
  DELETE /api/v1/commands/:id                                 user
  GET /api/v1/commands/:id                                    user
  PATCH /api/v1/commands/:id                                  user
  GET /api/v1/conversations                                   user
  POST /api/v1/conversations                                  user
  DELETE /api/v1/conversations/:conversationId                user
  GET /api/v1/conversations/:conversationId                   user
  PATCH /api/v1/conversations/:conversationId                 user
  POST /api/v1/conversations/:conversationId/close            user
  GET /api/v1/conversations/:conversationId/context           user
  GET /api/v1/conversations/:conversationId/messages          user
  POST /api/v1/conversations/:conversationId/messages         user
  GET /api/v1/conversations/internal/history/:sessionId       internal
  POST /api/v1/conversations/internal/save-message            internal
  GET /api/v1/crm/conversations                               operator
  GET /api/v1/crm/conversations/:conversationId               operator
  PUT /api/v1/crm/conversations/:conversationId/assign        operator
  POST /api/v1/crm/conversations/:conversationId/executions/:executionId/cancel operator
  PUT /api/v1/crm/conversations/:conversationId/labels        operator
  PUT /api/v1/crm/conversations/:conversationId/labels/:label operator
  DELETE /api/v1/crm/conversations/:conversationId/labels/:label operator
  POST /api/v1/crm/conversations/:conversationId/migrate      operator
  GET /api/v1/crm/conversations/:conversationId/notes         operator
  POST /api/v1/crm/conversations/:conversationId/notes        operator
  DELETE /api/v1/crm/conversations/:conversationId/notes/:noteId operator
  POST /api/v1/crm/conversations/:conversationId/reheat       operator
  POST /api/v1/crm/conversations/:conversationId/retry        operator
  PUT /api/v1/crm/conversations/:conversationId/satisfaction  operator
  GET /api/v1/crm/stats                                       operator
  GET /api/v1/crm/stats/agents/:agentId                       operator
  GET /api/v1/crm/tenants/:tenantId/conversations             operator
  GET /api/v1/crm/tenants/:tenantId/conversations/:conversationId operator
  PUT /api/v1/crm/tenants/:tenantId/conversations/:conversationId/assign operator
  POST /api/v1/crm/tenants/:tenantId/conversations/:conversationId/executions/:executionId/cancel operator
  PUT /api/v1/crm/tenants/:tenantId/conversations/:conversationId/labels operator
  PUT /api/v1/crm/tenants/:tenantId/conversations/:conversationId/labels/:label operator
  DELETE /api/v1/crm/tenants/:tenantId/conversations/:conversationId/labels/:label operator
  POST /api/v1/crm/tenants/:tenantId/conversations/:conversationId/migrate operator
  GET /api/v1/crm/tenants/:tenantId/conversations/:conversationId/notes operator
  POST /api/v1/crm/tenants/:tenantId/conversations/:conversationId/notes operator
  DELETE /api/v1/crm/tenants/:tenantId/conversations/:conversationId/notes/:noteId operator
  POST /api/v1/crm/tenants/:tenantId/conversations/:conversationId/reheat operator
  POST /api/v1/crm/tenants/:tenantId/conversations/:conversationId/retry operator
  PUT /api/v1/crm/tenants/:tenantId/conversations/:conversationId/satisfaction operator
  GET /api/v1/crm/tenants/:tenantId/audit                     operator
  GET /api/v1/crm/tenants/:tenantId/conversations/:conversationId/export operator
  GET /api/v1/crm/tenants/:tenantId/erasures/:erasureId       operator
  GET /api/v1/crm/tenants/:tenantId/export                    operator
  GET /api/v1/crm/tenants/:tenantId/users/:userId/export      operator
  DELETE /api/v1/crm/tenants/:tenantId/users/:userId          operator
  GET /api/v1/crm/tenants/:tenantId/stats                     operator
  GET /api/v1/crm/tenants/:tenantId/stats/agents/:agentId     operator
  GET /api/v1/crm/audit                                       operator
  GET /api/v1/crm/conversations/:conversationId/export        operator
  GET /api/v1/crm/erasures/:erasureId                         operator
  GET /api/v1/crm/export                                      operator
  GET /api/v1/crm/users/:userId/export                        operator
  DELETE /api/v1/crm/users/:userId                            operator
  POST /api/v1/embeddings                                     user
  GET /api/v1/executions                                      user
  GET /api/v1/executions/:executionId                         user
  POST /api/v1/executions/:executionId/cancel                 user
  GET /api/v1/executions/:executionId/events                  user
  POST /api/v1/sessions/:sessionId/close                      user
  GET /api/v1/sessions/:sessionId/history                     user
  GET /api/v1/usage                                           user
  GET /api/v1/webhooks/deliveries                             agent
  POST /api/v1/webhooks/deliveries/:deliveryId/retry          agent
  GET /api/v1/webhooks/secret                                 agent
  POST /api/v1/ws/tickets                                     user
  GET /                                                       public
  GET /health/live                                            public
  GET /health/ready                                           public
  GET /internal/history/:sessionId                            internal
  GET /internal/status                                        public
  POST /internal/save-message                                 internal
  GET /metrics                                                public
  ws execution.cancel                                         user
  ws execution.start                                          user
  ws ping                                                     user
  ws subscribe                                                user
  ws unsubscribe                                              user
`);

/** As in `ACTIONS`; over REST `POST /api/v1/actions` itself asks for internal. */
const ACTION_SCOPES = lines(`
  conversation.get_context                   internal
  conversation.get_history                   internal
  conversation.save_message                  internal
  conversation.session_closed                internal
  embedding.generate                         internal
  execution.agent_run                        internal
  execution.cache.invalidate                 internal
  execution.cancel                           internal
  execution.deliver_webhook                  internal
  execution.forget_conversations             internal
  crm.erase_user                             internal
  crm.sweep_erasures                         nobody
  execution.persist                          internal
  execution.sweep                            nobody
  management.get_agent_config                internal
  migration.get_migration_stats              internal
  migration.migrate_conversation_explicitly  internal
  migration.move                             internal
  migration.start_migration_loop             admin
  migration.stop_migration_loop              admin
  migration.sweep                            nobody
`);

describe('the scopes', () => {
  it('of every route and every message of a socket are these', () => {
    expect(declaredScopes(nooble)).toEqual(ROUTES);
  });

  it('are declared by all of them', () => {
    expect(declaredScopes(nooble).filter((line) => line.endsWith('undeclared'))).toEqual([]);
  });

  it('of every action over REST are these', () => {
    const scopes = Object.entries<ActionSpec>(ACTIONS).map(([type, { isAdminOnly, isSystemOnly }]) => `${type} ${isSystemOnly === true ? 'nobody' : isAdminOnly === true ? 'admin' : 'internal'}`);
    expect(scopes.sort()).toEqual(ACTION_SCOPES);
  });

  it('of a route that declares none would be missed', () => {
    class Undeclared {
      get(): void {
        // Nothing to do.
      }
    }
    Controller('x')(Undeclared);
    Get('y')(Undeclared.prototype, 'get', Object.getOwnPropertyDescriptor(Undeclared.prototype, 'get')!);
    const app = { get: () => ({ getControllers: () => [{ instance: new Undeclared(), metatype: Undeclared }], getProviders: () => [] }) };
    expect(declaredScopes({ app } as unknown as TestApp)).toEqual(['GET /x/y undeclared']);
  });

  it.each(['user', 'agent', 'internal', 'operator'])('a key with the scope %s alone passes no route of another scope', async (scope) => {
    const ring = new Keyring(nooble.url);
    await ring.tenant(`only-${scope}`);
    const { key } = await ring.key(`only-${scope}`, [scope]);
    const client = ring.as(key);
    const id = '00000000-0000-7000-8000-000000000000';
    for (const line of ROUTES.filter((row) => !row.startsWith('ws') && !row.endsWith(' public'))) {
      const [method = '', path = '', wanted = ''] = line.split(' ');
      const { status, body } = await client.call<{ code?: string }>(method, path.replaceAll(/:\w+/g, id), method === 'GET' || method === 'DELETE' ? undefined : {});
      const isRefused = status === 403 && body.code === 'SCOPE_MISSING';
      expect({ line, isRefused }).toEqual({ line, isRefused: wanted !== scope });
    }
    const socket = TestSocket.connect(`${nooble.url.replace('http', 'ws')}/ws`, { authorization: `Bearer ${key}` });
    const { type } = await waitFor('its first frame', () => socket.frames[0]);
    expect(type).toBe(scope === 'user' ? 'connection.ack' : 'error');
    socket.cut();
  });
});
