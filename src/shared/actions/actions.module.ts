import { Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ActionBus } from './action-bus.service.js';
import { ActionWorkers } from './action-workers.service.js';
import { QUEUES, QUEUE_CONNECTIONS } from './queues.js';

@Global()
@Module({
  imports: [QUEUE_CONNECTIONS, QUEUES, DiscoveryModule],
  providers: [ActionBus, ActionWorkers],
  exports: [ActionBus],
})
export class ActionsModule {}
