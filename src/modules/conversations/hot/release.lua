#!lua flags=allow-oom
-- Takes a conversation out of Redis, if it is closed, whole in PostgreSQL and past its release time.
-- KEYS: header, messages, ids, hot, active, due, unarchived, session, left    ARGV: conversationId, agentId, now (ms), 1 if it goes whatever its state
-- Returns 1 if it was released
local at = redis.call('HMGET', KEYS[1], 'seq', 'archivedSeq', 'status', 'changes', 'archivedRevision')
if ARGV[4] ~= '1' then
  if (at[3] ~= 'transferred' and at[3] ~= 'archived') or at[1] ~= at[2] or at[4] + at[1] ~= tonumber(at[5]) then return 0 end
  local releaseAt = redis.call('ZSCORE', KEYS[6], ARGV[1])
  if releaseAt and tonumber(releaseAt) > tonumber(ARGV[3]) then return 0 end
end
-- First, so that it leaves a full memory, too: a script that has begun to write goes on.
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
-- Longer than anybody takes between reading PostgreSQL and bringing it back.
redis.call('SET', KEYS[9], ARGV[3], 'EX', 3600)
for i = 4, 7 do redis.call('ZREM', KEYS[i], ARGV[1]) end
for _, field in ipairs({ ARGV[2], '~' .. ARGV[2] }) do
  if redis.call('HGET', KEYS[8], field) == ARGV[1] then redis.call('HDEL', KEYS[8], field) end
end
return 1
