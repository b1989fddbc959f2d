import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

declare const TX: unique symbol;

/** An open transaction; only {@link Transactions.run} makes one. Repositories take it as their last parameter. */
export interface Tx {
  readonly [TX]: true;
}

/** Serialization failure and deadlock: the only errors after which the same transaction may succeed as it is. */
const RETRYABLE = new Set(['40001', '40P01']);
const ATTEMPTS = 3;

@Injectable()
export class Transactions {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Runs `work` in one transaction, again from its start after a deadlock or a serialization failure (three tries).
   * Inside it: no model call, no webhook, no job. Those come after the commit.
   */
  async run<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.dataSource.transaction((manager) => work(manager as unknown as Tx));
      } catch (error) {
        if (attempt === ATTEMPTS || !RETRYABLE.has(String((error as { code?: unknown }).code))) throw error;
      }
    }
  }

  /** For repositories: the manager of the transaction that is given, or of one of its own. */
  async within<T>(_tenantId: string, tx: Tx | undefined, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return tx === undefined ? this.run((own) => work(own as unknown as EntityManager)) : work(tx as unknown as EntityManager);
  }
}

/** The manager behind a transaction, or the given one outside of any. For repositories only. */
export function managerOf(tx: Tx | undefined, otherwise: EntityManager): EntityManager {
  return tx === undefined ? otherwise : (tx as unknown as EntityManager);
}
