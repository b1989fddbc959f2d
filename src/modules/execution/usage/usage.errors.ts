import { AppError } from '../../../shared/errors/index.js';
import { HIGHER_TIER } from '../../tenancy/index.js';
import { type BudgetName, type Exceeded, type RateName, renewedAt, type RunClaim } from './usage.js';

/** A run ends about this often, and then there is room. A guess. Milliseconds. */
const A_RUN_MS = 1_000;

const UNITS: Readonly<Record<BudgetName, string>> = {
  tokensPerDay: 'tokens a day',
  tokensPerMonth: 'tokens a month',
  costMicrosPerDay: 'millionths of a US dollar a day',
  costMicrosPerMonth: 'millionths of a US dollar a month',
};

/** Who wants a part of a budget, and how he needs less. */
const WANTING = {
  turn: ['this turn', 'A smaller maxTokens or maxIterations needs less'],
  texts: ['these texts', 'Fewer or shorter texts need less'],
} as const;
type Wanting = keyof typeof WANTING;

/** Why a run is not accepted, or texts are not embedded; nothing was taken. @returns RATE_LIMITED, TIER_LIMIT_CONCURRENT_RUNS or BUDGET_EXHAUSTED (limited) */
export function limitError(exceeded: Exceeded, claim: RunClaim, wanting: Wanting = 'turn'): AppError {
  const limit = claim.limits[exceeded.name] ?? 0;
  if ('running' in exceeded) return tooManyRuns(exceeded.running, limit);
  if ('taken' in exceeded) return tooManyTurns(exceeded.name, limit, exceeded.resetMs);
  const { name } = exceeded;
  return budgetExhausted(name, { ...exceeded, limit, needed: name.startsWith('tokens') ? claim.tokens : claim.costMicros }, wanting);
}

function tooManyTurns(name: RateName, limit: number, resetMs: number): AppError {
  const period = name === 'requestsPerMinute' ? 'a minute' : 'a day';
  return new AppError({
    kind: 'limited',
    code: 'RATE_LIMITED',
    message: `You have begun ${String(limit)} turns in ${period}, and may begin no more (${name}). The next one is taken in ${inWords(resetMs)}; to have more, ${HIGHER_TIER}.`,
    details: { limit: name, [name]: limit, retryAfterMs: resetMs, rateLimit: { limit, remaining: 0, resetMs } },
  });
}

function tooManyRuns(running: number, limit: number): AppError {
  return new AppError({
    kind: 'limited',
    code: 'TIER_LIMIT_CONCURRENT_RUNS',
    message: `${String(running)} runs of yours have not ended, and there may be no more at once (concurrentRuns). Send again when one has ended, cancel one with POST /api/v1/executions/:executionId/cancel, or ${HIGHER_TIER}.`,
    details: { limit: 'concurrentRuns', concurrentRuns: limit, running, retryAfterMs: A_RUN_MS },
  });
}

function budgetExhausted(name: BudgetName, { used, reserved, limit, needed }: { readonly used: number; readonly reserved: number; readonly limit: number; readonly needed: number }, wanting: Wanting): AppError {
  const [now, [what, less]] = [new Date(), WANTING[wanting]];
  const renewed = renewedAt(name, now);
  const [left, isHeld] = [Math.max(0, limit - used - reserved), used + needed <= limit];
  const when = isHeld ? 'what has not ended holds the rest, and gives back what it does not use' : `it is renewed at ${renewed.toISOString()}`;
  return new AppError({
    kind: 'limited',
    code: 'BUDGET_EXHAUSTED',
    message: `Your budget of ${String(limit)} ${UNITS[name]} (${name}) has ${String(left)} left, and ${what} may use ${String(needed)}: ${when}. ${less}; for a larger budget ask an administrator.`,
    details: { limit: name, [name]: limit, used, reserved, left, needed, renewedAt: renewed.toISOString(), retryAfterMs: isHeld ? A_RUN_MS : renewed.getTime() - now.getTime() },
  });
}

function inWords(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  return seconds < 120 ? `${String(seconds)} s` : seconds < 7_200 ? `${String(Math.ceil(seconds / 60))} minutes` : `${String(Math.ceil(seconds / 3_600))} hours`;
}
