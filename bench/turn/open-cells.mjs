import { readMetrics, createAgent } from '../product.mjs';
import { startHelper } from '../helper.mjs';
import { CLIENTS, SUBJECTS } from './cells.mjs';

/**
 * One subject with so many clients.
 *
 * @typedef {object} Cell
 * @property {string} name
 * @property {string} subject
 * @property {number} clients
 * @property {(extent: object) => Promise<object>} ask drives them; resolves as `drive` does
 * @property {() => Promise<number>} cpuSeconds of the server so far; always 0 where there is none
 */

/**
 * Starts the servers and the clients of everything that is measured.
 *
 * @param {{ url: string, adminKey: string, redisUrl: string }} product
 * @param {string} dir where the peer keeps its file
 * @returns {Promise<Cell[]>}
 */
export async function openCells(product, dir) {
  const { redisUrl } = product;
  const helper = (file, options) => startHelper(new URL(file, import.meta.url), options);
  const { key, agentId } = await createAgent(product);
  const limits = await helper('limits.process.mjs', { redisUrl });
  const jobs = await helper('job.process.mjs', { redisUrl });
  const langgraph = await helper('langgraph.process.mjs', { dir });
  const ours = { url: product.url, key, agentId, path: `/api/v1/agents/${agentId}/executions` };
  const cpuOf = { ours: async () => (await readMetrics(product.url)).cpuSeconds, langgraph: () => langgraph.ask({}) };
  const load = async (options) => (await helper('load.process.mjs', options)).ask;
  const open = {
    sse: (name, clients) => load({ kind: 'sse', name, clients, ...ours }),
    socket: (name, clients) => load({ kind: 'socket', name, clients, ...ours }),
    paced: (name, clients) => load({ kind: 'socket', name, clients, ...ours }),
    langgraph: (name, clients) => load({ kind: 'langgraph', name, clients, url: langgraph.ready }),
    echo: (name, clients) => load({ kind: 'sse', name, clients, url: limits.ready, path: '/' }),
    redis: async (_, clients) => (extent) => limits.ask({ clients, ...extent }),
    job: async (_, clients) => (extent) => jobs.ask({ clients, ...extent }),
  };
  const cells = [];
  for (const [subject, { server }] of Object.entries(SUBJECTS)) {
    for (const clients of CLIENTS[subject]) {
      const name = `${subject}${clients}`;
      cells.push({ name, subject, clients, ask: await open[subject](name, clients), cpuSeconds: cpuOf[server] ?? (async () => 0) });
    }
  }
  return cells;
}
