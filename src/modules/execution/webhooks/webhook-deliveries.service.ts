import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { TERMINAL_EVENTS, type TerminalEventType, type Tier } from '../../../contracts/index.js';
import { ActionBus } from '../../../shared/actions/index.js';
import { WebhookSettings } from '../../../shared/config/index.js';
import type { AppError } from '../../../shared/errors/index.js';
import { MetricsService } from '../../../shared/telemetry/index.js';
import { ExecutionEndings } from '../execution-endings.service.js';
import type { Execution } from '../execution.js';
import type { DeliveryRef, TryOutcome, WebhookDelivery } from './webhook-delivery.js';
import { type DeliveryFilter, FIRST_OVERDUE, WebhookDeliveryRepository } from './webhook-delivery.repository.js';
import { waitMs } from './webhook-schedule.js';
import type { SentWebhook } from './webhook-sender.service.js';
import { webhookErrors } from './webhooks.errors.js';

/** A try that is late by so much has no job any more: a job is there from before its time until after its try, whatever its own delay. A guess, longer than a try with its deadline (90 s) and Bull's longest back-off (36 s). Milliseconds. */
const OVERDUE_MS = 300_000;
/** Overdue deliveries that are looked after together, and batches in one sweep; the next one begins anew. Guesses. */
const PER_BATCH = 200;
const MAX_BATCHES = 50;

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
    // The row comes first: of a job that Redis loses PostgreSQL knows.
    this.endings.add(async (tenantId, execution) => {
      const delivery = await this.open(tenantId, execution);
      if (delivery?.nextTryAt) await this.wake({ tenantId, deliveryId: delivery.deliveryId }, 'enterprise', delivery.nextTryAt);
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
   * Sends the jobs of overdue tries again, batch by batch: Redis has lost them, unless they wait for a place. A job that is there is not added again.
   *
   * @throws the signal's reason, DATABASE_UNAVAILABLE, HOT_STORE_UNAVAILABLE (unavailable)
   */
  async wakeOverdue(signal: AbortSignal): Promise<void> {
    const before = new Date(Date.now() - OVERDUE_MS);
    for (let batch = 0, last = FIRST_OVERDUE; batch < MAX_BATCHES; batch++) {
      const overdue = await this.deliveries.findOverdue(before, last, PER_BATCH);
      signal.throwIfAborted();
      await Promise.all(overdue.map(({ nextTryAt, ...ref }) => this.wake(ref, 'enterprise', nextTryAt)));
      const next = overdue.at(-1);
      if (!next || overdue.length < PER_BATCH) return;
      last = next;
    }
  }

  /** A delivery that no try can make is given up, with the reason. */
  async giveUp(ref: DeliveryRef, { code, message }: AppError): Promise<void> {
    const made = { at: new Date().toISOString(), durationMs: 0, httpStatus: null, error: { code, message } };
    await this.deliveries.record(ref, made, { status: 'failed', triesLeft: 0, nextTryAt: null });
    this.outcomes.inc({ outcome: 'failed' });
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
