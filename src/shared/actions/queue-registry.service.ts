import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { Queue } from 'bull';
import { ACTION_TYPES, type ActionType } from '../../contracts/index.js';
import { QueueConnections } from './queue-connections.js';
import { queueToken } from './queues.js';

/** The queue of each action type. */
@Injectable()
export class QueueRegistry implements OnApplicationShutdown {
  constructor(
    private readonly modules: ModuleRef,
    private readonly connections: QueueConnections,
  ) {}

  get(type: ActionType): Queue {
    return this.modules.get<Queue>(queueToken(type), { strict: false });
  }

  /** Nothing answers any more; Bull lets go of its queues, and then we of Redis. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.allSettled(ACTION_TYPES.map((type) => this.get(type).close()));
    this.connections.disconnect();
  }
}
