import { describe, expect, it } from '@jest/globals';
import { APICallError, JSONParseError, RetryError, TypeValidationError } from 'ai';
import { redactionOf } from './redaction.js';
import { messageOf, toExecutionError } from './provider-failure.js';

const call = (statusCode: number, message: string): APICallError => new APICallError({ message, statusCode, url: 'https://models.example', requestBodyValues: {} });

describe('a failure of a provider', () => {
  it.each([
    [call(429, 'Slow down, sk-abcdefgh.'), 'The model provider failed (HTTP 429): Slow down, [key]'],
    [call(200, 'Failed to process successful response'), 'its connection broke off'],
    [new APICallError({ message: 'Invalid JSON response', statusCode: 200, url: 'https://models.example', requestBodyValues: {}, cause: new JSONParseError({ text: '<html>', cause: new SyntaxError('x') }) }), 'no part of an answer: <html>'],
    [new JSONParseError({ text: '<html>', cause: new SyntaxError('x') }), 'no part of an answer: <html>'],
    [new TypeValidationError({ value: { key: 'sk-abcdefgh' }, cause: new SyntaxError('x') }), 'no part of an answer: {"key":"[key]"}'],
    [new TypeError('Response stream ended without a finish reason.'), 'its answer ended before it was whole'],
  ])('is told in words that a person can act on: %s', (thrown, words) => {
    expect(toExecutionError(thrown, String)).toEqual({ code: 'PROVIDER_FAILED', message: expect.stringContaining(words) });
  });

  it('is told in a few words, whatever was sent', () => {
    expect(messageOf(new TypeError('x'.repeat(10_000)))).toHaveLength(502);
    expect(toExecutionError(new TypeValidationError({ value: 'x'.repeat(10_000), cause: null }), String).message.length).toBeLessThan(800);
  });

  it.each([
    [call(401, 'No: operator"s/key=.')],
    [new JSONParseError({ text: '{"error":"operator\\"s/key="', cause: new SyntaxError('x') })],
    [new TypeValidationError({ value: { key: 'operator"s/key=' }, cause: new SyntaxError('x') })],
    [call(500, `${'x'.repeat(495)}operator"s/key=`)],
    [new RetryError({ message: 'x', reason: 'maxRetriesExceeded', errors: [call(429, 'operator"s/key= is out of quota')] })],
  ])('is told without the operator’s key, whatever that looks like and wherever it stands: %s', (thrown) => {
    const { message } = toExecutionError(thrown, redactionOf(['operator"s/key=']).text);
    expect(message).toContain('[se');
    expect(message).not.toContain('operator');
  });
});
