import { Injectable } from '@nestjs/common';
import { LessThan, Not, IsNull } from 'typeorm';
import { SYSTEM_TENANT } from '../../../contracts/index.js';
import { Transactions } from '../../../shared/database/index.js';
import type { Erasure, ErasureCounts, OpenErasure } from './erasure.js';
import { ErasureEntity } from './erasure.entity.js';

const NOTE = `
  UPDATE erasures SET status = 'running',
    conversation_ids = ARRAY(SELECT DISTINCT unnest(conversation_ids || $3::uuid[])), execution_ids = ARRAY(SELECT DISTINCT unnest(execution_ids || $4::uuid[]))
  WHERE tenant_id = $1 AND erasure_id = $2 AND user_id IS NOT NULL`;

const ADD = `
  UPDATE erasures SET counts = (
    SELECT jsonb_object_agg(key, total) FROM (
      SELECT key, sum(value::bigint) AS total FROM (SELECT * FROM jsonb_each_text(counts) UNION ALL SELECT * FROM jsonb_each_text($3::jsonb)) AS found GROUP BY key) AS totals)
  WHERE tenant_id = $1 AND erasure_id = $2`;

/** What is left: nothing that says who it was, or what was his. */
const COMPLETED = { status: 'completed', userId: null, error: null } as const;

/** Which erasure. */
export type ErasureRef = Pick<Erasure, 'tenantId' | 'erasureId'>;

/** The table `erasures`. */
@Injectable()
export class ErasureRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Inserts an erasure, unless there is one with this id, or an open one of the same user. @returns that one, or this */
  async open(erasure: Pick<OpenErasure, 'tenantId' | 'erasureId' | 'userId' | 'userHash' | 'requestedBy' | 'requestedAt'>): Promise<Erasure | null> {
    const { tenantId, erasureId, userHash, requestedAt } = erasure;
    return this.transactions.within(tenantId, undefined, async (manager) => {
      const row = { ...erasure, status: 'pending' as const, lookedAt: requestedAt };
      await manager.createQueryBuilder().insert().into(ErasureEntity).values(row).orIgnore().updateEntity(false).execute();
      return (await manager.findOneBy(ErasureEntity, { tenantId, erasureId })) ?? manager.findOneBy(ErasureEntity, { tenantId, userHash, userId: Not(IsNull()) });
    });
  }

  async find({ tenantId, erasureId }: ErasureRef): Promise<Erasure | null> {
    return this.transactions.within(tenantId, undefined, (manager) => manager.findOneBy(ErasureEntity, { tenantId, erasureId }));
  }

  /** What a pass is about to take out, before it does: a later one knows where to look again. */
  async note({ tenantId, erasureId }: ErasureRef, conversationIds: readonly string[], executionIds: readonly string[]): Promise<void> {
    await this.transactions.within(tenantId, undefined, (manager) => manager.query(NOTE, [tenantId, erasureId, conversationIds, executionIds]));
  }

  async add({ tenantId, erasureId }: ErasureRef, counts: ErasureCounts): Promise<void> {
    await this.transactions.within(tenantId, undefined, (manager) => manager.query(ADD, [tenantId, erasureId, JSON.stringify(counts)]));
  }

  async endPass({ tenantId, erasureId }: ErasureRef, lookedAt: Date): Promise<void> {
    await this.transactions.within(tenantId, undefined, (manager) => manager.update(ErasureEntity, { tenantId, erasureId }, { passes: () => 'passes + 1', error: null, lookedAt }));
  }

  async fail({ tenantId, erasureId }: ErasureRef, error: string): Promise<void> {
    await this.transactions.within(tenantId, undefined, (manager) => manager.update(ErasureEntity, { tenantId, erasureId }, { error }));
  }

  async complete({ tenantId, erasureId }: ErasureRef, verifiedAt: Date): Promise<void> {
    const change = { ...COMPLETED, conversationIds: [], executionIds: [], verifiedAt, lookedAt: verifiedAt, passes: () => 'passes + 1' };
    await this.transactions.within(tenantId, undefined, (manager) => manager.update(ErasureEntity, { tenantId, erasureId, userId: Not(IsNull()) }, change));
  }

  /** Open ones of all tenants at which nobody has looked since then. */
  async findForgotten(lookedBefore: Date, limit: number): Promise<Erasure[]> {
    return this.transactions.within(SYSTEM_TENANT, undefined, (manager) => manager.find(ErasureEntity, { where: { userId: Not(IsNull()), lookedAt: LessThan(lookedBefore) }, order: { lookedAt: 'ASC' }, take: limit }));
  }
}
