import { performance } from 'node:perf_hooks';

/**
 * Reads an answer of server-sent events to its end, so that its connection can be used again.
 *
 * @param {import('undici').Dispatcher.ResponseData['body']} body
 * @param {(event: { event: string, data: string }, at: number) => void} take is given each event, and when the bytes came
 */
export async function readEventStream(body, take) {
  let rest = '';
  for await (const chunk of body.setEncoding('utf8')) {
    const at = performance.now();
    const blocks = (rest + chunk.replaceAll('\r\n', '\n')).split('\n\n');
    rest = blocks.pop();
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s)));
      if (fields.data !== undefined) take(fields, at);
    }
  }
}
