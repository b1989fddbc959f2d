import { APICallError } from 'ai';
import type { ProviderModel } from '../../src/modules/execution/models/builtin.model.js';

type CallOptions = Parameters<ProviderModel['doStream']>[0];
type Stream = Awaited<ReturnType<ProviderModel['doStream']>>['stream'];
type Part = Stream extends ReadableStream<infer P> ? P : never;

/** What one call of the model comes to: its words, then the tools it asks for; or a status, before or after the words. */
export interface ScriptedCall {
  readonly text?: string;
  readonly tools?: readonly { readonly name: string; readonly input?: unknown }[];
  readonly status?: number;
  /** The stream breaks after the words. */
  readonly breaks?: boolean;
}

/** A model that says what a test tells it, call by call, and remembers what it was asked. Each call uses 10 tokens of input and 1 of output. */
export class ScriptedModel {
  readonly calls: CallOptions[] = [];

  constructor(
    private readonly script: readonly ScriptedCall[],
    readonly modelId = 'scripted',
  ) {}

  /** What calls were told about tools. */
  get toolChoices(): (string | undefined)[] {
    return this.calls.map(({ toolChoice }) => toolChoice?.type);
  }

  /** The system prompt of a call. */
  systemOf(call: number): string {
    return this.calls[call]!.prompt.flatMap((message) => (message.role === 'system' ? [message.content] : [])).join('\n');
  }

  get model(): ProviderModel {
    return {
      ...{ specificationVersion: 'v4', provider: 'scripted', modelId: this.modelId, supportedUrls: {} },
      doGenerate: () => Promise.reject(new Error('a run streams')),
      doStream: async (options) => ({ stream: this.answer(options) }),
    };
  }

  private answer(options: CallOptions): Stream {
    const call = this.script[this.calls.length];
    this.calls.push(options);
    if (!call) throw failure(400, 'the test has no further answer');
    if (call.status !== undefined && call.text === undefined) throw failure(call.status, `status ${String(call.status)}`);
    const parts = this.partsOf(call);
    return new ReadableStream<Part>({
      pull(controller) {
        const part = parts.shift();
        if (part) controller.enqueue(part);
        else if (call.breaks) controller.error(failure(500, 'broken in mid-answer'));
        else controller.close();
      },
    });
  }

  private partsOf({ text, tools = [], breaks }: ScriptedCall): Part[] {
    const words: Part[] = text === undefined ? [] : [{ type: 'text-start', id: 't' }, { type: 'text-delta', id: 't', delta: text }, { type: 'text-end', id: 't' }];
    const wanted = tools.map(({ name, input = {} }, index): Part => ({ type: 'tool-call', toolCallId: `c${String(this.calls.length)}.${String(index)}`, toolName: name, input: JSON.stringify(input) }));
    const unified = tools.length > 0 ? 'tool-calls' : 'stop';
    const usage = { inputTokens: { total: 10, noCache: 10, cacheRead: 0, cacheWrite: 0 }, outputTokens: { total: 1, text: 1, reasoning: 0 } };
    return [{ type: 'stream-start', warnings: [] }, ...words, ...wanted, ...(breaks ? [] : [{ type: 'finish', finishReason: { unified, raw: unified }, usage } as const])];
  }
}

/** Retried at once where it is retried. */
function failure(statusCode: number, message: string): APICallError {
  return new APICallError({ message, url: 'scripted:', requestBodyValues: {}, statusCode, responseHeaders: { 'retry-after-ms': '1' } });
}
