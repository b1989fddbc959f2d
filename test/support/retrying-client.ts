import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** An answer that arrived whole. */
export interface WholeAnswer {
  readonly status: number;
  readonly text: string;
}

/** Tries at the most; more mean that there will be no answer. */
const TRIES = 200;
const PAUSE_MS = 20;

/** One POST on a connection of its own. @returns undefined if no whole answer came */
export function postOnce(url: string, headers: Record<string, string>, body: unknown): Promise<WholeAnswer | undefined> {
  return new Promise((resolve) => {
    const outgoing = request(url, { method: 'POST', agent: false, headers: { 'content-type': 'application/json', ...headers } }, (response) => {
      const texts: string[] = [];
      response.setEncoding('utf8');
      response.on('data', (text: string) => texts.push(text));
      response.on('error', () => undefined);
      response.on('close', () => {
        resolve(response.complete ? { status: response.statusCode ?? 0, text: texts.join('') } : undefined);
      });
    });
    outgoing.on('error', () => {
      resolve(undefined);
    });
    outgoing.end(JSON.stringify(body));
  });
}

/** The same request until it is answered, as a careful client does. @param urlOf where the how-manieth try goes, from 0 */
export async function postUntilAnswered(urlOf: (nth: number) => string, headers: Record<string, string>, body: unknown): Promise<{ readonly answer: WholeAnswer; readonly tries: number }> {
  for (let nth = 0; nth < TRIES; nth++) {
    const answer = await postOnce(urlOf(nth), headers, body);
    if (answer && answer.status < 500) return { answer, tries: nth + 1 };
    await sleep(PAUSE_MS);
  }
  throw new Error(`no answer in ${String(TRIES)} tries of ${urlOf(0)}`);
}
