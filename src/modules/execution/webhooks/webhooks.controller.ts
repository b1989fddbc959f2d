import { Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { UuidParam } from '../../../shared/http/index.js';
import { CurrentPrincipal, type Principal, RequiresScope } from '../../tenancy/index.js';
import { ListWebhookDeliveriesDto, WebhookDeliveryDto, WebhookDeliveryPageDto, WebhookSecretDto } from './dto/webhook-delivery.dto.js';
import { WebhookDeliveries } from './webhook-deliveries.service.js';
import { WebhookSecrets } from './webhook-secrets.service.js';

@ApiTags('webhooks')
@ApiBearerAuth()
@RequiresScope('agent')
@Controller('api/v1/webhooks')
export class WebhooksController {
  constructor(
    private readonly deliveries: WebhookDeliveries,
    private readonly secrets: WebhookSecrets,
  ) {}

  /** What your receiver verifies the signature of a webhook with. */
  @Get('secret')
  secret(@CurrentPrincipal() { tenantId }: Principal): WebhookSecretDto {
    const [secret, previousSecret = null] = this.secrets.of(tenantId);
    return { secret, previousSecret };
  }

  /** Lists the deliveries with every try, the newest execution first. */
  @Get('deliveries')
  async list(@CurrentPrincipal() { tenantId }: Principal, @Query() { limit, cursor, executionId, status }: ListWebhookDeliveriesDto): Promise<WebhookDeliveryPageDto> {
    const rows = await this.deliveries.list(tenantId, { deliveryId: executionId, status, before: cursor, limit });
    const page = rows.slice(0, limit);
    return { data: page.map((delivery) => WebhookDeliveryDto.of(delivery)), nextCursor: rows.length > limit ? (page.at(-1)?.deliveryId ?? null) : null };
  }

  /** Tells the receiver again, at once, with the same `webhook-id`, also if it has taken the delivery before. */
  @Post('deliveries/:deliveryId/retry')
  @HttpCode(202)
  async retry(@CurrentPrincipal() { tenantId, tier }: Principal, @UuidParam('deliveryId') deliveryId: string): Promise<WebhookDeliveryDto> {
    return WebhookDeliveryDto.of(await this.deliveries.retry({ tenantId, deliveryId }, tier));
  }
}
