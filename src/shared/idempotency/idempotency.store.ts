import { Inject, Injectable } from '@nestjs/common';
import { newId } from '../../contracts/index.js';
import { type LuaScript, REDIS, type Redis, keys, luaScript } from '../redis/index.js';

/** How long a key is known, seconds. @source docs/decisions/0037 */
const TTL_SECONDS = 86_400;

/** Whose key, and for what. */
export interface KeyRef {
  readonly tenantId: string;
  /** Path of the route as it is declared. */
  readonly route: string;
  readonly key: string;
}

/** What the first request with a key was told. */
export interface KeptAnswer {
  readonly statusCode: number;
  /** JSON. */
  readonly body: unknown;
  /** Of the request, in lower case: what the answer is about is perhaps said there alone, for who has to find it again. */
  readonly path: string;
}

/** What is known of a key. */
export interface KeyRecord {
  /** Of the request that it belongs to. */
  readonly fingerprint: string;
  /** A UUIDv7: the ids of everything that the request makes follow from it. */
  readonly seed: string;
  /** Missing while the first request is under way, for ever if it was never answered. */
  readonly answer?: KeptAnswer;
}

/** What the keys of the last 24 hours stand for. A key is reserved before anything is made. */
@Injectable()
export class IdempotencyStore {
  private readonly keepAnswer: LuaScript;
  private readonly freeKey: LuaScript;

  constructor(@Inject(REDIS) private readonly redis: Redis) {
    this.keepAnswer = luaScript(redis, { moduleUrl: import.meta.url, file: 'keep-answer.lua', keyCount: 1 });
    this.freeKey = luaScript(redis, { moduleUrl: import.meta.url, file: 'free-key.lua', keyCount: 1 });
  }

  /** Reserves a key for a request, unless it is known. @returns what is known of it then */
  async reserve(ref: KeyRef, fingerprint: string): Promise<{ readonly record: KeyRecord; readonly isNew: boolean }> {
    const record = { fingerprint, seed: newId() };
    const known = await this.redis.set(nameOf(ref), JSON.stringify(record), 'EX', TTL_SECONDS, 'NX', 'GET');
    return known === null ? { record, isNew: true } : { record: JSON.parse(known) as KeyRecord, isNew: false };
  }

  /** @param record as it was reserved @returns the answer that was kept before this one; null if it was this one */
  async keep(ref: KeyRef, record: KeyRecord, answer: KeptAnswer): Promise<KeptAnswer | null> {
    const known = (await this.keepAnswer([nameOf(ref)], [JSON.stringify(record), JSON.stringify({ ...record, answer })])) as string | null;
    return known === null ? null : ((JSON.parse(known) as KeyRecord).answer ?? null);
  }

  /** Nothing was made under the key: another request may have it. @param record as it was reserved */
  async free(ref: KeyRef, record: KeyRecord): Promise<void> {
    await this.freeKey([nameOf(ref)], [JSON.stringify(record)]);
  }
}

function nameOf({ tenantId, route, key }: KeyRef): string {
  return keys.idempotency(tenantId, route, key);
}
