import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Redis } from 'ioredis';
import { AppError } from '../errors/index.js';

type Argument = string | number;
/** A Lua script as a function of its keys and arguments. It runs by digest and is sent whole only to a server that lacks it. */
export type LuaScript = (keys: readonly string[], args: readonly Argument[]) => Promise<unknown>;

/**
 * Makes the Lua file beside a module callable.
 *
 * @param file where the script is: `import.meta.url` of the caller and a file name in its folder; and how many keys it takes, which
 *   ioredis has to know to see the first of them: on a cluster it groups the commands of a tick by that
 */
export function luaScript(redis: Redis, { moduleUrl, file, keyCount }: { readonly moduleUrl: string; readonly file: string; readonly keyCount: number }): LuaScript {
  const name = `nooble_${file.replace(/\W/g, '_')}`;
  redis.defineCommand(name, { lua: readFileSync(fileURLToPath(new URL(file, moduleUrl)), 'utf8'), numberOfKeys: keyCount });
  const command = Reflect.get(redis, name) as (...all: readonly Argument[]) => Promise<unknown>;
  return (keys, args) => {
    // Otherwise a key would be taken for an argument, or the other way round.
    if (keys.length !== keyCount) throw new AppError({ kind: 'internal', code: 'SCRIPT_KEYS', message: `${file} takes ${String(keyCount)} keys, not ${String(keys.length)}.` });
    return command.call(redis, ...keys, ...args);
  };
}
