import { Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ActionBus } from './action-bus.service.js';
import { ActionWorkers } from './action-workers.service.js';
import { QueueConnectionsModule } from './queue-connections.js';
import { QueueRegistry } from './queue-registry.service.js';
import { QUEUES, QUEUE_OPTIONS } from './queues.js';

@Global()
@Module({
  imports: [QueueConnectionsModule, QUEUE_OPTIONS, QUEUES, DiscoveryModule],
  providers: [QueueRegistry, ActionBus, ActionWorkers],
  exports: [ActionBus],
})
export class ActionsModule {}
