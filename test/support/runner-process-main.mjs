// Workers in a process of their own, to be killed for real, driven by the messages of runner-process.ts. Each has its own connections.
import 'reflect-metadata';
import { createApp } from '../../dist/create-app.js';
import { AgentRunHandler } from '../../dist/modules/execution/actions/agent-run.handler.js';
import { loadSettings } from '../../dist/shared/config/index.js';

// Each application listens to the signals of the process.
process.setMaxListeners(0);

process.on('message', async ({ executionId, action, environment }) => {
  try {
    const app = await createApp(loadSettings(environment));
    await app.get(AgentRunHandler, { strict: false }).handle(action, { signal: new AbortController().signal, attempt: 1 });
    process.send({ executionId });
  } catch (error) {
    process.send({ executionId, error: error.message });
  }
});
process.on('disconnect', () => process.exit());
