import type { DomainAction } from '../../../contracts/index.js';
import { type ActionHandler, type ActionRun, HandlesAction } from '../../../shared/actions/index.js';
import type { AppError } from '../../../shared/errors/index.js';
import { ExecutionsService } from '../executions.service.js';
import { WebhookDeliveries } from './webhook-deliveries.service.js';
import { WebhookSender } from './webhook-sender.service.js';

/** A job may come this much before its time: clocks differ. Milliseconds. */
const EARLY_MS = 1_000;

/** Running twice equals running once for the receiver, who knows a delivery by its `webhook-id`; one that was made, or is not due, is not made again. */
@HandlesAction('execution.deliver_webhook')
export class DeliverWebhookHandler implements ActionHandler<'execution.deliver_webhook'> {
  constructor(
    private readonly executions: ExecutionsService,
    private readonly deliveries: WebhookDeliveries,
    private readonly sender: WebhookSender,
  ) {}

  readonly handle = async ({ tenantId, tenantTier, data: { executionId } }: DomainAction<'execution.deliver_webhook'>, { signal }: ActionRun): Promise<void> => {
    const execution = await this.executions.get({ tenantId, executionId });
    const delivery = await this.deliveries.open(tenantId, execution);
    if (delivery?.nextTryAt == null || delivery.status !== 'pending') return;
    const ref = { tenantId, deliveryId: executionId };
    if (delivery.nextTryAt.getTime() > Date.now() + EARLY_MS) return this.deliveries.wake(ref, tenantTier, delivery.nextTryAt);
    const sent = await this.sender.send(ref, delivery, execution, signal);
    await this.deliveries.record(ref, tenantTier, delivery, sent);
  };

  /** While a store is away for longer than its tries it stays pending, and the sweep sends it again. */
  readonly onExhausted = async ({ tenantId, data: { executionId } }: DomainAction<'execution.deliver_webhook'>, error: AppError): Promise<void> => {
    if (error.kind !== 'unavailable') await this.deliveries.giveUp({ tenantId, deliveryId: executionId }, error);
  };
}
