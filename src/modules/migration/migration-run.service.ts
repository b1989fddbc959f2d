import { Injectable } from '@nestjs/common';
import { MigrationSettings } from '../../shared/config/index.js';
import { toAppError } from '../../shared/errors/index.js';
import { type ConversationRef, HotIndexStore } from '../conversations/index.js';
import { TenantsService } from '../tenancy/index.js';
import { TrackedMover } from './tracked-mover.service.js';

export interface MigrationRunReport {
  /** Conversations that were looked at. */
  readonly conversations: number;
  readonly movedMessages: number;
  readonly failures: readonly (ConversationRef & { readonly code: string; readonly message: string })[];
}

/** Moves everything that is not in PostgreSQL yet, now and in this process, due or not, also while the loop is stopped. */
@Injectable()
export class MigrationRun {
  constructor(
    private readonly index: HotIndexStore,
    private readonly tenants: TenantsService,
    private readonly mover: TrackedMover,
    private readonly settings: MigrationSettings,
  ) {}

  /**
   * One conversation's failure does not stop the others.
   *
   * @param tenantId all tenants' if it is left out
   * @param onProgress hears how many of how many are through
   * @throws TENANT_NOT_FOUND (notFound)
   */
  async run(tenantId: string | undefined, onProgress: (done: number, total: number) => void): Promise<MigrationRunReport> {
    const tenants = tenantId === undefined ? await this.tenants.all() : [await this.tenants.get(tenantId)];
    const refs = (await Promise.all(tenants.map((tenant) => this.unsettled(tenant.tenantId)))).flat();
    const failures: MigrationRunReport['failures'][number][] = [];
    let [next, done, movedMessages] = [0, 0, 0];
    const work = async (): Promise<void> => {
      for (let ref = refs[next++]; ref; ref = refs[next++]) {
        const moved = await this.move(ref);
        if (typeof moved === 'number') movedMessages += moved;
        else failures.push({ ...ref, ...moved });
        onProgress(++done, refs.length);
      }
    };
    await Promise.all(Array.from({ length: this.settings.concurrency }, work));
    return { conversations: refs.length, movedMessages, failures };
  }

  private async unsettled(tenantId: string): Promise<ConversationRef[]> {
    return (await this.index.findUnsettled(tenantId)).map((conversationId) => ({ tenantId, conversationId }));
  }

  private async move(ref: ConversationRef): Promise<number | { readonly code: string; readonly message: string }> {
    try {
      const moved = await this.mover.move(ref, { attempt: 1, signal: new AbortController().signal, isExplicit: true });
      return moved?.movedMessages ?? 0;
    } catch (error) {
      const { code, message } = toAppError(error);
      return { code, message };
    }
  }
}
