import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { LRUCache } from 'lru-cache';
import Bull, { type Queue } from 'bull';
import { ACTIONS, ACTION_TYPES, type ActionType } from '../../contracts/index.js';
import { MigrationSettings, ServerSettings } from '../config/index.js';
import { keys } from '../redis/index.js';
import { QueueConnections } from './queue-connections.js';
import { queueToken } from './queues.js';

/** A guess: more programs than wait for answers at once. What is forgotten is made again. */
const MAX_CALLBACK_QUEUES = 100;

/** The queue of each action type. */
@Injectable()
export class QueueRegistry implements OnApplicationShutdown {
  private readonly callbackQueues = new LRUCache<string, Queue>({
    max: MAX_CALLBACK_QUEUES,
    // Until it is closed it listens to the connection that it shares with all others.
    dispose: (queue) => void queue.close().catch(() => undefined),
  });

  constructor(
    private readonly modules: ModuleRef,
    private readonly connections: QueueConnections,
    private readonly server: ServerSettings,
    private readonly migration: MigrationSettings,
  ) {}

  get(type: ActionType): Queue {
    return this.modules.get<Queue>(queueToken(type), { strict: false });
  }

  /** Jobs of this type that one process runs at once. */
  concurrencyOf(type: ActionType): number {
    if (type === 'execution.agent_run') return this.server.executionConcurrency;
    return type === 'migration.move' ? this.migration.concurrency : ACTIONS[type].concurrency;
  }

  /** A queue that somebody else works off. It is only added to, so it has no connection of its own. */
  forCallbacks(name: string): Queue {
    const known = this.callbackQueues.get(name);
    if (known) return known;
    const queue = new Bull(name, { prefix: keys.queues(), createClient: (use) => this.connections.forUse(use) });
    queue.on('error', () => undefined);
    this.callbackQueues.set(name, queue);
    return queue;
  }

  /** Nothing answers any more; Bull lets go of its queues, and then we of Redis. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.allSettled([...ACTION_TYPES.map((type) => this.get(type)), ...this.callbackQueues.values()].map((queue) => queue.close()));
    this.connections.disconnect();
  }
}
