import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { AppError } from '../errors/index.js';

declare const TX: unique symbol;

/** An open transaction of one tenant; only {@link Transactions.run} makes one. Repositories take it as their last parameter. */
export interface Tx {
  readonly [TX]: true;
}

/** Serialization failure and deadlock: the only errors after which the same transaction may succeed as it is. */
const RETRYABLE = new Set(['40001', '40P01']);
const ATTEMPTS = 3;

/**
 * From here on the statements are those of a role that owns no table and sees one tenant; `SYSTEM_TENANT` sees all of them. Both end with the transaction.
 *
 * @source migrations/20261125000000-tenant-isolation.up.sql
 */
const BECOME_TENANT = "SELECT set_config('role', 'nooble_app', true), set_config('nooble.tenant', $1, true)";

/** The one way to the tables: every statement is in a transaction, and every transaction is a tenant's. */
@Injectable()
export class Transactions {
  private readonly tenants = new WeakMap<EntityManager, string>();

  constructor(private readonly dataSource: DataSource) {}

  /**
   * Runs `work` in one transaction, again from its start after a deadlock or a serialization failure (three tries).
   * Inside it: no model call, no webhook, no job. Those come after the commit.
   *
   * @param tenantId whose rows there are; `SYSTEM_TENANT` for those of all
   */
  async run<T>(tenantId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.dataSource.transaction(async (manager) => {
          await manager.query(BECOME_TENANT, [tenantId]);
          this.tenants.set(manager, tenantId);
          return work(manager as unknown as Tx);
        });
      } catch (error) {
        if (attempt === ATTEMPTS || !RETRYABLE.has(String((error as { code?: unknown }).code))) throw error;
      }
    }
  }

  /**
   * For repositories: the manager of the transaction that is given, or of one of its own.
   *
   * @throws TRANSACTION_OF_ANOTHER_TENANT (internal)
   */
  async within<T>(tenantId: string, tx: Tx | undefined, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    if (tx === undefined) return this.run(tenantId, (own) => work(own as unknown as EntityManager));
    const manager = tx as unknown as EntityManager;
    const of = this.tenants.get(manager);
    if (of !== tenantId) throw new AppError({ kind: 'internal', code: 'TRANSACTION_OF_ANOTHER_TENANT', message: `A transaction of tenant "${String(of)}" was given for tenant "${tenantId}".` });
    return work(manager);
  }
}
