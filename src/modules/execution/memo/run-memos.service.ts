import { Inject, Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import type { Counter } from 'prom-client';
import type { DomainAction, MemoDirective } from '../../../contracts/index.js';
import { CacheSettings } from '../../../shared/config/index.js';
import { type KeptStreams, type MemoEvent, type StreamOrigin, TenantMemos } from '../../../shared/memo/index.js';
import { REDIS, type Redis } from '../../../shared/redis/index.js';
import { MetricsService } from '../../../shared/telemetry/index.js';
import type { AgentSnapshot } from '../context/execution-context.js';
import { KeptAnswers } from '../models/kept-answers.js';
import { ModelProviders, type RunModels } from '../models/model-providers.js';
import type { AgentTool } from '../tools/agent-tool.js';
import { keptTool } from './kept-tool.js';

/** A run, as far as it matters for what is kept. */
export interface MemoRun {
  readonly action: DomainAction<'execution.agent_run'>;
  readonly agent: Pick<AgentSnapshot, 'agentId' | 'version' | 'memo'>;
}

/** What of runs is kept for their tenant and given again, by the wish of their agents: answers of models, and results of tools. */
@Injectable()
export class RunMemos {
  private readonly answers: TenantMemos<KeptAnswers>;
  private readonly results: TenantMemos<KeptStreams<unknown>>;
  private readonly calls: Counter<'kind' | 'origin'>;
  private readonly savedTokens: Counter;

  constructor(
    @Inject(REDIS) redis: Redis,
    private readonly providers: ModelProviders,
    private readonly logger: PinoLogger,
    { memoMaxEntries: maxEntries, deadlineMs }: CacheSettings,
    metrics: MetricsService,
  ) {
    const options = { maxEntries, deadlineMs, onEvent: (event: MemoEvent) => { this.note(event); } };
    this.answers = new TenantMemos(redis, 'answers', (cache) => new KeptAnswers(cache), options);
    this.results = new TenantMemos(redis, 'tools', (cache) => cache.streams({ isCacheable: () => true }), options);
    this.calls = metrics.counter({
      name: 'nooble_memo_calls_total',
      help: 'Calls of models (answer) and tools (tool) of agents that keep results, by where the result came from: kept, shared with a call under way, or made.',
      labelNames: ['kind', 'origin'],
    });
    this.savedTokens = metrics.counter({ name: 'nooble_memo_saved_tokens_total', help: 'Tokens of answers that no model was asked for, because they were kept or a call was shared.' });
  }

  /** The models of a run; those of an agent that keeps answers ask only for what is not kept. */
  models({ action, agent: { memo } }: MemoRun): RunModels {
    const answers = memo?.answers;
    if (!answers) return this.providers;
    const kept = this.answers.of(action.tenantId);
    const options = { ...directiveOf(action.data.memo, answers.ttlSeconds), toolCalls: answers.toolCalls, metadata: tracesOf(action) };
    const saved = (tokens: number): void => { this.savedTokens.inc(tokens); };
    let isBilled = false;
    const billed = (is: boolean): void => { isBilled = is; };
    return {
      isBilled: () => isBilled,
      redact: this.providers.redact,
      resolve: (provider, model) => kept.wrap(this.providers.resolve(provider, model), { ...options, endpoint: this.providers.endpointOf(provider), answered: this.counted('answer'), billed, saved }),
    };
  }

  /** The tools of a run, those behind what is kept of them whose results the agent keeps. */
  tools({ action, agent: { agentId, version: agentVersion, memo } }: MemoRun, tools: readonly AgentTool[]): readonly AgentTool[] {
    const ttls = new Map(memo?.tools.map(({ name, ttlSeconds }) => [name, ttlSeconds]));
    if (ttls.size === 0) return tools;
    const results = this.results.of(action.tenantId);
    const options = { agentId, agentVersion, metadata: tracesOf(action), answered: this.counted('tool') };
    return tools.map((tool) => {
      const ttl = ttls.get(tool.name);
      return ttl === undefined ? tool : keptTool(tool, results, { ...options, ttl });
    });
  }

  /**
   * Removes what runs have brought that are erased. Looks through everything that is kept for the tenant.
   *
   * @param ids of executions and conversations
   * @returns how much it was
   */
  async forget(tenantId: string, ids: ReadonlySet<string>): Promise<number> {
    let forgotten = 0;
    for (const memos of [this.answers, this.results]) {
      const cache = memos.cacheOf(tenantId);
      for await (const entry of cache) {
        const { executionId, conversationId } = entry.metadata;
        if ((ids.has(String(executionId)) || ids.has(String(conversationId))) && (await cache.remove(entry))) forgotten++;
      }
    }
    return forgotten;
  }

  private counted(kind: 'answer' | 'tool'): (origin: StreamOrigin) => void {
    return (origin) => { this.calls.inc({ kind, origin }); };
  }

  private note(event: MemoEvent): void {
    const { type, ...what } = event;
    this.logger.debug({ event: type, ...('error' in what && { err: what.error }) }, 'A memo cache does without');
  }
}

/** Whose it was first: what an erasure looks for. */
function tracesOf({ taskId: executionId, data: { conversationId } }: MemoRun['action']): Readonly<Record<string, string>> {
  return { executionId, conversationId };
}

function directiveOf({ noCache, noStore, ttlSeconds, maxAgeSeconds }: MemoDirective = {}, agentTtlSeconds: number): { readonly ttl: number; readonly noCache?: boolean | undefined; readonly noStore?: boolean | undefined; readonly maxAge?: number | undefined } {
  return { noCache, noStore, ttl: ttlSeconds ?? agentTtlSeconds, maxAge: maxAgeSeconds };
}
