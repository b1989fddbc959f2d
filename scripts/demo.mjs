import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { CommandError, oneLine, onExit, runCommand } from './command.mjs';
import { createApi } from './demo-client.mjs';
import { holdConversation, showRecord, waitForMove } from './demo-conversation.mjs';
import { endText, showFact, showHeading } from './demo-screen.mjs';
import { projectDir, stateDir } from './paths.mjs';
import { findFreePort } from './processes.mjs';
import { style, withProgress } from './progress.mjs';
import { startServer } from './server.mjs';
import { startServices } from './services.mjs';

const BUILTIN_PROMPT = 'You are the guide of this demo.\n@delay 40';
const MODEL_PROMPT = 'You are the guide of the demo of Nooble, a backend for AI agents. Answer in two or three friendly sentences.';
const dir = join(stateDir, `demo-${process.pid}`);
const logFile = join(dir, 'server.log');
const FAILED = 1;
let isKept = false;

async function main(args) {
  const startedAt = Date.now();
  mkdirSync(dir, { recursive: true });
  onExit((exitCode) => (exitCode === FAILED && existsSync(logFile)) || rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
  try {
    const server = await start();
    const access = await prepare(server.url);
    await talk(access);
    console.log(`\n${style.green('✓')} Done in ${((Date.now() - startedAt) / 1000).toFixed(1)} s.`);
    if (args.includes('--keep')) await keep(server, access);
  } catch (error) {
    endText();
    const log = existsSync(logFile) ? ` (server log: ${relative(projectDir, logFile)})` : '';
    throw new CommandError(oneLine(error) + log);
  }
}

async function start() {
  const services = await withProgress('Starting PostgreSQL and Redis', (onProgress) =>
    startServices({ dataDir: join(dir, 'services'), persistent: false, onProgress }));
  onExit(services.stop);
  const address = { host: '127.0.0.1', port: await findFreePort() };
  const env = {
    AUTH_MODE: 'headers',
    DATABASE_MIGRATE_ON_START: 'true',
    DATABASE_URL: services.databaseUrl,
    MIGRATION_CLOSE_GRACE_SECONDS: '1',
    MIGRATION_INTERVAL_SECONDS: '1',
    NODE_ENV: 'development',
    REDIS_URL: services.redisUrl,
  };
  const server = await withProgress('Applying schema migrations and starting the server', () => startServer({ address, env, logFile }));
  onExit(server.stop);
  return server;
}

/** Makes a tenant, a key of it, and with this key an agent. */
async function prepare(url) {
  showHeading('A tenant, a key, an agent');
  const operator = createApi(url, { 'x-tenant-id': 'operator' });
  const { tenantId } = await operator('POST', '/api/v1/admin/tenants', { name: 'Demo', tier: 'enterprise' });
  const scopes = ['user', 'agent', 'operator'];
  const { key } = await operator('POST', '/api/v1/admin/api-keys', { tenantId, name: 'demo', scopes });
  const api = createApi(url, { authorization: `Bearer ${key}` });
  const agent = { name: 'Guide', type: 'conversational', ...chooseModel() };
  const { agentId } = await api('POST', '/api/v1/agents', agent);
  showFact('tenant', tenantId);
  showFact('key', `${key.slice(0, 8)}… (${scopes.join(', ')})`);
  showFact('agent', `${agentId} (${agent.provider}, ${agent.model})`);
  return { url, key, api, agentId };
}

function chooseModel() {
  const { OPENAI_BASE_URL, NOOBLE_MODEL } = process.env;
  if (OPENAI_BASE_URL && NOOBLE_MODEL) {
    return { provider: 'openai-compatible', model: NOOBLE_MODEL, systemPrompt: MODEL_PROMPT };
  }
  return { provider: 'builtin', model: 'builtin/chat', systemPrompt: BUILTIN_PROMPT };
}

async function talk({ url, key, api, agentId }) {
  const sessionId = `demo-${process.pid}`;
  const { conversationId, spoken } = await holdConversation({ url, key, agentId, sessionId });
  showHeading('Closing the session: the conversation moves from Redis to PostgreSQL');
  await api('POST', `/api/v1/sessions/${sessionId}/close`);
  showRecord(await withProgress('Waiting for the verified move', () => waitForMove(api, conversationId, spoken)));
}

async function keep(server, { url, key, agentId }) {
  const start = JSON.stringify({ type: 'execution.start', data: { agentId, message: 'Hello' } });
  showHeading('The server stays up until Ctrl-C');
  console.log(`  curl -s '${url}/api/v1/agents/${agentId}/executions' -H 'Authorization: Bearer ${key}' -H 'Content-Type: application/json' -d '{"message":"Hello"}'`);
  console.log(`  curl -sN '${url}/api/v1/executions/EXECUTION_ID/events' -H 'Authorization: Bearer ${key}'`);
  console.log(`  npx wscat -c '${url.replace('http', 'ws')}/ws?sessionId=me' -H 'Authorization: Bearer ${key}' -x '${start}' -w 5`);
  console.log(`  ${url}/docs\n  ${url}/metrics\n  ${relative(projectDir, logFile)}`);
  isKept = true;
  throw new CommandError(`The server ended with code ${await server.exited}.`);
}

await runCommand(main, { interruptedExitCode: () => (isKept ? 0 : undefined) });
