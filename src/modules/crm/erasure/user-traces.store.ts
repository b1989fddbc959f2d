import { Inject, Injectable } from '@nestjs/common';
import { EMBEDDINGS_NAMESPACE } from '../../../contracts/index.js';
import { RedisBackend } from '../../../shared/memo/index.js';
import { REDIS, type Redis, keys } from '../../../shared/redis/index.js';
import { RunMemos } from '../../execution/index.js';

/** Keys that Redis looks through at once. */
const COUNT = 1_000;
/** Where ids stand in the name of a key. */
const BETWEEN = /[:()]/;
/** When a conversation left Redis: it says nothing else, and keeps others from bringing it back. */
const LEFT = /:left$/;

/** What is looked for. */
export interface TracesOf {
  /** Of conversations and executions. */
  readonly ids: ReadonlySet<string>;
  readonly userId: string;
  /** Answers to requests from before this. */
  readonly until: Date;
}

/** What was found, and is gone. */
export interface FoundTraces {
  /** Cache entries, event logs and whatever else has one of the ids in its name. */
  readonly redisKeys: number;
  /** Answers to requests with an Idempotency-Key. */
  readonly idempotencyAnswers: number;
  /** Answers of models and results of tools that were kept for others. */
  readonly memoEntries: number;
}

/** Looks through every key of a tenant in Redis for what is about somebody. It takes as long as there are keys in all: for rare occasions. */
@Injectable()
export class UserTracesStore {
  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    private readonly memos: RunMemos,
  ) {}

  async remove(tenantId: string, of: TracesOf): Promise<FoundTraces> {
    const answers = keys.idempotency(tenantId, '', '').slice(0, -1);
    let [redisKeys, idempotencyAnswers, cursor] = [0, 0, '0'];
    do {
      const [next, found] = await this.redis.scan(cursor, 'MATCH', keys.ofTenant(tenantId), 'COUNT', COUNT);
      cursor = next;
      const named = found.filter((key) => !LEFT.test(key) && key.split(BETWEEN).some((part) => of.ids.has(part)));
      if (named.length > 0) redisKeys += await this.redis.unlink(...named);
      for (const key of found) if (key.startsWith(answers) && (await this.forgetAnswer(key, of))) idempotencyAnswers++;
    } while (cursor !== '0');
    // Under hashes of texts: nobody can tell whose they are. Others go on making them, so they are no reason to look again.
    await new RedisBackend(this.redis, { tenantId, namespace: EMBEDDINGS_NAMESPACE }).clear();
    return { redisKeys, idempotencyAnswers, memoEntries: await this.memos.forget(tenantId, of.ids) };
  }

  /** The key stays: who sends the request again is told by its handler what there is now, and begins nothing a second time. @returns whether there was an answer about him */
  private async forgetAnswer(key: string, { ids, userId, until }: TracesOf): Promise<boolean> {
    const text = await this.redis.get(key);
    const { answer, ...record } = JSON.parse(text ?? '{}') as { readonly answer?: unknown; readonly seed?: string };
    if (answer === undefined) return false;
    const said = JSON.stringify(answer);
    const isHis = madeAt(record.seed) < until && said.includes(`"userId":${JSON.stringify(userId)}`);
    if (!isHis && ![...ids].some((id) => said.includes(id))) return false;
    await this.redis.set(key, JSON.stringify(record), 'KEEPTTL', 'XX');
    return true;
  }
}

/** @param seed a UUIDv7 */
function madeAt(seed = ''): Date {
  return new Date(Number.parseInt(seed.replace('-', '').slice(0, 12), 16));
}
