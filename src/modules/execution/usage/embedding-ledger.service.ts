import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { EmbeddingUsageRepository } from './embedding-usage.repository.js';
import { dayOf, plus, type Spent } from './usage.js';

/** Writes down in PostgreSQL what embeddings have used, while nobody waits: of a tenant one statement at a time, with all that has come meanwhile. */
@Injectable()
export class EmbeddingLedger implements BeforeApplicationShutdown {
  /** By tenant, then by day. */
  private readonly waiting = new Map<string, Map<string, Spent>>();
  private readonly writing = new Map<string, Promise<void>>();

  constructor(
    private readonly usage: EmbeddingUsageRepository,
    private readonly logger: PinoLogger,
  ) {}

  /** What cannot be written is written with the next of its tenant, as long as the process lives. */
  add(tenantId: string, spent: Spent): void {
    this.keep(tenantId, dayOf(new Date()), spent);
    if (!this.writing.has(tenantId)) this.writing.set(tenantId, this.write(tenantId).finally(() => this.writing.delete(tenantId)));
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.writing.values());
  }

  private async write(tenantId: string): Promise<void> {
    for (let next = this.take(tenantId); next; next = this.take(tenantId)) {
      const [day, spent] = next;
      try {
        await this.usage.add(tenantId, day, spent);
      } catch (error) {
        this.keep(tenantId, day, spent);
        this.logger.warn({ err: error, tenantId }, 'What embeddings have used could not be written to PostgreSQL; it is written with the next of this tenant');
        return;
      }
    }
  }

  private keep(tenantId: string, day: string, spent: Spent): void {
    const days = this.waiting.get(tenantId) ?? new Map<string, Spent>();
    this.waiting.set(tenantId, days.set(day, plus(spent, days.get(day))));
  }

  private take(tenantId: string): [day: string, spent: Spent] | undefined {
    const days = this.waiting.get(tenantId);
    const [next] = days ?? [];
    if (next) days?.delete(next[0]);
    else this.waiting.delete(tenantId);
    return next;
  }
}
