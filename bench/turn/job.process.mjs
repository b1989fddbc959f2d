// The second limit: a Bull job that does nothing, from its addition until the one who added it hears that it is completed.
// Adder and worker are one process, as in the server.
import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import Queue from 'bull';
import { Redis } from 'ioredis';
import { drive } from '../drive.mjs';
import { serveHelper } from '../helper.mjs';

/** As the queue of turns has them. */
const CONCURRENCY = 100;
const JOB_OPTIONS = { attempts: 3, backoff: { type: 'exponential', delay: 500 }, removeOnComplete: true, removeOnFail: true };
const PAYLOAD = { actionType: 'execution.agent_run', tenantTier: 'enterprise', metadata: {}, data: { message: 'x'.repeat(200) } };

await serveHelper(async ({ redisUrl }) => {
  const createClient = (type) => new Redis(redisUrl, type === 'client' ? {} : { maxRetriesPerRequest: null, enableReadyCheck: false });
  const queue = new Queue('bench', { prefix: '{bench:queues}', createClient, defaultJobOptions: JOB_OPTIONS });
  const waiting = new Map();
  queue.on('global:completed', (jobId) => waiting.get(jobId)?.());
  queue.process(CONCURRENCY, async () => 'done');
  await queue.isReady();
  const roundTrip = async () => {
    const jobId = randomUUID();
    const completed = new Promise((resolve) => waiting.set(jobId, resolve));
    const startedAt = performance.now();
    await queue.add(PAYLOAD, { jobId });
    await completed;
    waiting.delete(jobId);
    return { end: performance.now() - startedAt };
  };
  return { answer: ({ clients, ...extent }) => drive(Array(clients).fill(roundTrip), extent) };
});
