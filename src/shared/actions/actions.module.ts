import { Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ActionBus } from './action-bus.service.js';
import { ActionRunner } from './action-runner.service.js';
import { ActionWorkers } from './action-workers.service.js';
import { DeadLetters } from './dead-letters.service.js';
import { DeadLettersStore } from './dead-letters.store.js';
import { QueueConnectionsModule } from './queue-connections.js';
import { QueuedJobs } from './queued-jobs.service.js';
import { QueueRegistry } from './queue-registry.service.js';
import { QUEUES, QUEUE_OPTIONS } from './queues.js';
import { Replies } from './replies.service.js';
import { StrayJobs } from './stray-jobs.service.js';

@Global()
@Module({
  imports: [QueueConnectionsModule, QUEUE_OPTIONS, QUEUES, DiscoveryModule],
  providers: [QueueRegistry, Replies, ActionBus, DeadLettersStore, DeadLetters, ActionRunner, ActionWorkers, StrayJobs, QueuedJobs],
  exports: [ActionBus, DeadLetters, QueuedJobs],
})
export class ActionsModule {}
