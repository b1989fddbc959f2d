import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { BUILTIN_TOOLS } from '../../../contracts/index.js';
import { toolsNamed } from './tool-registry.js';

const { signal } = new AbortController();

describe('the tools by name', () => {
  it.each(BUILTIN_TOOLS.map((name) => ({ name })))('have $name, described for a model', ({ name }) => {
    const [tool] = toolsNamed([name]);
    expect(tool).toMatchObject({ name, description: expect.stringMatching(/\w/), inputSchema: { type: 'object' } });
  });

  it.each([[[]], [['nothing']], [['__proto__', 'constructor']]])('are none for %j', (names) => {
    expect(toolsNamed(names)).toEqual([]);
  });

  it('come once, whoever is passed over', () => {
    expect(toolsNamed(['unknown', 'datetime', 'datetime']).map(({ name }) => name)).toEqual(['datetime']);
  });
});

describe('the tool datetime', () => {
  const execute = async (input: unknown): Promise<unknown> => toolsNamed(['datetime'])[0]!.execute(input, signal);
  beforeEach(() => {
    jest.useFakeTimers({ now: Date.UTC(2026, 0, 31, 23, 30), doNotFake: ['nextTick', 'queueMicrotask'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it.each([[{}], [null], [undefined]])('tells the time in UTC for the input %j', async (input) => {
    expect(await execute(input)).toEqual({ iso: '2026-01-31T23:30:00.000Z', timeZone: 'UTC', local: expect.stringMatching(/^Saturday.* 31 January 2026.* 23:30:00 UTC$/) });
  });

  it('tells it in the zone of the model’s choice, date included', async () => {
    expect(await execute({ timeZone: 'Asia/Tokyo' })).toMatchObject({ iso: '2026-01-31T23:30:00.000Z', local: expect.stringMatching(/1 February 2026.* 08:30:00/) });
  });

  it('is not asked with an input that its schema does not allow', async () => {
    await expect((async () => execute({ timeZone: 7 }))()).rejects.toMatchObject({ kind: 'invalid', code: 'TOOL_INPUT_INVALID', message: 'TOOL_INPUT_INVALID: datetime cannot work with this input: timeZone: Invalid input: expected string, received number. It takes timeZone.' });
    await expect((async () => execute({ zone: 'UTC' }))()).rejects.toMatchObject({ code: 'TOOL_INPUT_INVALID', message: 'TOOL_INPUT_INVALID: datetime cannot work with this input: Unrecognized key: "zone". It takes timeZone.' });
  });

  it.each([['Mars/Olympus'], ['']])('says what is wrong with the zone %j', async (timeZone) => {
    await expect((async () => execute({ timeZone }))()).rejects.toMatchObject({ kind: 'invalid', code: 'TIME_ZONE_UNKNOWN' });
  });
});
