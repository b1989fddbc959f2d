import { Injectable } from '@nestjs/common';
import type { Tier } from '../../contracts/index.js';
import { MigrationSettings } from '../../shared/config/index.js';
import { TenantLimits, type TierLimits } from '../tenancy/index.js';

/** On whose behalf. */
export interface Caller {
  readonly tenantId: string;
  readonly tier: Tier;
}

/** How many conversations a tenant may have open, and how long one may become. */
export type ConversationLimits = Pick<TierLimits, 'maxActiveConversations' | 'maxMessagesPerConversation'>;

/** What a change of a conversation keeps to: its tenant's limits, and when the move comes. */
@Injectable()
export class ConversationBounds {
  constructor(
    private readonly limits: TenantLimits,
    readonly times: MigrationSettings,
  ) {}

  async of({ tenantId, tier }: Caller): Promise<ConversationLimits> {
    return this.limits.of(tenantId, tier);
  }
}
