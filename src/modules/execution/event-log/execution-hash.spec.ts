import { describe, expect, it } from '@jest/globals';
import type { Execution } from '../execution.js';
import { fromHash, toHash } from './execution-hash.js';

const QUEUED: Execution = {
  ...{ executionId: 'e', agentId: 'a', conversationId: 'c', sessionId: 's', userId: null, commandId: null, webhookUrl: null, status: 'queued', attempt: 0, agentVersion: null },
  ...{ result: null, usage: null, costMicros: null, error: null, contextSource: null, lastEventSeq: 0, queuedAt: new Date(1_700_000_000_000), startedAt: null, firstTokenAt: null, endedAt: null },
};
const ENDED: Execution = {
  ...QUEUED,
  ...{ userId: 'u', commandId: 'cmd', webhookUrl: 'https://hooks.example', status: 'failed', attempt: 2, agentVersion: 7, contextSource: 'database', lastEventSeq: 9 },
  result: { messageId: 'm', seq: 4, provider: 'builtin', model: 'builtin/chat', content: '{"looks":"like JSON"} \u0000 😀' },
  usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 },
  error: { code: 'X', message: 'why' },
  startedAt: new Date(1_700_000_000_001),
  firstTokenAt: new Date(1_700_000_000_002),
  endedAt: new Date(1_700_000_000_003),
};

describe('the state hash of an execution', () => {
  it.each([
    ['an execution that waits', QUEUED],
    ['an ended one with everything', ENDED],
  ])('gives back %s', (_, { lastEventSeq, ...execution }) => {
    const hash = toHash(execution);
    expect(Object.values(hash).every((value) => typeof value === 'string')).toBe(true);
    expect(fromHash({ ...hash, lastEventSeq: String(lastEventSeq) })).toEqual({ ...execution, lastEventSeq });
  });

  it('sets nothing for what is null', () => {
    expect(toHash({ userId: null, result: null, endedAt: null })).toEqual({});
  });

  it.each(['executionId', 'agentId', 'conversationId', 'sessionId'])('that lacks %s is no execution', (field) => {
    const { [field]: _, ...rest } = toHash(ENDED);
    expect(fromHash(rest)).toBeNull();
    expect(fromHash({})).toBeNull();
  });
});
