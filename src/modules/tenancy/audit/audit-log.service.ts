import { Injectable } from '@nestjs/common';
import type { AuditDetails, AuditedAction, AuditEntry } from './audit-entry.js';
import { type AuditFilter, AuditLogRepository } from './audit-log.repository.js';
import { auditErrors } from './audit.errors.js';

/** Entries, newest first. */
export interface AuditPage {
  readonly data: readonly AuditEntry[];
  /** entryId of the last one; null on the last page. */
  readonly nextCursor: string | null;
}

/**
 * What operators and administrators have done. An action is written before it is done and again with its outcome, so that none is without a
 * trace, whatever fails in between: docs/decisions/0051.
 */
@Injectable()
export class AuditLog {
  constructor(private readonly entries: AuditLogRepository) {}

  /** @throws AUDIT_UNAVAILABLE (unavailable): the action must not be done */
  async begin(action: AuditedAction): Promise<void> {
    try {
      await this.entries.insertAction(action);
    } catch (error) {
      throw auditErrors.unwritable(action.action, error);
    }
  }

  /** @param outcome `success`, or the code of the error @throws AUDIT_OUTCOME_UNKNOWN (unavailable) */
  async end(action: AuditedAction, outcome: string, details: AuditDetails = {}): Promise<void> {
    try {
      await this.entries.insertOutcome(action, outcome, details, new Date());
    } catch (error) {
      throw auditErrors.outcomeUnwritable(action.action, error);
    }
  }

  /** @param tenantId SYSTEM_TENANT for the entries of all tenants @param cursor `nextCursor` of the page before */
  async list(tenantId: string, filter: AuditFilter, limit: number, cursor: string | undefined): Promise<AuditPage> {
    const found = await this.entries.findPage(tenantId, filter, limit + 1, cursor);
    const data = found.slice(0, limit);
    return { data, nextCursor: found.length > limit ? (data.at(-1)?.entryId ?? null) : null };
  }
}
