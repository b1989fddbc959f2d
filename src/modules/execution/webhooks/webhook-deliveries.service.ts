import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { TERMINAL_EVENTS, type TerminalEventType, type Tier } from '../../../contracts/index.js';
import { ActionBus } from '../../../shared/actions/index.js';
import { WebhookSettings } from '../../../shared/config/index.js';
import { MetricsService } from '../../../shared/telemetry/index.js';
import { ExecutionEndings } from '../execution-endings.service.js';
import type { Execution } from '../execution.js';
import type { DeliveryRef, TryOutcome, WebhookDelivery } from './webhook-delivery.js';
import { type DeliveryFilter, WebhookDeliveryRepository } from './webhook-delivery.repository.js';
import { waitMs } from './webhook-schedule.js';
import type { SentWebhook } from './webhook-sender.service.js';
import { webhookErrors } from './webhooks.errors.js';

/** Deliveries of webhooks: what was told, what comes next. PostgreSQL knows when, a delayed job is what wakes up. */
@Injectable()
export class WebhookDeliveries implements OnModuleInit {
  private readonly outcomes: Counter<'outcome'>;

  constructor(
    private readonly deliveries: WebhookDeliveryRepository,
    private readonly endings: ExecutionEndings,
    private readonly bus: ActionBus,
    private readonly settings: WebhookSettings,
    metrics: MetricsService,
  ) {
    this.outcomes = metrics.counter({ name: 'nooble_webhook_tries_total', help: 'Tries to deliver webhooks by what they left of the delivery (delivered, pending, failed).', labelNames: ['outcome'] });
  }

  onModuleInit(): void {
    this.endings.add(async (tenantId, { executionId, webhookUrl }) => {
      if (webhookUrl !== null) await this.queue({ tenantId, deliveryId: executionId }, 'enterprise', '0');
    });
  }

  /** The delivery of an ended execution, which is made if it is not there; null if nobody wants to be told. */
  async open(tenantId: string, { executionId, status, webhookUrl, endedAt }: Execution): Promise<WebhookDelivery | null> {
    const type = (Object.keys(TERMINAL_EVENTS) as TerminalEventType[]).find((event) => TERMINAL_EVENTS[event] === status);
    if (webhookUrl === null || endedAt === null || type === undefined) return null;
    const ref = { tenantId, deliveryId: executionId };
    await this.deliveries.insertOnce(tenantId, { deliveryId: executionId, type, url: webhookUrl, status: 'pending', triesLeft: this.settings.attempts, nextTryAt: new Date() });
    return this.deliveries.find(ref);
  }

  /** Newest execution first, one more than `limit` if there are that many. */
  async list(tenantId: string, filter: DeliveryFilter): Promise<WebhookDelivery[]> {
    return this.deliveries.findPage(tenantId, { ...filter, limit: filter.limit + 1 });
  }

  /**
   * Writes down a try, and has the next one come if it takes one. In this order: a crash in between leaves the job of this try unfinished, and whoever
   * takes it up again finds what was written.
   */
  async record(ref: DeliveryRef, tier: Tier, { triesLeft }: WebhookDelivery, { made, verdict, retryAfterMs }: SentWebhook): Promise<void> {
    const outcome = this.outcomeOf(triesLeft - 1, verdict, retryAfterMs);
    await this.deliveries.record(ref, made, outcome);
    this.outcomes.inc({ outcome: outcome.status });
    if (outcome.nextTryAt) await this.wake(ref, tier, outcome.nextTryAt);
  }

  /** Another try at its time, if it does not wait already. */
  async wake(ref: DeliveryRef, tier: Tier, at: Date): Promise<void> {
    await this.queue(ref, tier, String(at.getTime()), Math.max(0, at.getTime() - Date.now()));
  }

  /**
   * Tells again, at once, whether or not the receiver has taken it; if that fails, as often as for a new one.
   *
   * @throws WEBHOOK_DELIVERY_NOT_FOUND (notFound)
   */
  async retry(ref: DeliveryRef, tier: Tier): Promise<WebhookDelivery> {
    const isThere = await this.deliveries.reopen(ref, this.settings.attempts, new Date());
    const delivery = isThere ? await this.deliveries.find(ref) : null;
    if (!delivery) throw webhookErrors.deliveryNotFound(ref.deliveryId);
    await this.queue(ref, tier, `retry.${delivery.tries.length}`);
    return delivery;
  }

  private outcomeOf(triesLeft: number, verdict: SentWebhook['verdict'], retryAfterMs: number): TryOutcome {
    if (verdict !== 'again') return { status: verdict, triesLeft, nextTryAt: null };
    if (triesLeft <= 0) return { status: 'failed', triesLeft: 0, nextTryAt: null };
    const { attempts, retrySeconds } = this.settings;
    const delayMs = waitMs({ firstMs: retrySeconds * 1_000, triesMade: Math.max(1, attempts - triesLeft), retryAfterMs });
    return { status: 'pending', triesLeft, nextTryAt: new Date(Date.now() + delayMs) };
  }

  /** @param which of the delivery's tries: doubles of it in flight are one */
  private async queue({ tenantId, deliveryId }: DeliveryRef, tenantTier: Tier, which: string, delayMs = 0): Promise<void> {
    await this.bus.send('execution.deliver_webhook', { tenantId, tenantTier, data: { executionId: deliveryId } }, { jobId: `${tenantId}.${deliveryId}.${which}`, delayMs });
  }
}
