import { Injectable } from '@nestjs/common';
import { type EntityManager, LessThan } from 'typeorm';
import { SYSTEM_TENANT } from '../../../contracts/index.js';
import { Transactions } from '../../../shared/database/index.js';
import type { DeliveryRef, DeliveryStatus, TryOutcome, WebhookDelivery, WebhookTry } from './webhook-delivery.js';
import { WebhookDeliveryEntity } from './webhook-delivery.entity.js';

/** Tries of one delivery that are kept; the oldest go. More come only from retries by hand. A guess. */
const MAX_TRIES_KEPT = 50;

/** A delivery that was made stays made, whatever a later or a simultaneous try says. */
const RECORD = `
  UPDATE webhook_deliveries SET
    tries = (CASE WHEN jsonb_array_length(tries) >= ${MAX_TRIES_KEPT} THEN tries - 0 ELSE tries END) || $3::jsonb,
    status = CASE WHEN status = 'delivered' THEN status ELSE $4 END,
    next_try_at = CASE WHEN status = 'delivered' THEN NULL ELSE $5::timestamptz END,
    tries_left = $6
  WHERE tenant_id = $1 AND delivery_id = $2`;

/** Literally as the index `webhook_deliveries_due` says it. */
const FIND_OVERDUE = `
  SELECT tenant_id AS "tenantId", delivery_id AS "deliveryId", next_try_at AS "nextTryAt" FROM webhook_deliveries
  WHERE status = 'pending' AND next_try_at < $1 AND (next_try_at, tenant_id, delivery_id) > ($2, $3, $4)
  ORDER BY next_try_at, tenant_id, delivery_id LIMIT $5`;

/** A delivery whose next try should have been made. */
export interface OverdueDelivery extends DeliveryRef {
  readonly nextTryAt: Date;
}

/** Comes before every overdue delivery. */
export const FIRST_OVERDUE: OverdueDelivery = { nextTryAt: new Date(0), tenantId: '', deliveryId: '00000000-0000-0000-0000-000000000000' };

/** Which deliveries a list has. */
export interface DeliveryFilter {
  readonly deliveryId?: string | undefined;
  readonly status?: DeliveryStatus | undefined;
  /** The id to go on from, not included. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** The table `webhook_deliveries`. */
@Injectable()
export class WebhookDeliveryRepository {
  constructor(private readonly transactions: Transactions) {}

  /** One that is there already is left as it is. */
  async insertOnce(tenantId: string, delivery: Pick<WebhookDelivery, 'deliveryId' | 'type' | 'url' | 'status' | 'triesLeft' | 'nextTryAt'>): Promise<void> {
    await this.of(tenantId, (manager) => manager.createQueryBuilder().insert().into(WebhookDeliveryEntity).values({ ...delivery, tenantId, tries: [] }).orIgnore().updateEntity(false).execute());
  }

  async find({ tenantId, deliveryId }: DeliveryRef): Promise<WebhookDelivery | null> {
    return this.of(tenantId, (manager) => manager.findOneBy(WebhookDeliveryEntity, { tenantId, deliveryId }));
  }

  /** Newest execution first; both filters on the id hold together. */
  async findPage(tenantId: string, { deliveryId, status, before, limit }: DeliveryFilter): Promise<WebhookDelivery[]> {
    const where = { tenantId, ...(status !== undefined && { status }), ...(before !== undefined && { deliveryId: LessThan(before) }) };
    if (deliveryId === undefined) return this.of(tenantId, (manager) => manager.find(WebhookDeliveryEntity, { where, order: { deliveryId: 'DESC' }, take: limit }));
    const named = await this.of(tenantId, (manager) => manager.findBy(WebhookDeliveryEntity, { ...where, deliveryId }));
    return named.filter((found) => before === undefined || found.deliveryId < before);
  }

  async record({ tenantId, deliveryId }: DeliveryRef, made: WebhookTry, { status, nextTryAt, triesLeft }: TryOutcome): Promise<void> {
    await this.of(tenantId, (manager) => manager.query(RECORD, [tenantId, deliveryId, JSON.stringify([made]), status, nextTryAt, triesLeft]));
  }

  /** @returns false when there is none */
  async reopen({ tenantId, deliveryId }: DeliveryRef, triesLeft: number, nextTryAt: Date): Promise<boolean> {
    const { affected } = await this.of(tenantId, (manager) => manager.update(WebhookDeliveryEntity, { tenantId, deliveryId }, { status: 'pending', triesLeft, nextTryAt }));
    return affected === 1;
  }

  /** Of all tenants, oldest first. @param after the last one of the batch before */
  async findOverdue(before: Date, after: OverdueDelivery, limit: number): Promise<OverdueDelivery[]> {
    return this.of(SYSTEM_TENANT, (manager) => manager.query<OverdueDelivery[]>(FIND_OVERDUE, [before, after.nextTryAt, after.tenantId, after.deliveryId, limit]));
  }

  private async of<T>(tenantId: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.transactions.within(tenantId, undefined, work);
  }
}
