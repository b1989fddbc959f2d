import { Cluster, Redis } from 'ioredis';
import { freePort } from './free-port.js';
import { OwnRedis } from './own-redis.js';
import { waitFor } from './wait-for.js';

/** The slots of each node. */
const RANGES = [
  [0, 5_460],
  [5_461, 10_922],
  [10_923, 16_383],
] as const;

interface Node {
  readonly server: OwnRedis;
  /** A connection to this node alone. */
  readonly redis: Redis;
}

/** A Redis Cluster of three nodes without replicas, of one test. */
export class OwnCluster {
  private readonly clients: Cluster[] = [];

  private constructor(readonly nodes: readonly Node[]) {}

  static async start(): Promise<OwnCluster> {
    const nodes = await Promise.all(RANGES.map(startNode));
    const cluster = new OwnCluster(nodes.map(({ server, redis }) => ({ server, redis })));
    const [first] = nodes;
    for (const { redis } of nodes.slice(1)) await redis.call('CLUSTER', 'MEET', '127.0.0.1', String(first!.server.port), String(first!.busPort));
    await Promise.all(nodes.map(({ redis }) => waitFor('the cluster', async () => isWhole(String(await redis.call('CLUSTER', 'INFO'))))));
    return cluster;
  }

  /** A client of the whole cluster, with the options of ours. */
  connect(): Cluster {
    const client = new Cluster(this.nodes.map(({ server }) => ({ host: '127.0.0.1', port: server.port })), { enableAutoPipelining: true, redisOptions: { autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 1 } });
    client.on('error', () => undefined);
    this.clients.push(client);
    return client;
  }

  /** Which node has the slot of a key, by its place in {@link nodes}. */
  async nodeOf(key: string): Promise<number> {
    const slot = Number(await this.nodes[0]!.redis.call('CLUSTER', 'KEYSLOT', key));
    return RANGES.findIndex(([first, last]) => slot >= first && slot <= last);
  }

  async remove(): Promise<void> {
    for (const client of this.clients) client.disconnect();
    for (const { redis } of this.nodes) redis.disconnect();
    await Promise.all(this.nodes.map(({ server }) => server.remove()));
  }
}

async function startNode([first, last]: readonly [number, number]): Promise<Node & { readonly busPort: number }> {
  const [port, busPort] = [await freePort(), await freePort()];
  const server = await OwnRedis.start(port, ['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf', '--cluster-port', String(busPort)]);
  const redis = new Redis(server.url);
  redis.on('error', () => undefined);
  await redis.call('CLUSTER', 'ADDSLOTSRANGE', String(first), String(last));
  return { server, redis, busPort };
}

function isWhole(info: string): boolean {
  return ['cluster_state:ok', 'cluster_slots_assigned:16384', 'cluster_known_nodes:3'].every((line) => info.includes(line));
}
