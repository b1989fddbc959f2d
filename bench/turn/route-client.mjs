import { performance } from 'node:perf_hooks';
import { Client } from 'undici';
import { CommandError } from '../../scripts/command.mjs';

/**
 * A client of the bare route, on one kept connection.
 *
 * @param {{ url: string }} options
 * @returns {Promise<() => Promise<{ end: number }>>} makes one request; resolves with its time in milliseconds
 */
export async function openRouteClient({ url }) {
  const client = new Client(url);
  return async () => {
    const startedAt = performance.now();
    const { statusCode, body } = await client.request({ method: 'GET', path: '/' });
    await body.text();
    if (statusCode !== 200) throw new CommandError(`The bare route answered ${statusCode}.`);
    return { end: performance.now() - startedAt };
  };
}
