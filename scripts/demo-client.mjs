import WebSocket from 'ws';
import { CommandError } from './command.mjs';

const REQUEST_TIMEOUT_MS = 15_000;
const FRAME_TIMEOUT_MS = 60_000;

/**
 * Calls the REST API.
 *
 * @param {string} url base URL of the server
 * @param {Record<string, string>} headers who calls
 * @returns {(method: string, path: string, body?: unknown) => Promise<any>} resolves with the JSON of a 2xx answer
 * @throws {CommandError} naming the call, the status and the error code
 */
export function createApi(url, headers) {
  return async (method, path, body) => {
    const request = {
      method,
      headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    };
    const response = await fetch(url + path, request).catch((error) => {
      throw new CommandError(`${method} ${path} got no answer: ${error.cause?.message || error.cause?.code || error.message}`);
    });
    const text = await response.text();
    const answer = parseJson(text);
    if (response.ok) return answer;
    throw new CommandError(`${method} ${path} answered ${response.status} ${answer?.code ?? ''}: ${answer?.message ?? text.slice(0, 200)}`);
  };
}

/** A WebSocket of one session, read frame by frame. */
export class SessionSocket {
  #socket;
  #frames = [];
  #failure = null;
  #wake = () => undefined;

  constructor(socket) {
    this.#socket = socket;
    socket.on('message', (frame) => {
      this.#frames.push(parseJson(frame.toString()));
      this.#wake();
    });
    socket.on('close', (code, reason) => this.#fail(`The WebSocket was closed with code ${code} ${reason}`.trim()));
    socket.on('error', (error) => this.#fail(`The WebSocket failed: ${error.message}`));
  }

  /**
   * Connects and waits for the server's greeting.
   *
   * @param {string} url base URL of the server
   * @param {string} key API key
   * @param {string} sessionId the session to join
   */
  static async open(url, key, sessionId) {
    const address = `${url.replace(/^http/, 'ws')}/ws?sessionId=${encodeURIComponent(sessionId)}`;
    const socket = new SessionSocket(new WebSocket(address, { headers: { authorization: `Bearer ${key}` } }));
    const greeting = await socket.next();
    if (greeting.type !== 'connection.ack') throw new CommandError(`The WebSocket began with ${greeting.type} instead of connection.ack.`);
    return socket;
  }

  /** Sends a frame. */
  send(type, data) {
    this.#socket.send(JSON.stringify({ type, data }));
  }

  /**
   * The next frame that the server sent.
   *
   * @returns {Promise<any>}
   * @throws {CommandError} when it is an error, none comes in time, or the socket ended
   */
  async next() {
    if (this.#frames.length === 0 && !this.#failure) await this.#arrival();
    const frame = this.#frames.shift();
    if (!frame) throw new CommandError(this.#failure ?? `The WebSocket was silent for ${FRAME_TIMEOUT_MS / 1000} s.`);
    if (frame.type !== 'error') return frame;
    const { code, message } = frame.data ?? frame;
    throw new CommandError(`The server answered on the WebSocket: ${code} ${message}`);
  }

  /** Drops the connection without a word, as a lost network does; what has arrived but was not read is gone. */
  terminate() {
    this.#frames = [];
    this.#socket.terminate();
  }

  #arrival() {
    const { promise, resolve } = Promise.withResolvers();
    const timer = setTimeout(resolve, FRAME_TIMEOUT_MS);
    this.#wake = resolve;
    return promise.finally(() => clearTimeout(timer));
  }

  #fail(reason) {
    this.#failure ??= reason;
    this.#wake();
  }
}

function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
