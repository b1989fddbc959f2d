import { AGENTS, ASSIGNEES, USERS } from './load.mjs';

const LIST = '/api/v1/crm/conversations';
const DAY_MS = 86_400_000;
const idOf = (of) => `overlay(overlay(md5('${of}') placing '4' from 13) placing '8' from 17)::uuid`;

/** A page and its total, as somebody would write them who has never heard of a tenant. */
const bareList = (condition) => [
  `SELECT * FROM conversations c WHERE c.tenant_id = $1 AND c.status <> 'deleted' AND ${condition} ORDER BY c.created_at DESC, c.conversation_id DESC LIMIT 50`,
  `SELECT count(*) FROM conversations c WHERE c.tenant_id = $1 AND c.status <> 'deleted' AND ${condition}`,
];
const hasWords = (words) => `c.conversation_id IN (SELECT m.conversation_id FROM messages m WHERE m.tenant_id = $1 AND search_vector(m.content) @@ search_query('${words}'))`;
const labelled = (label) => `EXISTS (SELECT 1 FROM conversation_labels l WHERE l.tenant_id = c.tenant_id AND l.conversation_id = c.conversation_id AND l.label = '${label}')`;

/**
 * What is asked: a path, and the bare SQL of the same; `n` is another number each time, so that no answer is the one before.
 *
 * @param {{ conversations: number, agentIds: string[], detailIds: string[] }} world
 * @returns {Record<string, { title: string, kind: string, path: (n: number) => string, headers?: Record<string, string>, sql: (n: number) => string[] }>}
 */
export function questionsOf({ conversations, agentIds, detailIds }) {
  const agentOf = (n) => n % AGENTS;
  const month = (n) => {
    const to = Date.now() - (n % 300) * DAY_MS;
    return [new Date(to - 30 * DAY_MS).toISOString(), new Date(to).toISOString()];
  };
  const list = (title, query, condition) => ({ title, kind: 'list', path: (n) => `${LIST}?${query(n)}`, sql: (n) => bareList(condition(n)) });
  const search = (title, words, agent = false) => ({
    ...list(title, (n) => `q=${encodeURIComponent(words)}${agent ? `&agentId=${agentIds[agentOf(n)]}` : ''}`, (n) => `${hasWords(words)}${agent ? ` AND c.agent_id = ${idOf(`a${agentOf(n)}`)}` : ''}`),
    kind: 'search',
  });
  const user = (n) => `u${(n * 7919) % Math.min(USERS, conversations)}`;
  return {
    list: list('list', () => '', () => 'true'),
    agent: list('by agent', (n) => `agentId=${agentIds[agentOf(n)]}`, (n) => `c.agent_id = ${idOf(`a${agentOf(n)}`)}`),
    user: list('by user', (n) => `userId=${user(n)}`, (n) => `c.user_id = '${user(n)}'`),
    status: list('by status', () => 'status=archived', () => "c.status = 'archived'"),
    storage: list('by storage', () => 'storage=cold', () => 'true'),
    date: list('by date (30 days)', (n) => `from=${month(n)[0]}&to=${month(n)[1]}`, (n) => `c.created_at >= '${month(n)[0]}' AND c.created_at < '${month(n)[1]}'`),
    agentStatus: list('by agent, status and date', (n) => `agentId=${agentIds[agentOf(n)]}&status=archived&from=${month(n)[0]}`, (n) => `c.agent_id = ${idOf(`a${agentOf(n)}`)} AND c.status = 'archived' AND c.created_at >= '${month(n)[0]}'`),
    labelFrequent: list('by label, every tenth has it', () => 'label=frequent', () => labelled('frequent')),
    labelRare: list('by label, few have it', () => 'label=rare', () => labelled('rare')),
    assignee: list('by assignee, one in a hundred', (n) => `assignee=op${n % ASSIGNEES}`, (n) => `EXISTS (SELECT 1 FROM conversation_assignments l WHERE l.tenant_id = c.tenant_id AND l.conversation_id = c.conversation_id AND l.assignee = 'op${n % ASSIGNEES}')`),
    searchRare: search('search: in 20 messages', 'quetzal'),
    searchSeldom: search('search: in 1 of 1 000 messages', 'w1400'),
    searchMiddle: search('search: in 1 of 300 messages', 'w400'),
    searchOften: search('search: in 1 of 30 messages', 'w40'),
    searchCommon: search('search: in 2 of 3 messages', 'w1'),
    searchTwo: search('search: two words, by agent', 'w1 w2', true),
    detail: { title: 'detail', kind: 'detail', path: (n) => `${LIST}/${detailIds[n % detailIds.length]}`, sql: (n) => ['conversations', 'messages', 'executions'].map((table) => `SELECT * FROM ${table} WHERE tenant_id = $1 AND conversation_id = '${detailIds[n % detailIds.length]}'`) },
    statsCold: { title: 'statistics, computed', kind: 'stats', path: () => '/api/v1/crm/stats', headers: { 'cache-control': 'no-cache' }, sql: () => BARE_STATISTICS },
    statsMonth: { title: 'statistics of 30 days, computed', kind: 'stats', path: (n) => `/api/v1/crm/stats?from=${month(n)[0]}&to=${month(n)[1]}`, headers: { 'cache-control': 'no-cache' }, sql: () => [] },
    statsCached: { title: 'statistics, cached', kind: 'cached', path: () => '/api/v1/crm/stats', sql: () => [] },
  };
}

const BARE_STATISTICS = [
  'SELECT agent_id, status, count(*), sum(message_count), sum(token_count), avg(customer_satisfaction) FROM conversations WHERE tenant_id = $1 GROUP BY agent_id, status',
  "SELECT agent_id, count(*), percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY extract(epoch FROM ended_at - queued_at)) FROM executions WHERE tenant_id = $1 AND status = 'completed' GROUP BY agent_id",
];
