import { type MemoPlace, shownPlace } from './memo-place.js';
import { reasonOf } from '../../service-address.js';
import { RedisSettings, loadSettings } from '../../shared/config/index.js';
import { AppError } from '../../shared/errors/index.js';
import { type AsyncMemoBackend, DiskBackend, JsonFileBackend, MysqlBackend, PostgresBackend, RedisBackend, SqliteBackend, type SyncMemoBackend } from '../../shared/memo/index.js';
import { connectRedis, inspectRedis } from '../../shared/redis/index.js';
import { secretFree } from '../../shared/telemetry/index.js';

/** How long Redis may take to be reached, milliseconds. */
const REACH_MS = 2_000;

const REDIS_HINT = ' Look whether Redis runs there and answers (redis-cli -u <url> ping), or name another one by --cache or REDIS_URL.';

/** A cache that somebody looks at. */
export interface OpenMemo {
  readonly backend: SyncMemoBackend | AsyncMemoBackend;
  /** The places of what cannot be read, of all that was read until now. */
  readonly damaged: ReadonlySet<string>;
  /** Whose it is, in Redis. */
  readonly tenantId: string | undefined;
  /** The namespaces of other caches in the same place that have entries; undefined where there is but one. */
  readonly others: (() => Promise<readonly string[]>) | undefined;
  readonly close: () => Promise<void>;
}

/**
 * Does something with the cache of a place, which stays as it is but for what `work` does.
 *
 * @throws MEMO_PLACE_MISSING (notFound) when nothing is there; MEMO_PLACE_UNUSABLE (unavailable) when it does not answer or cannot be read
 */
export async function withMemo<T>(place: MemoPlace, work: (memo: OpenMemo) => Promise<T>): Promise<T> {
  let memo: OpenMemo | undefined;
  try {
    memo = await open(place);
    return await work(memo);
  } catch (error) {
    throw isOurFault(error) ? error : new AppError({ kind: 'unavailable', code: 'MEMO_PLACE_UNUSABLE', message: secretFree(`${shownPlace(place)} cannot be used: ${reasonOf(error)}.${place.kind === 'redis' ? REDIS_HINT : ''}`), cause: error });
  } finally {
    // What could not be opened cannot always be closed; nothing is lost with it.
    await memo?.close().catch(() => undefined);
  }
}

async function open(place: MemoPlace): Promise<OpenMemo> {
  if (place.kind === 'redis') return openRedis(place);
  const backend = backendOf(place);
  const others = 'namespaces' in backend && 'namespace' in place ? async () => besides(place.namespace, await backend.namespaces()) : undefined;
  return watched({ backend, tenantId: undefined, others, close: async () => backend.close() });
}

function backendOf(place: Exclude<MemoPlace, { readonly kind: 'redis' }>): JsonFileBackend | DiskBackend | SqliteBackend | PostgresBackend | MysqlBackend {
  switch (place.kind) {
    case 'json':
      return new JsonFileBackend(place.path, { mustExist: true });
    case 'disk':
      return new DiskBackend({ folder: place.path, mustExist: true });
    case 'sqlite':
      return new SqliteBackend({ file: place.path, namespace: place.namespace, mustExist: true });
    case 'postgres':
      return new PostgresBackend({ url: place.url, namespace: place.namespace, mustExist: true });
    case 'mysql':
      return new MysqlBackend({ url: place.url, namespace: place.namespace, mustExist: true });
  }
}

async function openRedis({ url, tenantId, namespace }: Extract<MemoPlace, { readonly kind: 'redis' }>): Promise<OpenMemo> {
  const settings = url === undefined ? (loadSettings(undefined, [RedisSettings]).get(RedisSettings) as RedisSettings) : Object.assign(new RedisSettings(), { url });
  await inspectRedis(settings.url, REACH_MS);
  // What fails says so itself.
  const redis = connectRedis(settings).on('error', () => undefined);
  const backend = new RedisBackend(redis, { tenantId, namespace });
  return watched({ backend, tenantId, others: async () => besides(namespace, await backend.namespaces()), close: async () => { redis.disconnect(); } });
}

function besides(own: string, names: readonly string[]): string[] {
  return names.filter((name) => name !== own);
}

function watched(memo: Omit<OpenMemo, 'damaged'>): OpenMemo {
  const damaged = new Set<string>();
  memo.backend.report = (event) => {
    if (event.type === 'damaged') damaged.add(event.place);
  };
  return { ...memo, damaged };
}

/** It says all itself, or needs its stack. */
function isOurFault(error: unknown): boolean {
  return (error instanceof AppError && error.code !== 'REDIS_SILENT') || error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
}
