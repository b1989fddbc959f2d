import { Injectable, type OnModuleInit } from '@nestjs/common';
import { newId } from '../../../contracts/index.js';
import { ModelSettings } from '../../../shared/config/index.js';
import { type EmbeddingCall, type EmbeddingMeter, EmbeddingsService } from '../../knowledge/index.js';
import { TenantLimits } from '../../tenancy/index.js';
import { ModelPrices } from './model-prices.service.js';
import { Reservations } from './reservations.service.js';
import { budgetsOf, type RunLimits, type Spent } from './usage.js';

/** From the reservation to the call, and from its end to the settlement, milliseconds. A guess on the high side. */
const AROUND_A_CALL_MS = 60_000;
const NOTHING: Spent = { tokens: 0, costMicros: 0 };

/** Holds calls of embedding models to the budgets of their tenants, as runs are. A tenant without a budget waits for nothing: what it uses is counted behind its back. */
@Injectable()
export class EmbeddingBudgets implements OnModuleInit {
  constructor(
    private readonly embeddings: EmbeddingsService,
    private readonly limits: TenantLimits,
    private readonly reservations: Reservations,
    private readonly prices: ModelPrices,
    private readonly settings: ModelSettings,
  ) {}

  onModuleInit(): void {
    this.embeddings.meterBy(this.meter);
  }

  private readonly meter: EmbeddingMeter = async (call, ask) => {
    const { tenantId, tier } = call;
    const budgets = budgetsOf(await this.limits.of(tenantId, tier));
    if (Object.keys(budgets).length > 0) return this.held(call, budgets, ask);
    const embedded = await ask();
    void this.reservations.settle(tenantId, newId(), this.spentOn(call, embedded.tokens));
    return embedded;
  };

  private async held(call: EmbeddingCall, limits: RunLimits, ask: Parameters<EmbeddingMeter>[1]): ReturnType<EmbeddingMeter> {
    const { tenantId, maxTokens } = call;
    const forMs = this.settings.embeddingTimeoutSeconds * 1_000 + AROUND_A_CALL_MS;
    const id = await this.reservations.make(tenantId, { limits, ...this.spentOn(call, maxTokens) }, forMs);
    let used = NOTHING;
    try {
      const embedded = await ask();
      used = this.spentOn(call, embedded.tokens);
      return embedded;
    } finally {
      await this.reservations.settle(tenantId, id, used);
    }
  }

  /** A provider that does not say how many tokens it has read is taken to have read as many as the texts can have. */
  private spentOn({ provider, model, maxTokens }: EmbeddingCall, said: number): Spent {
    const tokens = said > 0 || provider === 'builtin' ? Math.ceil(said) : maxTokens;
    return { tokens, costMicros: this.prices.costOf(model, { inputTokens: tokens, outputTokens: 0 }) ?? 0 };
  }
}
