import { setTimeout as sleep } from 'node:timers/promises';
import type { SeededRandom } from '../support/seeded-random.js';
import type { ChaosClient } from './chaos-client.js';
import type { Acknowledged } from './history-check.js';
import type { ReaderLog } from './reader-log.js';

/** A conversation of the run, whoever writes to it. */
export interface Talk {
  readonly conversationId: string;
  readonly sessionId: string;
  /** In the order of the acknowledgements. */
  readonly acknowledged: Acknowledged[];
  /** The last summary that was acknowledged, by the one writer who sets it. */
  summary: string | null;
}

export interface WriterOptions {
  readonly name: string;
  readonly talk: Talk;
  readonly random: SeededRandom;
  /** Messages between two closes of the session, on average. */
  readonly closesEvery: number;
  /** Only one writer of a conversation does. */
  readonly setsSummary: boolean;
}

const WORDS = ['parcel', 'Zürich', 'naïve', '"quoted"', 'back\\slash', '日本', '😀', 'line\nbreak', '{"json":1}', 'tab\t', '%s', "it's"] as const;
/** Between two messages, at the most. Milliseconds. */
const PAUSE_MS = 100;
/** After a close: time enough for the conversation to be moved and to leave Redis, or not quite. Milliseconds. */
const SILENCE_MS = 4_000;

/** Sends one message after the other, each until it is acknowledged; now and then it closes its session, is silent, and goes on. */
export class Writer {
  constructor(
    private readonly client: ChaosClient,
    private readonly log: ReaderLog,
    private readonly options: WriterOptions,
  ) {}

  async run(isOver: () => boolean): Promise<void> {
    const { random, closesEvery, setsSummary } = this.options;
    for (let n = 1; !isOver(); n++) {
      await this.say(n);
      if (random.int(closesEvery) === 0) await this.rest();
      if (setsSummary && random.int(25) === 0) await this.summarize(n);
      await sleep(random.int(PAUSE_MS));
    }
  }

  private async say(n: number): Promise<void> {
    const { name, talk, random } = this.options;
    const messageId = `${name}.${String(n)}`;
    const role = random.int(4) === 0 ? 'assistant' : 'user';
    // Unique by its beginning, so that a window can be told by its contents.
    const content = `${messageId}: ${random.text(WORDS, 1 + random.int(12))}`;
    const saved = await this.client.insist<{ seq: number }>('POST', `/api/v1/conversations/${talk.conversationId}/messages`, { body: { messageId, role, content }, random });
    const seq = saved?.seq ?? 0;
    talk.acknowledged.push({ writer: name, messageId, seq, role, content });
    this.log.acknowledged(talk.conversationId, seq);
  }

  private async rest(): Promise<void> {
    const { talk, random } = this.options;
    // Not there: it has left Redis by itself, as another writer has closed it before.
    await this.client.insist('POST', `/api/v1/sessions/${talk.sessionId}/close`, { random, allowed: ['SESSION_NOT_FOUND'] });
    await sleep(random.int(SILENCE_MS));
  }

  private async summarize(n: number): Promise<void> {
    const { talk, random } = this.options;
    const summary = `after ${String(n)}`;
    await this.client.insist('PATCH', `/api/v1/conversations/${talk.conversationId}`, { body: { summary }, random });
    talk.summary = summary;
  }
}
