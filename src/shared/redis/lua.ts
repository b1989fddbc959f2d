import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Redis } from 'ioredis';

type Argument = string | number;
/** A Lua script as a function of its keys and arguments. It runs by digest and is sent whole only to a server that lacks it. */
export type LuaScript = (keys: readonly string[], args: readonly Argument[]) => Promise<unknown>;

/**
 * Makes the Lua file beside a module callable.
 *
 * @param moduleUrl `import.meta.url` of the caller
 * @param file      file name of the script, in the caller's folder
 */
export function luaScript(redis: Redis, moduleUrl: string, file: string): LuaScript {
  const name = `nooble_${file.replace(/\W/g, '_')}`;
  redis.defineCommand(name, { lua: readFileSync(fileURLToPath(new URL(file, moduleUrl)), 'utf8') });
  const command = Reflect.get(redis, name) as (count: number, ...rest: readonly Argument[]) => Promise<unknown>;
  return (keys, args) => command.call(redis, keys.length, ...keys, ...args);
}
