import { Injectable } from '@nestjs/common';
import { WebhookSettings } from '../../../shared/config/index.js';
import { AppError, toAppError } from '../../../shared/errors/index.js';
import { OutboundHttp } from '../../../shared/outbound/index.js';
import { ExecutionDto } from '../dto/execution.dto.js';
import type { Execution } from '../execution.js';
import type { DeliveryRef, WebhookDelivery, WebhookTry } from './webhook-delivery.js';
import { retryAfterMsOf, verdictOf } from './webhook-schedule.js';
import { WebhookSecrets } from './webhook-secrets.service.js';
import { signedHeaders } from './webhook-signature.js';
import { webhookErrors } from './webhooks.errors.js';

/** One try, and what it means. */
export interface SentWebhook {
  readonly made: WebhookTry;
  readonly verdict: ReturnType<typeof verdictOf>;
  /** What the receiver asked for, milliseconds. */
  readonly retryAfterMs: number;
}

/** Tells receivers over HTTP, signed as Standard Webhooks says. */
@Injectable()
export class WebhookSender {
  constructor(
    private readonly outbound: OutboundHttp,
    private readonly secrets: WebhookSecrets,
    private readonly settings: WebhookSettings,
  ) {}

  /**
   * What can be said of a receiver's URL when it is named, if one is.
   *
   * @throws WEBHOOK_URL_REFUSED (invalid), WEBHOOKS_OFF (forbidden)
   */
  requireTarget(url: string | undefined): void {
    if (url === undefined) return;
    this.secrets.requireOn();
    try {
      this.outbound.requireUrl(url);
    } catch (error) {
      throw webhookErrors.targetRefused(toAppError(error));
    }
  }

  /** @throws the signal's reason; everything else is an outcome */
  async send({ tenantId, deliveryId }: DeliveryRef, { url, type }: Pick<WebhookDelivery, 'url' | 'type'>, execution: Execution, signal: AbortSignal): Promise<SentWebhook> {
    const startedAt = new Date();
    const tryOf = (result: Pick<WebhookTry, 'httpStatus' | 'error'>): WebhookTry => ({ at: startedAt.toISOString(), durationMs: Date.now() - startedAt.getTime(), ...result });
    try {
      const body = JSON.stringify({ type, timestamp: execution.endedAt, data: ExecutionDto.of(execution) });
      const signed = signedHeaders(this.secrets.of(tenantId), { id: deliveryId, timestamp: Math.floor(startedAt.getTime() / 1_000), body });
      const headers = { 'content-type': 'application/json', 'user-agent': 'Nooble-Webhooks/1', ...signed };
      // A redirect is an answer: whoever wants to be told elsewhere names that URL.
      const response = await this.outbound.withBounds({ timeoutMs: this.settings.timeoutMs })(url, { method: 'POST', headers, body, signal, redirect: 'manual' });
      await response.body?.cancel();
      const verdict = verdictOf(response.status);
      const error = verdict === 'delivered' ? null : { code: `HTTP_${response.status}`, message: `The receiver answered ${response.status}; a delivery is taken with 2xx.` };
      return { made: tryOf({ httpStatus: response.status, error }), verdict, retryAfterMs: retryAfterMsOf(response.headers.get('retry-after'), Date.now()) };
    } catch (thrown) {
      if (signal.aborted) throw signal.reason;
      if (!(thrown instanceof AppError)) throw thrown;
      const { code, message, isRetryable } = thrown;
      return { made: tryOf({ httpStatus: null, error: { code, message } }), verdict: isRetryable ? 'again' : 'failed', retryAfterMs: 0 };
    }
  }
}
