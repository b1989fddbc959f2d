export { keys } from './keys.js';
export { luaScript } from './lua.js';
export type { LuaScript } from './lua.js';
export { RedisModule } from './redis.module.js';
export { inspectRedis } from './redis-preflight.js';
export { REDIS, connectRedis, duplicateForWaiting, endingWhole, sendingTogether } from './connect-redis.js';
export type { Redis } from 'ioredis';
