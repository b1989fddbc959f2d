import { Injectable } from '@nestjs/common';
import { ModelSettings } from '../../../shared/config/index.js';
import { requireTurnModel } from '../../agents/index.js';
import { MemoryManager } from '../../conversations/index.js';
import type { TurnBasis } from '../context/execution-contexts.service.js';
import type { NewRun } from '../runs/run.store.js';
import { ModelPrices } from './model-prices.service.js';
import { estimateOf } from './run-estimate.js';
import { type RunClaim, runLimitsOf } from './usage.js';

/** A turn, as far as what it may use depends on it. */
export type ClaimingTurn = Pick<NewRun['action']['data'], 'message' | 'maxIterations' | 'overrides'>;

/** What a run takes of its tenant's limits. */
@Injectable()
export class RunClaims {
  constructor(
    private readonly memory: MemoryManager,
    private readonly prices: ModelPrices,
    private readonly settings: ModelSettings,
  ) {}

  /** @param isNew nothing was said in its conversation before @throws MODEL_NOT_IN_TIER (forbidden) for a model that the turn asks for */
  claimOf({ agent, limits }: TurnBasis, { message, maxIterations, overrides }: ClaimingTurn, isNew: boolean): RunClaim {
    requireTurnModel(overrides?.model, limits, agent, this.settings.defaultModel);
    const models = [overrides?.model ?? agent.model, ...(agent.fallbackModel ? [agent.fallbackModel.model] : [])];
    const historyTokens = isNew ? 0 : Math.max(...models.map((model) => this.memory.budgetOf(model)));
    const { inputTokens, outputTokens } = estimateOf(agent, limits, { message, maxIterations, maxTokens: overrides?.maxTokens, historyTokens });
    const costMicros = Math.max(...models.map((model) => this.prices.costOf(model, { inputTokens, outputTokens }) ?? 0));
    return { limits: runLimitsOf(limits), tokens: inputTokens + outputTokens, costMicros };
  }
}
