// LangGraph's own JavaScript server, in memory, in a process of its own: what its `langgraphjs dev` starts, without the watching of files.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findFreePort } from '../../scripts/processes.mjs';
import { serveHelper } from '../helper.mjs';
import { LANGGRAPH_WORKERS } from './cells.mjs';

const HOST = '127.0.0.1';

await serveHelper(async ({ dir }) => {
  mkdirSync(dir, { recursive: true });
  Object.assign(process.env, { LOG_LEVEL: 'error', LANGSMITH_TRACING: 'false' });
  // It keeps its file in the folder that it runs in.
  process.chdir(dir);
  const { startServer } = await import('@langchain/langgraph-api/server');
  const port = await findFreePort();
  const graphs = { echo: `${fileURLToPath(new URL('langgraph-graph.mjs', import.meta.url))}:graph` };
  await startServer({ port, host: HOST, nWorkers: LANGGRAPH_WORKERS, cwd: dir, graphs });
  const cpuSeconds = () => Object.values(process.cpuUsage()).reduce((sum, microseconds) => sum + microseconds, 0) / 1e6;
  return { ready: `http://${HOST}:${port}`, answer: async () => cpuSeconds() };
});
