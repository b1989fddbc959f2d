import { Inject, Injectable, type OnApplicationShutdown, Optional } from '@nestjs/common';
import { fetch as undiciFetch, type Agent, type RequestInit as UndiciInit } from 'undici';
import { OutboundSettings } from '../config/index.js';
import { AppError } from '../errors/index.js';
import { type ByteStream, boundedBody } from './bounded-body.js';
import { guardedAgent, type Resolve } from './guarded-agent.js';
import { OutboundRules } from './outbound-rules.js';
import { outboundFailed, outboundTimedOut, outboundTooManyRedirects } from './outbound.errors.js';
import { type Hop, locationOf, nextHop } from './redirect.js';

/** Token of another resolver, for tests. */
export const OUTBOUND_RESOLVE = Symbol('OUTBOUND_RESOLVE');

/** Followed at the most; browsers follow 20, a server that is asked by others has no use for so many. A guess. */
const MAX_REDIRECTS = 5;
/** Answers whose body is null by definition. */
const BODILESS = new Set([204, 205, 304]);

/** What one request may take; what is left out is as the settings say. */
export interface OutboundBounds {
  /** From the call to the last byte of the body, redirects included, milliseconds; 0 is without end, for streams of events. */
  readonly timeoutMs?: number;
  /** Of the body as it is read, decompressed. Bytes. */
  readonly maxBodyBytes?: number;
  readonly maxRedirects?: number;
}

interface Exchange extends Required<OutboundBounds> {
  readonly signal: AbortSignal;
  /** What the caller is told of a failure. */
  readonly explain: (hop: Hop, error: unknown) => unknown;
}

/** HTTP to what a tenant named: to public hosts, or those that the operator lists, and within bounds. Nothing else in `src` may reach a tenant's URL. */
@Injectable()
export class OutboundHttp implements OnApplicationShutdown {
  private readonly rules: OutboundRules;
  private readonly agent: Agent;

  constructor(
    private readonly settings: OutboundSettings,
    @Optional() @Inject(OUTBOUND_RESOLVE) resolveHost?: Resolve,
  ) {
    this.rules = new OutboundRules(settings);
    this.agent = guardedAgent((host, address) => this.rules.mayDial(host, address), resolveHost);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.destroy();
  }

  /**
   * `fetch` with the bounds of the settings; can be given to any library that takes a `fetch`.
   *
   * @throws OUTBOUND_URL_INVALID, OUTBOUND_TOO_MANY_REDIRECTS (invalid), OUTBOUND_BLOCKED, OUTBOUND_HOST_NOT_ALLOWED (forbidden), OUTBOUND_FAILED,
   * OUTBOUND_TIMED_OUT (unavailable); OUTBOUND_BODY_TOO_LARGE (tooLarge) and OUTBOUND_TIMED_OUT also while the body is read; the signal's reason
   */
  readonly fetch: typeof globalThis.fetch = (input, init) => this.send(input, init, {});

  /** The same with other bounds. */
  withBounds(bounds: OutboundBounds): typeof globalThis.fetch {
    return (input, init) => this.send(input, init, bounds);
  }

  /**
   * What can be said of a URL when it is named. The addresses that its host turns out to have are checked when it is called.
   *
   * @throws OUTBOUND_URL_INVALID (invalid), OUTBOUND_HOST_NOT_ALLOWED, OUTBOUND_BLOCKED (forbidden)
   */
  requireUrl(url: string): void {
    this.rules.requireUrl(url);
  }

  private async send(input: string | URL | Request, init: RequestInit | undefined, bounds: OutboundBounds): Promise<Response> {
    const url = this.rules.requireUrl(input instanceof Request ? input.url : input);
    // Whatever the body was given as: its bytes can be sent again after a redirect, and by a library whose FormData is another class.
    const request = new Request(input instanceof Request ? input : url, init);
    const body = request.body === null ? undefined : await request.arrayBuffer();
    const exchange = this.exchangeOf(request.signal, bounds);
    let hop: Hop = { url, method: request.method, headers: withoutHost(request.headers), body };
    for (let redirects = 0; ; redirects++) {
      const response = await this.call(hop, exchange);
      const location = request.redirect === 'manual' ? undefined : locationOf(response);
      if (location === undefined) return this.answerOf(hop, response, exchange);
      await response.body?.cancel();
      if (redirects >= exchange.maxRedirects || request.redirect === 'error') throw outboundTooManyRedirects(redirects);
      hop = nextHop(hop, response.status, location);
      this.rules.requireUrl(hop.url);
    }
  }

  private exchangeOf(signal: AbortSignal, { timeoutMs = this.settings.timeoutMs, maxBodyBytes = this.settings.maxBodyBytes, maxRedirects = MAX_REDIRECTS }: OutboundBounds): Exchange {
    const timeout = timeoutMs === 0 ? undefined : AbortSignal.timeout(timeoutMs);
    const explain = (hop: Hop, error: unknown): unknown => {
      if (signal.aborted) return signal.reason;
      if (timeout?.aborted === true) return outboundTimedOut(hop.url.host, timeoutMs);
      return ownErrorIn(error) ?? outboundFailed(hop.url.host, error instanceof Error ? (error.cause ?? error) : error);
    };
    return { timeoutMs, maxBodyBytes, maxRedirects, explain, signal: timeout ? AbortSignal.any([signal, timeout]) : signal };
  }

  private async call(hop: Hop, { signal, explain }: Exchange): Promise<Response> {
    const { url, method, headers, body } = hop;
    const init: UndiciInit = { method, headers: [...headers], body: body ?? null, signal, redirect: 'manual', dispatcher: this.agent };
    try {
      return (await undiciFetch(url, init));
    } catch (error) {
      throw explain(hop, error);
    }
  }

  private answerOf(hop: Hop, answer: Response, { maxBodyBytes, explain }: Exchange): Response {
    const { status, statusText } = answer;
    const body = BODILESS.has(status) || answer.body === null ? null : boundedBody(answer.body as ByteStream, maxBodyBytes, (error) => explain(hop, error));
    const response = new Response(body, { status, statusText, headers: [...answer.headers] });
    return Object.defineProperty(response, 'url', { value: hop.url.href });
  }
}

/** The host that is called is the one of the URL, which was checked. */
function withoutHost(headers: Headers): Headers {
  const kept = new Headers(headers);
  kept.delete('host');
  return kept;
}

/** A refusal of ours, however deep a library has wrapped it. */
function ownErrorIn(error: unknown): AppError | undefined {
  if (error instanceof AppError) return error;
  return error instanceof Error && error.cause !== undefined ? ownErrorIn(error.cause) : undefined;
}
