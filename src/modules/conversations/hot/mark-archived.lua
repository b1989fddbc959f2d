-- Records that messages up to a seq are in PostgreSQL, verified, and says when to look at the conversation next.
-- KEYS: header, due    ARGV: conversationId, archived up to, release at (ms), look again at (ms)
-- Returns the number of messages not archived yet, or -1 if the conversation is not hot
local at = redis.call('HMGET', KEYS[1], 'seq', 'archivedSeq', 'status')
if not at[1] then
  redis.call('ZREM', KEYS[2], ARGV[1])
  return -1
end
local seq, archived = tonumber(at[1]), math.max(tonumber(at[2]), tonumber(ARGV[2]))
redis.call('HSET', KEYS[1], 'archivedSeq', archived)
if archived < seq then
  redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
elseif at[3] == 'active' then
  redis.call('ZREM', KEYS[2], ARGV[1])
elseif at[3] == 'completed' then
  redis.call('HSET', KEYS[1], 'status', 'transferred')
  redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
else
  -- Marked before: its release time stands.
  redis.call('ZADD', KEYS[2], 'NX', ARGV[3], ARGV[1])
end
return seq - archived
