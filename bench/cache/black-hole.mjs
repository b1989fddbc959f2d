import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/**
 * A TCP server in front of Redis, which passes everything on until it is told to swallow it: connections stay open and are accepted, nothing is answered.
 *
 * @param {string} redisUrl
 * @returns {Promise<{ url: string, swallow: () => void, close: () => void }>}
 */
export async function openBlackHole(redisUrl) {
  const { hostname: host, port } = new URL(redisUrl);
  const sockets = new Set();
  let isSwallowing = false;
  const join = (from, to) => {
    sockets.add(from);
    from.on('data', (bytes) => isSwallowing || to.write(bytes));
    from.on('error', () => undefined);
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
  };
  const server = createServer({ noDelay: true }, (client) => {
    const target = connect({ host, port: Number(port), noDelay: true });
    join(client, target);
    join(target, client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { url: `redis://127.0.0.1:${server.address().port}`, swallow: () => (isSwallowing = true), close };
}
