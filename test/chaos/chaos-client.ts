import { setTimeout as sleep } from 'node:timers/promises';
import type { SeededRandom } from '../support/seeded-random.js';

/** Longer than any answer takes: the server gives up its stores long before. Milliseconds. */
const ANSWER_MS = 30_000;
const LEAST_PAUSE_MS = 30;
const MOST_PAUSE_MS = 250;

/** An answer of the API; 0 and no body when there was none. */
export interface ChaosAnswer<T> {
  readonly status: number;
  readonly body: T | undefined;
  /** Of an error; of no answer its reason. */
  readonly code: string;
}

/** A client that goes on whatever happens to the server, and counts what it is told. */
export class ChaosClient {
  /** Answers that were no success, by what they said. */
  readonly refusals = new Map<string, number>();
  /** Answers that no outage explains. */
  readonly violations: string[] = [];

  constructor(
    private readonly url: string,
    private readonly tenantId: string,
  ) {}

  async get<T>(path: string): Promise<ChaosAnswer<T>> {
    return this.call<T>('GET', path);
  }

  /** The same request again until it is done. @param allowed codes of errors that are an answer as well */
  async insist<T>(method: string, path: string, { body, random, allowed = [] }: { readonly body?: object; readonly random: SeededRandom; readonly allowed?: readonly string[] }): Promise<T | undefined> {
    for (;;) {
      const answer = await this.call<T>(method, path, body);
      if (answer.status >= 200 && answer.status < 300) return answer.body;
      if (allowed.includes(answer.code)) return undefined;
      this.judge(method, path, answer);
      await sleep(LEAST_PAUSE_MS + random.int(MOST_PAUSE_MS));
    }
  }

  /** Outages are 503, or no answer at all; two that change the same thing at once may be told so. */
  judge(method: string, path: string, { status, code }: ChaosAnswer<unknown>): void {
    const name = `${String(status)} ${code}`;
    this.refusals.set(name, (this.refusals.get(name) ?? 0) + 1);
    if (status !== 0 && status !== 503 && code !== 'CONVERSATION_BUSY') this.violations.push(`${method} ${path.replaceAll(/[0-9a-f-]{36}/g, ':id')}: ${name}`);
  }

  private async call<T>(method: string, path: string, body?: object): Promise<ChaosAnswer<T>> {
    const headers = { 'x-tenant-id': this.tenantId, 'x-tenant-tier': 'enterprise', ...(body && { 'content-type': 'application/json' }) };
    try {
      const response = await fetch(this.url + path, { method, headers, signal: AbortSignal.timeout(ANSWER_MS), ...(body && { body: JSON.stringify(body) }) });
      const text = await response.text();
      const parsed: unknown = text === '' ? undefined : JSON.parse(text);
      const { code = '' } = response.ok ? {} : (parsed as { code?: string });
      return { status: response.status, body: parsed as T, code };
    } catch (error) {
      const { name, cause } = error as { name: string; cause?: { code?: string } };
      return { status: 0, body: undefined, code: cause?.code ?? name };
    }
  }
}
