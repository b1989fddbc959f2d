import type { TokenUsage } from '../../contracts/index.js';
import { toExecutionError } from '../../shared/models/index.js';
import type { AgentModel } from '../agents/index.js';
import type { LlmConfig } from './context/execution-context.js';
import type { EventWriter } from './event-log/event-writer.js';
import { callModel, type ModelAnswer, type ModelListener, type ModelRequest, NO_USAGE, total } from './models/model-calls.js';
import type { RunModels } from './models/model-providers.js';
import type { AgentTool } from './tools/agent-tool.js';

/** What all phases of a run have in common. */
export interface PhasesInput {
  readonly executionId: string;
  readonly llm: LlmConfig;
  /** Goes on when the model of `llm` has failed for good and nothing of the answer was said yet. */
  readonly fallbackModel: AgentModel | null;
  readonly models: RunModels;
  readonly tools: readonly AgentTool[];
  readonly signal: AbortSignal;
  /** Tokens of a text for that model. */
  readonly countTokens: (text: string, model: string) => number;
}

/** Where a run says what it does. */
export type LoopWriter = Pick<EventWriter, 'add' | 'delta' | 'flush' | 'failed'>;

/** Calls of the model for one purpose. */
export interface Phase extends Pick<ModelRequest, 'instructions' | 'messages' | 'maxCalls' | 'toolsUntil'> {
  /** Whether the user reads what the model says in it. */
  readonly isAnswer: boolean;
}

/** What a phase came to. */
export interface PhaseAnswer extends ModelAnswer {
  /** The model wanted to go on with its tools and was not allowed to. */
  readonly isExhausted: boolean;
}

/** The model calls of one run: usage is added up, and the fallback stays once it was needed. */
export class ModelPhases {
  private used = NO_USAGE;
  private current: AgentModel;
  private hasSpoken = false;

  constructor(
    private readonly input: PhasesInput,
    private readonly writer: LoopWriter,
  ) {
    const { provider, model } = input.llm;
    this.current = { provider, model };
  }

  /** Of all calls; of one that was cut off it is an estimate. */
  get usage(): TokenUsage {
    return this.used;
  }

  /** The model that was asked last. */
  get answeredBy(): AgentModel {
    return this.current;
  }

  /** @throws what the event writer throws */
  async run(phase: Phase): Promise<PhaseAnswer> {
    const answer = await this.call(phase);
    const next = this.fallbackAfter(answer);
    if (!next) return concluded(answer, phase);
    await this.changeTo(next, answer.failure);
    // Tools that have run must not run again: the other model takes up where this one failed.
    const [maxCalls, toolsUntil] = [Math.max(1, phase.maxCalls - answer.calls), Math.max(0, phase.toolsUntil - answer.calls)];
    const rest = await this.call({ ...phase, messages: answer.messages, maxCalls, toolsUntil });
    return concluded({ ...rest, calls: answer.calls + rest.calls, text: answer.text + rest.text }, phase);
  }

  private async call({ isAnswer, ...phase }: Phase): Promise<ModelAnswer> {
    const { executionId, llm, models, tools, signal, countTokens } = this.input;
    const { provider, model: name } = this.current;
    const listener: ModelListener = {
      text: (text) => {
        if (isAnswer) this.speak(text);
      },
      tool: async (event) => {
        this.writer.add(event);
        await this.writer.flush();
      },
    };
    try {
      const model = models.resolve(provider, name);
      const answer = await callModel({ ...phase, executionId, model, tools, temperature: llm.temperature, maxOutputTokens: llm.maxTokens, signal, isBilled: models.isBilled, countTokens: (text) => countTokens(text, name) }, listener);
      this.used = total(this.used, answer.usage);
      return answer;
    } catch (failure) {
      // A write that failed is not the model's failure.
      this.writer.failed.throwIfAborted();
      return { text: '', lastText: '', usage: NO_USAGE, calls: 0, finishReason: 'error', messages: phase.messages, failure };
    }
  }

  private speak(text: string): void {
    this.hasSpoken ||= text !== '';
    this.writer.delta(text);
  }

  private fallbackAfter({ failure }: ModelAnswer): AgentModel | null {
    const { fallbackModel, signal } = this.input;
    return failure === undefined || this.hasSpoken || signal.aborted || this.current === fallbackModel ? null : fallbackModel;
  }

  private async changeTo(next: AgentModel, failure: unknown): Promise<void> {
    this.current = next;
    this.writer.add({ type: 'progress', data: { stage: 'fallback', ...next, reason: toExecutionError(failure, this.input.models.redact).message } });
    await this.writer.flush();
  }
}

function concluded(answer: ModelAnswer, { maxCalls }: Phase): PhaseAnswer {
  const { calls, finishReason, failure } = answer;
  const hadToAnswer = finishReason === 'stop' && maxCalls > 1 && calls >= maxCalls;
  const wantedMore = finishReason === 'tool-calls' && calls >= maxCalls;
  return { ...answer, isExhausted: failure === undefined && (wantedMore || hadToAnswer) };
}
