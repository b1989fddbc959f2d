import pg from 'pg';
import { Redis } from 'ioredis';
import { onExit } from '../../scripts/command.mjs';
import { prepareDatabase } from './product.mjs';

/**
 * Databases of a PostgreSQL server, each made when it is first asked for.
 *
 * @param {string} url of a database on it whose role may make others
 */
export async function createDatabases(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  onExit(() => client.end());
  const made = new Map();
  const create = async (name) => {
    const own = new URL(url);
    own.pathname = `/bench_${name.toLowerCase()}`;
    await client.query(`CREATE DATABASE ${own.pathname.slice(1)}`);
    if (name.startsWith('ours')) await prepareDatabase(own.href);
    return own.href;
  };
  const versions = async (redisUrl) => {
    const redis = new Redis(redisUrl);
    const [, redisVersion] = /redis_version:(\S+)/.exec(await redis.info('server')) ?? [];
    redis.disconnect();
    return { postgres: (await client.query('SHOW server_version')).rows[0].server_version, redis: redisVersion };
  };
  /** @param {string} name given to `create` before */
  const relations = async (name) => relationsOf(await made.get(name));
  return { create: (name) => made.get(name) ?? made.set(name, create(name)).get(name), relations, versions };
}

const RELATIONS = `
  SELECT c.relname AS name, pg_total_relation_size(c.oid)::int AS total, pg_relation_size(c.oid)::int AS heap,
    (pg_table_size(c.oid) - pg_relation_size(c.oid) - COALESCE(pg_total_relation_size(NULLIF(c.reltoastrelid, 0)), 0))::int AS maps,
    COALESCE(pg_total_relation_size(NULLIF(c.reltoastrelid, 0)), 0)::int AS toast,
    (SELECT COALESCE(json_object_agg(i.indexrelid::regclass::text, pg_total_relation_size(i.indexrelid)), '{}') FROM pg_index i WHERE i.indrelid = c.oid) AS indexes
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND n.nspname = 'public'`;

/** Bytes of each table of a database, as it is: nothing is vacuumed before. @returns {Promise<Record<string, Relation>>} by name */
async function relationsOf(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(RELATIONS);
  await client.end();
  return Object.fromEntries(rows.map(({ name, ...sizes }) => [name, sizes]));
}
