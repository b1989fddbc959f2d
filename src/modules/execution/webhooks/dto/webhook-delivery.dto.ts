import { Type } from 'class-transformer';
import { IsIn, IsInt, Max, Min } from 'class-validator';
import { IsId, IsIdCursor, Optional, type TerminalEventType } from '../../../../contracts/index.js';
import { DELIVERY_STATUSES, type DeliveryStatus, type WebhookDelivery } from '../webhook-delivery.js';

export class WebhookTryErrorDto {
  /** Stable UPPER_SNAKE word. */
  code!: string;
  /** A sentence for people. */
  message!: string;
}

export class WebhookTryDto {
  /** ISO-8601 UTC. */
  at!: string;
  durationMs!: number;
  /** Of the receiver's answer; null when there was none. */
  httpStatus!: number | null;
  /** Null when the receiver took it. */
  error!: WebhookTryErrorDto | null;
}

export class WebhookDeliveryDto {
  /** The header `webhook-id`. It is the id of the execution. */
  deliveryId!: string;
  executionId!: string;
  /** What the receiver is told of, such as `execution.completed`. */
  type!: TerminalEventType;
  url!: string;
  /** `pending`: another try will come. */
  status!: DeliveryStatus;
  /** Oldest first, the last 50. */
  tries!: WebhookTryDto[];
  /** Null unless pending. */
  nextTryAt!: Date | null;
  createdAt!: Date;

  static of({ deliveryId, type, url, status, tries, nextTryAt, createdAt }: WebhookDelivery): WebhookDeliveryDto {
    return { deliveryId, executionId: deliveryId, type, url, status, tries: [...tries], nextTryAt, createdAt };
  }
}

export class WebhookDeliveryPageDto {
  /** Newest execution first. */
  data!: WebhookDeliveryDto[];
  /** Give it as `cursor` to get the next page; null on the last one. */
  nextCursor!: string | null;
}

export class ListWebhookDeliveriesDto {
  @Type(() => Number) @IsInt() @Min(1) @Max(200) limit: number = 50;
  /** `nextCursor` of the page before. */
  @Optional() @IsIdCursor() cursor?: string;
  /** Only the one of this execution. */
  @Optional() @IsId() executionId?: string;
  @Optional() @IsIn(DELIVERY_STATUSES) status?: DeliveryStatus;
}

export class WebhookSecretDto {
  /** `whsec_` and the key in Base64. */
  secret!: string;
  /** Signed with as well while the server's secret is being changed; null otherwise. */
  previousSecret!: string | null;
}
