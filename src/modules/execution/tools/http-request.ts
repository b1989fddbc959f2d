import { AppError } from '../../../shared/errors/index.js';
import { readTextStart } from '../../../shared/outbound/index.js';
import type { AgentTool } from './agent-tool.js';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
/** Of an answer's body a model is shown this much, bytes: about 8 000 tokens. A guess. */
const MAX_SHOWN_BYTES = 32_768;
/** Of what a model sends, characters. A guess. */
const MAX_SENT_CHARACTERS = 65_536;
/** What a model can act on; the rest is noise that costs tokens. */
const SHOWN_HEADERS = ['content-type', 'content-length', 'etag', 'last-modified', 'link', 'location', 'retry-after', 'www-authenticate', 'allow'];
const TEXT = /^(text\/|application\/(.+\+)?(json|xml|yaml|x-yaml|toml|javascript|graphql|x-ndjson|ld\+json|x-www-form-urlencoded)\b)/i;

/** One request to a public host, through the guard of `shared/outbound`. */
export const httpRequest: AgentTool = {
  name: 'http_request',
  description: `Sends one HTTP request to a public host and returns { status, headers, body }. Any status is an answer, read it: 4xx means that the request has to change. The body is text, at most ${MAX_SHOWN_BYTES} bytes of it; "note" says when it was cut or left out. Redirects are followed. Private and local addresses cannot be reached.`,
  inputSchema: {
    type: 'object',
    properties: {
      method: { type: 'string', enum: METHODS, description: 'Default: GET' },
      url: { type: 'string', description: 'http:// or https://, with its query' },
      headers: { type: 'object', additionalProperties: { type: 'string' }, description: 'By their names' },
      body: { description: 'Text as it is to be sent; an object or array is sent as JSON. Not with GET and HEAD.' },
    },
    required: ['url'],
    additionalProperties: false,
  },
  execute: async (input, signal, fetch) => {
    const { url, ...request } = requestOf(input);
    if (!fetch) throw invalid('this tool has no way out of here');
    return answerOf(await fetch(url, { ...request, signal }));
  },
};

interface ToolRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body?: string;
}

function requestOf(input: unknown): ToolRequest {
  const { url, method = 'GET', headers = {}, body } = (input ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof url !== 'string') throw invalid('url must be a text such as https://example.com/path?query');
  const named = typeof method === 'string' ? method.toUpperCase() : '';
  if (!METHODS.includes(named)) throw invalid(`method must be one of ${METHODS.join(', ')}`);
  const request = { url, method: named, headers: headersOf(headers) };
  return body === undefined || body === null ? request : withBody(request, body);
}

function withBody(request: ToolRequest, body: unknown): ToolRequest {
  const { method, headers } = request;
  if (method === 'GET' || method === 'HEAD') throw invalid(`a ${method} request has no body; put it into the query of the url, or use POST`);
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  if (text.length > MAX_SENT_CHARACTERS) throw invalid(`body must have at most ${MAX_SENT_CHARACTERS} characters`);
  if (typeof body !== 'string' && !headers.has('content-type')) headers.set('content-type', 'application/json');
  return { ...request, body: text };
}

function headersOf(headers: unknown): Headers {
  const isObject = typeof headers === 'object' && headers !== null && !Array.isArray(headers);
  try {
    if (isObject && Object.values(headers).every((value) => typeof value === 'string')) return new Headers(headers);
  } catch {
    // A name or a value that HTTP does not allow.
  }
  throw invalid('headers must be an object of names and texts, such as {"accept":"application/json"}');
}

async function answerOf(response: Response): Promise<{ status: number; headers: Record<string, string>; body: string; note?: string }> {
  const shown = SHOWN_HEADERS.flatMap((name) => [response.headers.get(name)].flatMap((value) => (value === null ? [] : [[name, value]])));
  const answer = { status: response.status, headers: Object.fromEntries(shown) as Record<string, string> };
  const type = response.headers.get('content-type') ?? 'text/plain';
  if (!TEXT.test(type)) {
    await response.body?.cancel();
    return { ...answer, body: '', note: `The body is ${type}, which is no text, and was left out.` };
  }
  const { text, isCut } = await readTextStart(response.body as ReadableStream<Uint8Array> | null, MAX_SHOWN_BYTES);
  const body = text.replaceAll('\0', '\uFFFD');
  return isCut ? { ...answer, body, note: `The body is longer: these are its first ${MAX_SHOWN_BYTES} bytes. Ask for less of it, if you need the rest.` } : { ...answer, body };
}

function invalid(what: string): AppError {
  return new AppError({ kind: 'invalid', code: 'TOOL_INPUT_INVALID', message: `http_request: ${what}.` });
}
