import { readFileSync } from 'node:fs';
import { Inject, Injectable, Module } from '@nestjs/common';
import { REDIS, type Redis, duplicateForWaiting, endingWhole, sendingTogether } from '../redis/index.js';

/** Goes before the script that takes a job. */
const REFUSE_LATE_TAKE = readFileSync(new URL('refuse-late-take.lua', import.meta.url), 'utf8');

/** What Bull asks connections for. */
export type ConnectionUse = 'client' | 'subscriber' | 'bclient';

/** Bull's connections: commands and subscriptions shared by all queues, a blocking one for each. Bull forgets some of them when it closes, so we close them. */
@Injectable()
export class QueueConnections {
  private readonly all: Redis[] = [];
  private isClosed = false;
  private readonly commands: Redis;
  private readonly subscriptions: Redis;

  constructor(@Inject(REDIS) private readonly redis: Redis) {
    // Adding a job must fail quickly while Redis is away.
    this.commands = this.own(refusingLateTakes(sendingTogether(endingWhole(redis.duplicate()))));
    this.subscriptions = this.own(duplicateForWaiting(redis));
  }

  forUse(use: ConnectionUse): Redis {
    if (use === 'client') return this.commands;
    return use === 'subscriber' ? this.subscriptions : this.own(duplicateForWaiting(this.redis));
  }

  /** Ends every connection, also those that Bull, on its way out, makes or opens again after this. */
  disconnect(): void {
    this.isClosed = true;
    this.all.forEach(end);
  }

  /** The command connection of the process reports outages for all; ioredis prints to stderr where nobody listens. */
  private own(connection: Redis): Redis {
    // Each queue listens, too.
    connection.setMaxListeners(0).on('error', () => undefined);
    // A pause of Bull's opens the connection again, and nobody catches its failure if it is open already.
    const connect = connection.connect.bind(connection);
    Object.assign(connection, { connect: () => connect().catch(() => undefined) });
    this.all.push(connection);
    if (this.isClosed) end(connection);
    return connection;
  }
}

/** Bull defines its scripts on the connection that it is given. */
function refusingLateTakes(connection: Redis): Redis {
  const define = connection.defineCommand.bind(connection);
  connection.defineCommand = (name, definition) => {
    define(name, name === 'moveToActive' ? { ...definition, lua: `${REFUSE_LATE_TAKE}${definition.lua}` } : definition);
  };
  return connection;
}

function end(connection: Redis): void {
  Object.assign(connection, { connect: () => Promise.resolve() });
  connection.disconnect();
}

@Module({ providers: [QueueConnections], exports: [QueueConnections] })
export class QueueConnectionsModule {}
