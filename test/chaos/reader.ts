import { setTimeout as sleep } from 'node:timers/promises';
import type { SeededRandom } from '../support/seeded-random.js';
import type { ChaosClient } from './chaos-client.js';
import type { Seen } from './history-check.js';
import type { Answered, ReaderLog } from './reader-log.js';
import type { Talk } from './writer.js';

interface Page {
  readonly data: readonly Seen[];
  readonly nextCursor: number | null;
  readonly total: number;
}

const LIMITS = [3, 25, 50, 200] as const;
const PAUSE_MS = 60;

/** Reads conversations without pause, in every way there is, and notes what it sees. */
export class Reader {
  constructor(
    private readonly client: ChaosClient,
    private readonly log: ReaderLog,
    private readonly talks: readonly Talk[],
    private readonly random: SeededRandom,
  ) {}

  async run(isOver: () => boolean): Promise<void> {
    const ways = [this.forward, this.forward, this.backward, this.newest, this.window, this.header];
    while (!isOver()) {
      const { conversationId } = this.random.pick(this.talks);
      await this.random.pick(ways).call(this, conversationId);
      await sleep(this.random.int(PAUSE_MS));
    }
  }

  /** The whole history, page by page from its beginning. */
  private async forward(conversationId: string): Promise<void> {
    const limit = this.random.pick([50, 200]);
    for (let after: number | null = 0; after !== null; ) {
      const from: number = after;
      const page: Page | undefined = await this.read<Page>(conversationId, `/messages?after=${String(from)}&limit=${String(limit)}`, ({ data, total }) => ({ kind: 'forward', after: from, limit, total, messages: data }));
      after = page?.nextCursor ?? null;
    }
  }

  /** Some pages from the end. */
  private async backward(conversationId: string): Promise<void> {
    const limit = this.random.pick(LIMITS);
    let before: number | null = null;
    for (let pages = 1 + this.random.int(4); pages > 0; pages--) {
      const from: number | null = before;
      const query: string = `/messages?limit=${String(limit)}${from === null ? '' : `&before=${String(from)}`}`;
      const page: Page | undefined = await this.read<Page>(conversationId, query, ({ data, total }) => ({ kind: 'backward', before: from, limit, total, messages: data }));
      before = page?.nextCursor ?? null;
      if (before === null) return;
    }
  }

  /** What has come since, as one who follows the conversation asks. */
  private async newest(conversationId: string): Promise<void> {
    const limit = this.random.pick(LIMITS);
    const after = Math.max(0, this.log.ask(conversationId).atLeast - this.random.int(30));
    await this.read<Page>(conversationId, `/messages?after=${String(after)}&limit=${String(limit)}`, ({ data, total }) => ({ kind: 'forward', after, limit, total, messages: data }));
  }

  private async window(conversationId: string): Promise<void> {
    await this.read<{ messages: readonly { content: string }[] }>(conversationId, '/context', ({ messages }) => ({ kind: 'window', contents: messages.map(({ content }) => content) }));
  }

  private async header(conversationId: string): Promise<void> {
    await this.read<{ messageCount: number }>(conversationId, '', ({ messageCount }) => ({ kind: 'header', total: messageCount }));
  }

  private async read<T>(conversationId: string, path: string, observed: (body: T) => Answered): Promise<T | undefined> {
    const asked = this.log.ask(conversationId);
    const url = `/api/v1/conversations/${conversationId}${path}`;
    const answer = await this.client.get<T>(url);
    if (answer.status !== 200 || answer.body === undefined) this.client.judge('GET', url.replace(/\?.*/, ''), answer);
    else this.log.observe(asked, observed(answer.body));
    return answer.status === 200 ? answer.body : undefined;
  }
}
