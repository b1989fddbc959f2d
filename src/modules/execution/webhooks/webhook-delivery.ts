import type { TerminalEventType } from '../../../contracts/index.js';

/** `pending`: another try will come. */
export const DELIVERY_STATUSES = ['pending', 'delivered', 'failed'] as const;

export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** One request to a receiver, and what came of it. */
export interface WebhookTry {
  /** ISO-8601 UTC. */
  readonly at: string;
  readonly durationMs: number;
  /** Of the answer; null when there was none. */
  readonly httpStatus: number | null;
  /** Null when the receiver took it. */
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** A delivery's place. Each execution has one at the most, which has its id. */
export interface DeliveryRef {
  readonly tenantId: string;
  readonly deliveryId: string;
}

/** That somebody is told of the end of an execution. */
export interface WebhookDelivery {
  readonly deliveryId: string;
  readonly type: TerminalEventType;
  readonly url: string;
  readonly status: DeliveryStatus;
  /** Oldest first. */
  readonly tries: readonly WebhookTry[];
  /** Before it is given up. */
  readonly triesLeft: number;
  /** Null unless it is pending. */
  readonly nextTryAt: Date | null;
  readonly createdAt: Date;
}

/** What a delivery is after a try. */
export type TryOutcome = Pick<WebhookDelivery, 'status' | 'triesLeft' | 'nextTryAt'>;
