// What PostgreSQL can do at best with the same rows in the same table: nothing is read, compared or written down besides them.
import { performance } from 'node:perf_hooks';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { serveHelper } from '../helper.mjs';
import { openMessages, openSaver } from './product.mjs';
import { COPY, entitiesOf, insertConversations, linesOf, unnestOf } from './rows.mjs';

/** As many as a worker's moves use. */
const MOST_CONNECTIONS = 4;

await serveHelper(async ({ databaseUrl, redisUrl, hasSearch, batch }) => {
  const messagesOf = await openMessages();
  const clients = await Promise.all(Array.from({ length: MOST_CONNECTIONS }, () => connect(databaseUrl)));
  const [client] = clients;
  if (!hasSearch) await client.query('DROP INDEX messages_search');
  const { save } = await openSaver({ databaseUrl, redisUrl });

  /** Each work is given batches, made before the time counts. */
  const works = {
    copy: async (batches) => {
      const chunks = batches.map(({ id, messages }) => linesOf(id, messages));
      return () => pipeline(Readable.from(chunks), client.query(copyFrom(COPY)));
    },
    unnest: async (batches) => {
      const statements = batches.map(({ id, messages }) => unnestOf(id, messages));
      return async () => {
        for (const statement of statements) await client.query(statement);
      };
    },
    unnestTogether: async (batches) => {
      const statements = batches.map(({ id, messages }) => unnestOf(id, messages));
      return () => Promise.all(clients.map(async (one) => {
        while (statements.length > 0) await one.query(statements.shift());
      }));
    },
    save: async (batches) => async () => {
      for (const { id, messages } of batches) await save(entitiesOf(id, messages));
    },
  };

  const answer = async ({ measure, conversations, messages }) => {
    const ids = await insertConversations(client, conversations);
    const batches = ids.flatMap((id) => slices(messagesOf(messages), batch).map((slice) => ({ id, messages: slice })));
    const work = await works[measure](batches);
    const startedAt = performance.now();
    await work();
    return { perSecond: (conversations * messages * 1_000) / (performance.now() - startedAt) };
  };
  return { answer };
});

async function connect(connectionString) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return client;
}

function slices(all, size) {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}
