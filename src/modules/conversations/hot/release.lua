-- Takes a conversation out of Redis, if it is closed, whole in PostgreSQL and past its release time.
-- KEYS: header, messages, ids, hot, due    ARGV: conversationId, now (ms)
-- Returns 1 if it was released
local at = redis.call('HMGET', KEYS[1], 'seq', 'archivedSeq', 'status')
if at[3] ~= 'transferred' or at[1] ~= at[2] then return 0 end
local releaseAt = redis.call('ZSCORE', KEYS[5], ARGV[1])
if releaseAt and tonumber(releaseAt) > tonumber(ARGV[2]) then return 0 end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
redis.call('ZREM', KEYS[4], ARGV[1])
redis.call('ZREM', KEYS[5], ARGV[1])
return 1
