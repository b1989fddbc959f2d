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
  const lua = readFileSync(fileURLToPath(new URL(file, moduleUrl)), 'utf8');
  // On a cluster ioredis groups the commands of a tick by their first argument: that has to be a key, and not how many there are.
  const defined = new Map<number, (...all: readonly Argument[]) => Promise<unknown>>();
  const commandOf = (count: number): ((...all: readonly Argument[]) => Promise<unknown>) => {
    const known = defined.get(count);
    if (known) return known;
    redis.defineCommand(`${name}_${String(count)}`, { lua, numberOfKeys: count });
    const command = Reflect.get(redis, `${name}_${String(count)}`) as (...all: readonly Argument[]) => Promise<unknown>;
    defined.set(count, command);
    return command;
  };
  return (keys, args) => commandOf(keys.length).call(redis, ...keys, ...args);
}
