import { QueueRegistry } from '../../src/shared/actions/queue-registry.service.js';
import type { TestApp } from './test-app.js';

const SWEEPS = ['execution.sweep', 'crm.sweep_erasures', 'migration.sweep'] as const;

/** From now on nobody looks after anything by himself: the sweeps come by the clock, between any two lines of a test. */
export async function endSweeps({ app }: TestApp, ...which: readonly (typeof SWEEPS)[number][]): Promise<void> {
  const queues = app.get(QueueRegistry, { strict: false });
  for (const type of which.length > 0 ? which : SWEEPS) {
    for (const { key } of await queues.get(type).getRepeatableJobs()) await queues.get(type).removeRepeatableByKey(key);
  }
}
