import { describe, expect, it } from '@jest/globals';
import type { AgentTool } from './agent-tool.js';
import { boundedTool } from './bounded-tool.js';

const LONG = 60_000;
const { signal } = new AbortController();
const toolOf = (execute: AgentTool['execute'], timeoutMs = LONG): AgentTool => boundedTool({ name: 'look', description: 'Looks', inputSchema: {}, execute }, timeoutMs);
const never = new Promise<never>(() => undefined);

describe('a tool within bounds', () => {
  it('is otherwise the tool', async () => {
    expect(toolOf(async () => 1)).toMatchObject({ name: 'look', description: 'Looks' });
    expect(await toolOf(async (input) => ({ input })).execute('x', signal)).toEqual({ input: 'x' });
    expect(await toolOf(async () => undefined).execute('x', signal)).toBeNull();
    await expect(toolOf(async () => { throw new Error('fog'); }).execute('x', signal)).rejects.toThrow('fog');
  });

  it('is given up when its time is over, though it does not listen, and its signal fires', async () => {
    let seen: AbortSignal | undefined;
    const deaf = toolOf((_, given) => ((seen = given), never), 10);
    await expect(deaf.execute({}, signal)).rejects.toMatchObject({ code: 'TOOL_TIMED_OUT', message: expect.stringMatching(/^TOOL_TIMED_OUT: look.*0\.01 s/) });
    expect(seen?.aborted).toBe(true);
  });

  it('says that its time is over when it fails because of its signal', async () => {
    const listening = toolOf((_, given) => new Promise((_resolve, reject) => given.addEventListener('abort', () => reject(given.reason))), 10);
    await expect(listening.execute({}, signal)).rejects.toMatchObject({ code: 'TOOL_TIMED_OUT' });
  });

  it('is given up at once when the run is aborted, before or while it works', async () => {
    const [controller, stopped] = [new AbortController(), AbortSignal.abort(new Error('stop'))];
    const working = toolOf(() => never).execute({}, controller.signal);
    controller.abort(new Error('stop'));
    await expect(working).rejects.toThrow('stop');
    let isRun = false;
    await expect(toolOf(async () => (isRun = true)).execute({}, stopped)).rejects.toThrow('stop');
    expect(isRun).toBe(false);
  });

  it('that fails after it was given up troubles nobody', async () => {
    const { promise, reject } = Promise.withResolvers<never>();
    await expect(toolOf(() => promise, 5).execute({}, signal)).rejects.toMatchObject({ code: 'TOOL_TIMED_OUT' });
    reject(new Error('late'));
    await new Promise((resolve) => setImmediate(resolve));
  });

  it.each([
    ['a text', 'ä'.repeat(200_000), 'ä'.repeat(131_072)],
    ['an object', { a: 'x'.repeat(300_000) }, `{"a":"${'x'.repeat(262_138)}`],
  ])('has of %s that is too long the beginning, and says so', async (_, output, text) => {
    expect(await toolOf(async () => output).execute({}, signal)).toEqual({ isCut: true, note: expect.stringMatching(/\d{6} bytes/), text });
  });

  it('leaves an output alone that just fits', async () => {
    const text = 'x'.repeat(262_142);
    expect(await toolOf(async () => text).execute({}, signal)).toBe(text);
  });

  it('says of what is no JSON that it is none', async () => {
    await expect(toolOf(async () => 1n).execute({}, signal)).rejects.toMatchObject({ code: 'TOOL_OUTPUT_INVALID' });
  });
});
