import { Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';
import type { TerminalEventType } from '../../../contracts/index.js';
import type { DeliveryStatus, WebhookTry } from './webhook-delivery.js';

@Entity('webhook_deliveries')
@Index('webhook_deliveries_due', ['nextTryAt', 'tenantId', 'deliveryId'], { where: "status = 'pending'::text" })
export class WebhookDeliveryEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'webhook_deliveries_pk' }) tenantId!: string;
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'webhook_deliveries_pk' }) deliveryId!: string;
  @Column('text') type!: TerminalEventType;
  @Column('text') url!: string;
  @Column('text') status!: DeliveryStatus;
  @Column('jsonb', { default: [] }) tries!: WebhookTry[];
  @Column('integer') triesLeft!: number;
  @Column('timestamptz', { nullable: true }) nextTryAt!: Date | null;
  @CreateDateColumn({ type: 'timestamptz' }) createdAt!: Date;
}
