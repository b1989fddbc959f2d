import type { ServerResponse } from 'node:http';
import { END, type Reaction, answering, frame, piece, stream } from './model-server.js';

/** The operator's key, which looks like none; must be found nowhere. */
export const MODEL_KEY = 'fault/0123456789+abcdef=';

const tokens = piece({ content: 'one ' }) + piece({ content: 'two' });
const well = answering('well');
const raw = (head: Record<string, string>, body: string, status = 200): Reaction => (response) => void response.writeHead(status, head).end(body);
const refusing = (status: number, headers: Record<string, string> = {}): Reaction => raw({ 'content-type': 'application/json', ...headers }, JSON.stringify({ error: { message: `Incorrect API key provided: ${MODEL_KEY}.`, type: 'refused' } }), status);
const streaming = (text: string): Reaction => (response) => void stream(response).end(text);
/** The first calls so, the others well. */
const first = (count: number, reaction: Reaction): Reaction => (response, nth) => { (nth <= count ? reaction : well)(response, nth); };
/** Says so much, then the connection is gone. */
const cutAfter = (text: string): Reaction => (response) => void stream(response).write(text, () => setTimeout(() => response.destroy(), 30));
const toolCall = (name: string, text: string): string => piece({ tool_calls: [{ index: 0, id: 'call-1', type: 'function', function: { name, arguments: text } }] }) + piece({}, 'tool_calls') + END;

function drip(response: ServerResponse, text: string, pauseMs: number): void {
  stream(response);
  response.socket?.setNoDelay(true);
  let at = 0;
  const timer = setInterval(() => {
    if (at < text.length) response.write(text[at++]);
    else if (text.endsWith(END)) response.end();
  }, pauseMs);
  response.on('close', () => { clearInterval(timer); });
}

/** What providers have been seen to do, by name; the name is the user message that brings it about. */
export const MODEL_FAULTS = {
  'hangs before it answers': () => undefined,
  'hangs behind the headers': (response) => { stream(response).flushHeaders(); },
  'hangs in mid-answer': (response) => void stream(response).write(tokens),
  'drips the whole answer byte by byte': (response) => { drip(response, tokens + piece({}, 'stop') + END, 1); },
  'drips without an end': (response) => { drip(response, tokens + piece({ content: 'never' }).repeat(9), 8); },
  'sends half a JSON': streaming(frame('{"id":"chat-1","choices":[{')),
  'sends half a JSON in mid-answer': streaming(tokens + frame('{"id":"chat-1","choices":[{') + piece({ content: 'three' }, 'stop') + END),
  'sends no SSE': streaming('one two\nthree\n\nfour'),
  'sends choices of a wrong type': streaming(frame({ id: 1, choices: 'many' })),
  'sends content of a wrong type': streaming(tokens + frame({ choices: [{ delta: { content: { text: 5 } } }] }) + END),
  'sends HTML with 200': raw({ 'content-type': 'text/html' }, '<html><body><h1>Sign in</h1></body></html>'),
  'sends nothing with 200': streaming(''),
  'sends an error with 200': raw({ 'content-type': 'application/json' }, JSON.stringify({ error: { message: `overloaded, key ${MODEL_KEY}` } })),
  'sends an error in mid-answer': streaming(tokens + frame({ error: { message: `overloaded, key ${MODEL_KEY}`, type: 'server_error', code: 'x' } }) + frame('[DONE]')),
  'is busy once, with Retry-After': first(1, refusing(429, { 'retry-after': '1' })),
  'is busy once, without Retry-After': first(1, refusing(429)),
  'is busy once, with Retry-After of a day': first(1, refusing(429, { 'retry-after': '86400' })),
  'is busy always': refusing(429, { 'retry-after': '0' }),
  'fails twice': first(2, refusing(500)),
  'fails always': refusing(503),
  'refuses the key': refusing(401),
  'cuts the connection before it answers': (response) => { response.destroy(); },
  'cuts the connection once before it answers': first(1, (response) => { response.destroy(); }),
  'cuts the connection behind the headers': (response) => { stream(response).flushHeaders(); setTimeout(() => response.destroy(), 30); },
  'cuts the connection in mid-answer': cutAfter(tokens),
  'cuts the connection in mid-frame': cutAfter(tokens + piece({ content: 'three' }).slice(0, 40)),
  'cuts the connection before [DONE]': cutAfter(tokens + piece({}, 'stop')),
  'ends before [DONE]': streaming(tokens + piece({}, 'stop')),
  'ends without a finish': streaming(tokens),
  'ends without a finish, but with [DONE]': streaming(tokens + frame('[DONE]')),
  'asks for a tool with half a JSON': (response, nth) => { (nth === 1 ? streaming(toolCall('calculator', '{"expression": "1 +')) : well)(response, nth); },
  'asks for a tool that is none': (response, nth) => { (nth === 1 ? streaming(toolCall('rm_rf', '{}')) : well)(response, nth); },
  'asks for a tool without a name': (response, nth) => { (nth === 1 ? streaming(toolCall('', '{}')) : well)(response, nth); },
  'answers with nothing': streaming(piece({ content: '' }) + piece({}, 'stop') + END),
  'answers with blanks': streaming(piece({ content: '  \n' }, 'stop') + END),
  'sends 10 MB in one piece': streaming(piece({ content: 'x'.repeat(10 * 2 ** 20) }, 'stop') + END),
  'sends usage that is none': streaming(piece({ content: 'well' }, 'stop') + frame({ choices: [], usage: { prompt_tokens: -5, completion_tokens: 'many', total_tokens: null } }) + frame('[DONE]')),
  'sends usage that nobody can have': streaming(piece({ content: 'well' }, 'stop') + frame({ choices: [], usage: { prompt_tokens: 1.5, completion_tokens: 1e300, total_tokens: -7 } }) + frame('[DONE]')),
  'sends NUL and half a surrogate': streaming(piece({ content: 'a\u0000b' }) + String.raw`data: {"choices":[{"index":0,"delta":{"content":"\ud83d"},"finish_reason":"stop"}]}` + '\n\n' + END),
} satisfies Record<string, Reaction>;

export type ModelFault = keyof typeof MODEL_FAULTS;
