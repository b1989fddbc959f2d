import { Injectable } from '@nestjs/common';
import type { SelectQueryBuilder } from 'typeorm';
import { SYSTEM_TENANT } from '../../../contracts/index.js';
import { Transactions } from '../../../shared/database/index.js';
import type { AuditDetails, AuditedAction, AuditEntry } from './audit-entry.js';
import { AuditLogEntity } from './audit-log.entity.js';

/** Which entries a list shows; a field that is left out excludes none. */
export interface AuditFilter {
  /** Id or name of the key. */
  readonly actor?: string | undefined;
  /** The whole name, or its beginning up to a dot. */
  readonly action?: string | undefined;
  readonly target?: string | undefined;
  /** Begun at this time or later. */
  readonly from?: Date | undefined;
  /** Begun before this time. */
  readonly to?: Date | undefined;
}

const CONDITIONS: Readonly<Record<keyof AuditFilter, string>> = {
  actor: ':actor IN (a.actor_id, a.actor_name)',
  action: "(a.action = :action OR starts_with(a.action, :action || '.'))",
  target: 'a.target = :target',
  from: 'a.at >= :from',
  to: 'a.at < :to',
};

/** The table `audit_log`. */
@Injectable()
export class AuditLogRepository {
  constructor(private readonly transactions: Transactions) {}

  async insertAction(action: AuditedAction): Promise<void> {
    await this.insert({ ...action, isOutcome: false, outcome: null });
  }

  async insertOutcome(action: AuditedAction, outcome: string, details: AuditDetails, at: Date): Promise<void> {
    await this.insert({ ...action, isOutcome: true, outcome, details, at });
  }

  /** Newest first. @param tenantId SYSTEM_TENANT for those of all tenants @param before entryId to go on from, not included */
  async findPage(tenantId: string, filter: AuditFilter, limit: number, before: string | undefined): Promise<AuditEntry[]> {
    return this.transactions.within(tenantId, undefined, async (manager) => {
      const query = manager.createQueryBuilder(AuditLogEntity, 'a').where('a.is_outcome = false');
      if (tenantId !== SYSTEM_TENANT) query.andWhere('a.tenant_id = :tenantId', { tenantId });
      if (before !== undefined) query.andWhere('a.entry_id < :before', { before });
      const actions = await filtered(query, filter).orderBy('a.entryId', 'DESC').limit(limit).getMany();
      if (actions.length === 0) return [];
      const entryIds = actions.map(({ entryId }) => entryId);
      const outcomes = await manager.createQueryBuilder(AuditLogEntity, 'a').where('a.is_outcome AND a.entry_id IN (:...entryIds)', { entryIds }).getMany();
      const byId = new Map(outcomes.map((outcome) => [outcome.entryId, outcome]));
      return actions.map((action) => entryOf(action, byId.get(action.entryId)));
    });
  }

  private async insert(row: AuditLogEntity): Promise<void> {
    await this.transactions.within(row.tenantId, undefined, (manager) => manager.insert(AuditLogEntity, row));
  }
}

function filtered(query: SelectQueryBuilder<AuditLogEntity>, filter: AuditFilter): SelectQueryBuilder<AuditLogEntity> {
  for (const [field, condition] of Object.entries(CONDITIONS)) {
    const value = filter[field as keyof AuditFilter];
    if (value !== undefined) query.andWhere(condition, { [field]: value });
  }
  return query;
}

function entryOf({ isOutcome: _, ...action }: AuditLogEntity, outcome: AuditLogEntity | undefined): AuditEntry {
  return { ...action, outcome: outcome?.outcome ?? null, endedAt: outcome?.at ?? null, details: { ...action.details, ...outcome?.details } };
}
